# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Convert an explicitly quantised ONNX network to the form that every TensorRT supports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BuildError
from .onnx_edit import GraphTypes, captured_names, fold_constants
from .quantised_clip import rectify_clips

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

_INT8_MAX = 127.0
_PAIR = ('QuantizeLinear', 'DequantizeLinear')
_TYPE = 'output_dtype'
_DROPPED = (*_PAIR, 'Clip')
"""Operators that are removed if nothing uses their output."""
_REFUSED = frozenset(
    ['QLinearConv', 'QLinearMatMul', 'ConvInteger', 'MatMulInteger', 'DynamicQuantizeLinear']
)


@dataclass(frozen=True, slots=True)
class QdqChanges:
    """Changes to a quantised network, as counts.

    Attributes:
        activations: Scales with a zero point that were made symmetric.
        biases: Quantised biases that were converted to float32.
        weights: Stored int8 weights that were converted to float32 weights with a quantise node.
        transposed: Weights of transposed convolutions that were converted to float32.
        clips: Clips that were replaced by a ReLU, because the next range ends at their bound.
    """

    activations: int
    biases: int
    weights: int
    transposed: int
    clips: int

    @property
    def note(self) -> str | None:
        """Line for the log; None = nothing was changed."""
        parts = [
            f'{count} {what}'
            for count, what in (
                (self.activations, 'asymmetric scales made symmetric'),
                (self.biases, 'int32 biases made float32'),
                (self.weights, 'stored int8 weights quantised in the graph'),
                (self.transposed, 'transposed convolutions made float'),
                (self.clips, 'clips made ReLUs'),
            )
            if count
        ]
        return f'int8 form for TensorRT: {", ".join(parts)}' if parts else None


def fit_qdq(model: ModelProto) -> tuple[ModelProto, QdqChanges]:
    """Convert a Q/DQ network to TensorRT's form: symmetric int8, float32 biases and weights.

    TensorRT does not support zero points (its developer guide, "Working with Quantized Types"),
    needs biases in float32, and its parsers before 10 do not support stored int8 weights. A range
    ``scale * (low - zero)..scale * (high - zero)`` becomes the smallest symmetric range that
    contains it, which costs up to one bit of resolution if all values have one sign. TensorRT has
    no transposed convolutions with a scale per output channel
    (github.com/NVIDIA/TensorRT/issues/2380; a network with them did not build with 8.6.0), so
    these become float, with the rounded weights.

    Args:
        model: The network; it is not changed.

    Returns:
        A new network, and the changes.

    Raises:
        BuildError: The network has integer operators instead of Q/DQ pairs, types other than
            8-bit integers, or scales that are not constant or of blocks within a channel.
    """
    result = type(model)()
    result.CopyFrom(model)
    refused = sorted({node.op_type for node in result.graph.node} & _REFUSED)
    if refused:
        msg = (
            f'the network is quantised with {", ".join(refused)}, which TensorRT does not run; '
            'to fix: make it again with rdl quantize, which writes Q/DQ pairs'
        )
        raise BuildError(msg)
    fold_constants(result)
    types = GraphTypes(result)
    given, clips = rectify_clips(list(result.graph.node), types)
    fitter = _Fitter(types, given)
    nodes: list[NodeProto] = []
    for node in given:
        nodes += fitter.fit(node) if node.op_type in _PAIR else [node]
    for node in nodes:
        for slot, name in enumerate(node.input):
            node.input[slot] = fitter.renamed.get(name, name)
    # The quantise nodes of a transposed convolution's weights may be unused now.
    used = {name for node in nodes for name in node.input} | captured_names(result.graph)
    used.update(value.name for value in result.graph.output)
    del result.graph.node[:]
    result.graph.node.extend(
        node for node in nodes if used.intersection(node.output) or node.op_type not in _DROPPED
    )
    types.finish(result.graph)
    return result, QdqChanges(
        len(fitter.symmetric), fitter.biases, fitter.weights, fitter.transposed, clips
    )


