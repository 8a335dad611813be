# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A Q/DQ network from a float one and frames that it may see, with ONNX Runtime."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ...errors import BuildError, SettingsError
from ...progress import Progress, silent
from ..checks import one_line
from ..onnx_precision import graph_precision

Method = Literal['entropy', 'minmax']
_MADE = 'made.onnx'
_OPSET = 13
Feed = Mapping[str, NDArray[Any]]
OPERATORS = ('Conv', 'ConvTranspose', 'Gemm', 'MatMul')
"""What is quantised: weights and inputs of the products, as TensorRT's developer guide has it.
Their outputs are not, so that the activation behind one is fused before the next one rounds."""


def quantize(
    onnx_path: Path,
    output: Path,
    feeds: Sequence[Feed],
    *,
    method: Method = 'entropy',
    progress: Progress = silent,
) -> None:
    """Write an int8 network in TensorRT's form: Q/DQ pairs, symmetric, weights by channel.

    Args:
        onnx_path: The float32 network.
        output: Where to write; a file that is there is replaced, whole or not at all.
        feeds: Calibration frames, one set of inputs a run; 100 to 500 are usual.
        method: How the range of a tensor is found: ``entropy`` cuts off rare large values,
            ``minmax`` keeps all.
        progress: Told the share of frames that are done; an exception from it gives up.

    Raises:
        SettingsError: There are no frames, or no such method.
        BuildError: The network is no float32 network, or ONNX Runtime cannot quantise it.
    """
    if method not in get_args(Method):
        msg = f'no method {method!r}; it is one of {", ".join(get_args(Method))}'
        raise SettingsError(msg)
    if not feeds:
        msg = 'no frames to calibrate with'
        raise SettingsError(msg)
    kind = graph_precision(onnx_path)
    if kind != 'fp32':
        msg = f'{onnx_path} computes in {kind}; only a float32 network can be quantised'
        raise BuildError(msg)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix='.quantize-') as folder:
        progress('preparing the network', None)
        reader = _Reader(feeds, progress)
        try:
            # ONNX Runtime prints what it does; the progress says it.
            with contextlib.redirect_stdout(io.StringIO()):
                _calibrate(onnx_path, Path(folder), reader, method)
        except Exception as err:
            if reader.cancelled is err:
                raise
            msg = f'ONNX Runtime cannot quantise {onnx_path}: {one_line(err)}'
            raise BuildError(msg) from err
        (Path(folder) / _MADE).replace(output)


def _calibrate(onnx_path: Path, folder: Path, reader: _Reader, method: Method) -> None:
    from onnxruntime.quantization import (
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = str(folder / 'prepared.onnx')
    # Symbolic shapes would need SymPy, and the networks' shapes follow without them.
    quant_pre_process(_by_channel(onnx_path, folder), prepared, skip_symbolic_shape=True)
    quantize_static(
        prepared,
        str(folder / _MADE),
        reader,
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=list(OPERATORS),
        per_channel=True,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
        calibrate_method={
            'entropy': CalibrationMethod.Entropy,
            'minmax': CalibrationMethod.MinMax,
        }[method],
        extra_options={
            'ActivationSymmetric': True,
            'WeightSymmetric': True,
            'QuantizeBias': False,
            'OpTypesToExcludeOutputQuantization': list(OPERATORS),
            # One frame's values in memory at a time, instead of all.
            'CalibStridedMinMax': 1,
        },
    )


def _by_channel(onnx_path: Path, folder: Path) -> str:
    """Answer the network in a version of ONNX whose quantise nodes have an axis."""
    import onnx
    from onnx import version_converter

    model = onnx.load(str(onnx_path))
    if any(o.domain == '' and o.version >= _OPSET for o in model.opset_import):
        return str(onnx_path)
    path = folder / 'newer.onnx'
    onnx.save(version_converter.convert_version(model, _OPSET), str(path))
    return str(path)


class _Reader:
    """ONNX Runtime's CalibrationDataReader over frames in memory."""

    def __init__(self, feeds: Sequence[Feed], progress: Progress) -> None:
        self._feeds = feeds
        self._progress = progress
        self._next = 0
        self._end = len(feeds)
        self.cancelled: BaseException | None = None

    def __len__(self) -> int:
        return len(self._feeds)

    def set_range(self, start_index: int, end_index: int) -> None:
        self._next, self._end = start_index, end_index
        try:
            self._progress('calibrating', start_index / len(self._feeds))
        except BaseException as err:
            self.cancelled = err
            raise

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        if self._next >= self._end:
            return None
        feed = self._feeds[self._next]
        self._next += 1
        return {name: np.ascontiguousarray(array) for name, array in feed.items()}


def run_exactly(onnx_path: Path, feeds: Sequence[Feed]) -> list[dict[str, NDArray[Any]]]:
    """Run a network on the CPU as its graph is written.

    ONNX Runtime's int8 kernels are left out: on CPUs without VNNI some of them saturate in
    between, which a GPU does not.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        str(onnx_path), options, providers=['CPUExecutionProvider']
    )
    names = [node.name for node in session.get_outputs()]
    return [dict(zip(names, session.run(names, dict(feed)), strict=True)) for feed in feeds]
