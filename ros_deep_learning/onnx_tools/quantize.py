# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Quantise a float network to int8 with calibration frames and ONNX Runtime."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import BuildError, SettingsError
from ..files import move_whole, scratch_folder
from ..progress import Progress, silent
from ..text import disk_cause, one_line
from .external_data import load_with_weights
from .facts import read_facts
from .mixed import Goal, keep_answers, quantised_layers, with_float
from .onnxruntime_import import import_onnxruntime

if TYPE_CHECKING:
    from onnx import ModelProto

Method = Literal['entropy', 'minmax']
_MADE, _PREPARED, _TRIED = 'made.onnx', 'prepared.onnx', 'tried.onnx'
_OPSET = 13
NO_METADATA: Mapping[str, str] = MappingProxyType({})
Feed = Mapping[str, NDArray[Any]]
OPERATORS = ('Conv', 'Gemm', 'MatMul')
"""Operators with quantised weights and inputs, as TensorRT's developer guide recommends. Their
outputs are not quantised, so that the next activation is fused before the rounding. ConvTranspose
stays float: TensorRT has no scale per output channel for it
(github.com/NVIDIA/TensorRT/issues/2380), and a network with them did not build with 8.6.0."""
_JUDGED = 16


@dataclass(frozen=True, slots=True)
class Quantised:
    """Result of a quantisation.

    Attributes:
        int8: Number of layers in int8.
        floats: Names of the layers that were kept in float to reach the goal, the worst first.
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
    metadata: Mapping[str, str] = NO_METADATA,
    progress: Progress = silent,
) -> Quantised:
    """Write an int8 network in TensorRT's form: Q/DQ pairs, symmetric, one scale per channel.

    Args:
        onnx_path: The float32 network.
        output: File to write; an existing file is replaced only when the new one is complete.
        feeds: Calibration frames, one set of inputs per run; 100 to 500 are usual.
        method: How to choose the range of a tensor: ``entropy`` cuts off rare large values,
            ``minmax`` keeps all.
        goal: Agreement with the float network to reach on the ``judged`` frames; the layers with
            the largest errors in int8 stay float until it is reached. None = all are int8.
        metadata: Added to the metadata of the float network, which are kept.
        progress: Called with the share of finished frames; an exception from it ends the work.

    Raises:
        SettingsError: There are no frames, or no such method.
        OnnxError: The network cannot be read.
        BuildError: The network is not float32, ONNX Runtime cannot quantise it, the goal is not
            reached with any layer in int8, or the file cannot be written.
    """
    if method not in get_args(Method):
        msg = f'method: expected one of {", ".join(get_args(Method))}, got {method!r}'
        raise SettingsError(msg)
    if not feeds:
        msg = 'there are no calibration frames'
        raise SettingsError(msg)
    facts = read_facts(onnx_path)
    kind = facts.precision
    if kind != 'fp32':
        msg = f'{onnx_path} is a network in {kind}; only float32 networks can be quantised'
        raise BuildError(msg)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(output.parent, '.quantize-') as folder:
            made = _made(onnx_path, folder, feeds, method, goal, progress)
            _set_metadata(folder / _MADE, {**facts.metadata, **metadata})
            move_whole(folder / _MADE, output)
    except OSError as err:
        msg = f'cannot write {output}: {disk_cause(err)}'
        raise BuildError(msg) from err
    return made


def _made(
    onnx_path: Path,
    folder: Path,
    feeds: Sequence[Feed],
    method: Method,
    goal: Goal | None,
    progress: Progress,
) -> Quantised:
    progress('preparing the network', None)
    reader = _Reader(feeds, progress)
    try:
        # ONNX Runtime prints its progress.
        with contextlib.redirect_stdout(io.StringIO()):
            _calibrate(onnx_path, folder, reader, method)
    except OSError:
        raise
    except Exception as err:
        if reader.cancelled is err:
            raise
        msg = f'ONNX Runtime cannot quantise {onnx_path}: {one_line(err)}'
        raise BuildError(msg) from err
    return _settle(folder, feeds, goal, progress)


def _set_metadata(path: Path, metadata: Mapping[str, str]) -> None:
    import onnx

    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, dict(metadata))
    onnx.save(model, str(path))


def judged(count: int) -> list[int]:
    """Return the indices of the evaluation frames: at most 16, evenly spaced, ascending."""
    return [int(i) for i in np.linspace(0, count - 1, min(count, _JUDGED)).round()]


def _settle(
    folder: Path, feeds: Sequence[Feed], goal: Goal | None, progress: Progress
) -> Quantised:
    """Restore all layers to float except products, and of these as many as the goal needs."""
    import onnx

    original = onnx.load(str(folder / _PREPARED))
    # ONNX Runtime also gives the quantised tensors to other users, such as sums and gates.
    others = {node.name for node in original.graph.node if node.op_type not in OPERATORS}
    made = onnx.load(str(folder / _MADE))
    _restore_beta(made, original)
    model = with_float(made, original, others)
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


def _restore_beta(made: ModelProto, original: ModelProto) -> None:
    """Restore the factor of biases, which ONNX Runtime sets to 1 as if it quantised them."""
    givens = {node.name: node.attribute for node in original.graph.node if node.op_type == 'Gemm'}
    for node in made.graph.node:
        if node.name in givens:
            del node.attribute[:]
            node.attribute.extend(givens[node.name])


def _calibrate(onnx_path: Path, folder: Path, reader: _Reader, method: Method) -> None:
    quantization = import_onnxruntime('quantization')
    shape_inference = import_onnxruntime('quantization.shape_inference')
    prepared = str(folder / _PREPARED)
    # Symbolic shapes need SymPy, and are not necessary for our networks.
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
            # Keeps the values of one frame in memory at a time, instead of all.
            'CalibStridedMinMax': 1,
        },
    )


def _name_nodes(path: str) -> None:
    """Assign every node a unique name, to find it in the quantised network."""
    import onnx

    model = onnx.load(path)
    taken: set[str] = set()
    for index, node in enumerate(model.graph.node):
        if not node.name or node.name in taken:
            node.name = f'{node.op_type}_{node.output[0]}_{index}'
        taken.add(node.name)
    onnx.save(model, path)


def _by_channel(onnx_path: Path, folder: Path) -> str:
    """Return one file of the network with opset 13 or newer, the first with an axis in Q/DQ."""
    import onnx
    from onnx import version_converter

    facts = read_facts(onnx_path)
    if facts.opset >= _OPSET and not facts.external_files:
        return str(onnx_path)
    # ONNX Runtime's preparation does not find weights in files beside the network.
    model = load_with_weights(onnx_path)
    if facts.opset < _OPSET:
        model = version_converter.convert_version(model, _OPSET)
    path = folder / 'newer.onnx'
    onnx.save(model, str(path))
    return str(path)


class _Reader:
    """Implement ONNX Runtime's CalibrationDataReader for frames in memory."""

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
    """Run a network on the CPU without the int8 kernels of ONNX Runtime.

    On CPUs without VNNI some of these kernels saturate intermediate results, unlike a GPU.
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