class _Fitter:
    def __init__(self, types: GraphTypes, nodes: list[NodeProto]) -> None:
        self._types = types
        self._makers = {node.output[0]: node for node in nodes if node.op_type == _PAIR[0]}
        self._transposed = {n.input[1] for n in nodes if n.op_type == 'ConvTranspose'}
        # Zeros without a name, by the quantised tensor, of which pairs read one.
        self._zeros = {
            name: _default_zero(node)
            for name, node in self._makers.items()
            if len(node.input) < 3 or not node.input[2]
        }
        self._scales: dict[tuple[str, str, str], tuple[str, str]] = {}
        self.renamed: dict[str, str] = {}
        self.symmetric: set[tuple[str, str, str]] = set()
        self.biases = 0
        self.weights = 0
        self.transposed = 0

    def fit(self, node: NodeProto) -> list[NodeProto]:
        from onnx import helper

        if node.op_type == 'DequantizeLinear' and self._unfit_weights(node):
            return []
        name, scale_name = node.input[0], node.input[1]
        zero_name = node.input[2] if len(node.input) > 2 else ''
        stored = self._types.constants.get(name)
        if node.op_type == 'DequantizeLinear' and stored is not None:
            scale, zero = self._constants(node)
            value = _dequantised(stored, scale, zero, _axis(node))
            new = self._types.new_name(f'{name}_float')
            self._types.add_constant(new, value)
            if stored.dtype == np.int32:
                self.biases += 1
                self.renamed[node.output[0]] = new
                return []
            self.weights += 1
            scale_name, zero_name = self._fitted(node)
            inner = self._types.new_name(f'{name}_int8')
            axis: dict[str, Any] = {'axis': _axis(node)} if scale.ndim else {}
            pair = [new, scale_name, zero_name], [inner, scale_name, zero_name]
            return [
                helper.make_node('QuantizeLinear', pair[0], [inner], f'{inner}_q', **axis),
                helper.make_node(
                    'DequantizeLinear', pair[1], list(node.output), node.name, **axis
                ),
            ]
        before = self._saturated(node) if node.op_type == 'QuantizeLinear' else []
        scale_name, zero_name = self._fitted(node)
        del node.input[1:]
        node.input.extend([scale_name, zero_name])
        others = [one for one in node.attribute if one.name != _TYPE]
        del node.attribute[:]
        node.attribute.extend(others)
        return [*before, node]

    def _unfit_weights(self, node: NodeProto) -> bool:
        """Convert weights to float32 if TensorRT cannot use their scales; return whether done."""
        scale, zero = self._constants(node)
        if node.output[0] not in self._transposed or scale.size == 1:
            return False
        stored = self._types.constants.get(node.input[0])
        if stored is None:
            maker = self._makers.get(node.input[0])
            value = None if maker is None else self._types.constants.get(maker.input[0])
            if value is None:
                return False
            limits = np.iinfo(zero.dtype)
            shape = [1] * value.ndim
            shape[_axis(node)] = scale.size
            steps = np.rint(value / scale.reshape(shape)) + zero.reshape(shape)
            stored = np.clip(steps, limits.min, limits.max).astype(zero.dtype)
        new = self._types.new_name(f'{node.output[0]}_float')
        self._types.add_constant(new, _dequantised(stored, scale, zero, _axis(node)))
        self.renamed[node.output[0]] = new
        self.transposed += 1
        return True

    def _saturated(self, node: NodeProto) -> list[NodeProto]:
        """Return the nodes that replace the saturation of a one-sided range.

        Quantisers remove a ReLU before a range that starts at zero, because saturation has the
        same effect; with a symmetric range, negative values would pass.
        """
        from onnx import helper

        _, zero = self._constants(node)
        limits = np.iinfo(zero.dtype)
        operator = 'Relu' if np.all(zero == limits.min) else 'Min'
        if operator == 'Min' and not np.all(zero == limits.max):
            return []
        inputs = [node.input[0]]
        if operator == 'Min':
            inputs.append(self._types.new_name(f'{node.input[0]}_bound'))
            self._types.add_constant(inputs[1], np.zeros((), np.float32))
        node.input[0] = self._types.new_name(f'{node.input[0]}_bounded')
        return [helper.make_node(operator, inputs, [node.input[0]], f'{node.input[0]}_node')]

    def _fitted(self, node: NodeProto) -> tuple[str, str]:
        """Return the names of a symmetric scale and an int8 zero point for a node."""
        scale, zero = self._constants(node)
        key = node.input[1], node.input[2] if len(node.input) > 2 else '', zero.dtype.name
        if key in self._scales:
            return self._scales[key]
        symmetric = scale
        if zero.dtype != np.int8 or np.any(zero):
            limits = np.iinfo(zero.dtype)
            low = (limits.min - zero.astype(np.float64)) * scale
            high = (limits.max - zero.astype(np.float64)) * scale
            symmetric = (np.maximum(np.abs(low), np.abs(high)) / _INT8_MAX).astype(np.float32)
            self.symmetric.add(key)
        names = (
            self._types.new_name(f'{key[0]}_symmetric'),
            self._types.new_name(f'{key[0]}_zero'),
        )
        self._types.add_constant(names[0], symmetric)
        self._types.add_constant(names[1], np.zeros(scale.shape, np.int8))
        self._scales[key] = names
        return names

    def _constants(self, node: NodeProto) -> tuple[NDArray[Any], NDArray[Any]]:
        scale = self._types.constants.get(node.input[1])
        zero_name = node.input[2] if len(node.input) > 2 else ''
        quantised = node.output[0] if node.op_type == _PAIR[0] else node.input[0]
        zero = self._zeros.get(quantised, np.zeros((), np.uint8))
        if zero_name:
            found = self._types.constants.get(zero_name)
            if found is None:
                scale = None
            else:
                zero = found
        elif node.op_type == 'DequantizeLinear' and node.input[0] in self._types.constants:
            zero = np.zeros((), self._types.constants[node.input[0]].dtype)
        name = node.name or node.output[0]
        block = next((a.i for a in node.attribute if a.name == 'block_size'), 0)
        if block:
            msg = (
                f'node {name!r} ({node.op_type}) has a scale for each {block} values; expected '
                'one a tensor or channel; to fix: quantise it again with rdl quantize'
            )
            raise BuildError(msg)
        if scale is None:
            msg = f'node {name!r} ({node.op_type}): scale and zero point must be constants'
            raise BuildError(msg)
        if zero.dtype not in (np.int8, np.uint8, np.int32):
            msg = f'node {name!r} ({node.op_type}): {zero.dtype} is not 8-bit quantisation'
            raise BuildError(msg)
        return scale.astype(np.float32), zero


def _default_zero(quantize: NodeProto) -> NDArray[Any]:
    """Return the zero point of a QuantizeLinear that names none."""
    from onnx import helper

    # Since operator set 21; without it the type is uint8.
    kind = next((one.i for one in quantize.attribute if one.name == _TYPE), 0)
    return np.zeros((), helper.tensor_dtype_to_np_dtype(kind) if kind else np.uint8)


def _axis(node: NodeProto) -> int:
    return next((a.i for a in node.attribute if a.name == 'axis'), 1)


def _dequantised(
    stored: NDArray[Any], scale: NDArray[Any], zero: NDArray[Any], axis: int
) -> NDArray[np.float32]:
    """Return (stored - zero) * scale; scale has one element, or one per entry of the axis."""

    def spread(values: NDArray[Any]) -> NDArray[Any]:
        if values.ndim == 0 or values.size == 1:
            return values.reshape(())
        shape = [1] * stored.ndim
        shape[axis] = values.size
        return values.reshape(shape)

    centred = stored.astype(np.float64) - spread(zero).astype(np.float64)
    value: NDArray[np.float32] = (centred * spread(scale)).astype(np.float32)
    return value
