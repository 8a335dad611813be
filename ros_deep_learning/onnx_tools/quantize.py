# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A Q/DQ network from a float one and frames that it may see, with ONNX Runtime."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import BuildError, SettingsError
from ..files import move_whole
from ..progress import Progress, silent
from ..text import one_line
from .facts import read_facts
from .mixed import Goal, keep_answers, quantised_layers, with_float
from .onnxruntime_import import import_onnxruntime

Method = Literal['entropy', 'minmax']
_MADE, _PREPARED, _TRIED = 'made.onnx', 'prepared.onnx', 'tried.onnx'
_OPSET = 13
Feed = Mapping[str, NDArray[Any]]
OPERATORS = ('Conv', 'Gemm', 'MatMul')
"""What is quantised: weights and inputs of the products, as TensorRT's developer guide has it.
Their outputs are not, so that the activation behind one is fused before the next one rounds.
ConvTranspose stays float: TensorRT has no scales by output channel for it
(github.com/NVIDIA/TensorRT/issues/2380), and a network that had them did not build with 8.6.0."""
_JUDGED = 16


@dataclass(frozen=True, slots=True)
class Quantised:
    """What became of the layers.

    Attributes:
        int8: Layers in int8.
        floats: Names of the layers that stayed float to reach the goal, the worst first.
    """

    int8: int
    floats: tuple[str, ...]


def quantize(
    onnx_path: Path,
    output: Path,
    feeds: Sequence[Feed],
    *,
    method: Method = 'entropy',
    goal: Goal | None = None,
    progress: Progress = silent,
) -> Quantised:
    """Write an int8 network in TensorRT's form: Q/DQ pairs, symmetric, weights by channel.

    Args:
        onnx_path: The float32 network.
        output: Where to write; a file that is there is replaced, whole or not at all.
        feeds: Calibration frames, one set of inputs a run; 100 to 500 are usual.
        method: How the range of a tensor is found: ``entropy`` cuts off rare large values,
            ``minmax`` keeps all.
        goal: How far it must answer as the float network does, on the frames of ``judged``; the
            layers that int8 harms most stay float until it does. None = all become int8.
        progress: Told the share of frames that are done; an exception from it gives up.

    Raises:
        SettingsError: There are no frames, or no such method.
        BuildError: The network is no float32 network, ONNX Runtime cannot quantise it, or no
            layer can be int8 under the goal.
    """
    if method not in get_args(Method):
        msg = f'no method {method!r}; it is one of {", ".join(get_args(Method))}'
        raise SettingsError(msg)
    if not feeds:
        msg = 'no frames to calibrate with'
        raise SettingsError(msg)
    kind = read_facts(onnx_path).precision
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
        made = _settle(Path(folder), feeds, goal, progress)
        move_whole(Path(folder) / _MADE, output)
    return made


def judged(count: int) -> list[int]:
    """Choose the calibration frames by which the goal is judged: at most 16, evenly, rising."""
    return [int(i) for i in np.linspace(0, count - 1, min(count, _JUDGED)).round()]


def _settle(
    folder: Path, feeds: Sequence[Feed], goal: Goal | None, progress: Progress
) -> Quantised:
    """Leave int8 to the products, and of those to as many as reach the goal."""
    import onnx

    original = onnx.load(str(folder / _PREPARED))
    # ONNX Runtime hands the rounded tensors to everything that reads them, sums and gates too.
    others = {node.name for node in original.graph.node if node.op_type not in OPERATORS}
    model = with_float(onnx.load(str(folder / _MADE)), original, others)
    onnx.save(model, str(folder / _MADE))
    if goal is None:
        return Quantised(len(quantised_layers(model)), ())
    frames = [feeds[index] for index in judged(len(feeds))]

    def run(network: onnx.ModelProto) -> list[dict[str, NDArray[Any]]]:
        onnx.save(network, str(folder / _TRIED))
        return run_exactly(folder / _TRIED, frames)

    model, floats = keep_answers(model, original, run, goal, progress)
    onnx.save(model, str(folder / _MADE))
    return Quantised(len(quantised_layers(model)), floats)


def _calibrate(onnx_path: Path, folder: Path, reader: _Reader, method: Method) -> None:
    quantization = import_onnxruntime('quantization')
    shape_inference = import_onnxruntime('quantization.shape_inference')
    prepared = str(folder / _PREPARED)
    # Symbolic shapes would need SymPy, and the networks' shapes follow without them.
    shape_inference.quant_pre_process(
        _by_channel(onnx_path, folder), prepared, skip_symbolic_shape=True
    )
    _name_nodes(prepared)
    quantization.quantize_static(
        prepared,
        str(folder / _MADE),
        reader,
        quant_format=quantization.QuantFormat.QDQ,
        op_types_to_quantize=list(OPERATORS),
        per_channel=True,
        activation_type=quantization.QuantType.QInt8,
        weight_type=quantization.QuantType.QInt8,
        calibrate_method={
            'entropy': quantization.CalibrationMethod.Entropy,
            'minmax': quantization.CalibrationMethod.MinMax,
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


def _name_nodes(path: str) -> None:
    """Give every node a name of its own, by which it is found again in the quantised network."""
    import onnx

    model = onnx.load(path)
    taken: set[str] = set()
    for index, node in enumerate(model.graph.node):
        if not node.name or node.name in taken:
            node.name = f'{node.op_type}_{node.output[0]}_{index}'
        taken.add(node.name)
    onnx.save(model, path)


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
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        str(onnx_path), options, providers=['CPUExecutionProvider']
    )
    names = [node.name for node in session.get_outputs()]
    return [dict(zip(names, session.run(names, dict(feed)), strict=True)) for feed in feeds]
