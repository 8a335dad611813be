# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Convert an ONNX network to half precision, for a TensorRT that takes types from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import BuildError
from ..text import one_line
from .onnx_edit import GraphTypes, captured_names, fold_constants, infer_types

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

HEAVY = frozenset({'Conv', 'ConvTranspose', 'Gemm', 'MatMul', 'Einsum', 'LSTM', 'GRU', 'RNN'})
"""Operators that profit from half precision: they take nearly all of a network's time."""

_OUT_OF_RANGE = ('Exp', 'Log', 'Pow', 'Sqrt', 'Reciprocal', 'Softplus', 'CumSum', 'ReduceProd')
_SQUARING = ('ReduceL2', 'ReduceSum', 'ReduceSumSquare', 'ReduceLogSum', 'ReduceLogSumExp')
_NORMALISING = (
    'LayerNormalization',
    'InstanceNormalization',
    'GroupNormalization',
    'MeanVarianceNormalization',
    'LpNormalization',
)
# Between 512 and 1024 pixels, float16 has a resolution of 0.5.
_COORDINATES = ('NonMaxSuppression', 'RoiAlign', 'MaxRoiPool', 'GridSample', 'Range', 'Upsample')
# Their attributes or inputs set the type of the output.
_TYPED = ('QuantizeLinear', 'DequantizeLinear', 'DynamicQuantizeLinear', 'EyeLike', 'Bernoulli')
_RANDOM = (
    'RandomNormal',
    'RandomNormalLike',
    'RandomUniform',
    'RandomUniformLike',
    'Multinomial',
)
_FLOAT32 = frozenset((*_OUT_OF_RANGE, *_SQUARING, *_NORMALISING, *_COORDINATES, *_TYPED, *_RANDOM))
_FLOAT32_INPUTS = {'Resize': (1, 2)}
_HALF_MAX = float(np.finfo(np.float16).max)


def to_half(model: ModelProto) -> ModelProto:
    """Convert a float32 network to half precision, except for parts that need float32.

    Inputs and outputs keep their types. These operators stay in float32: those with results that
    may exceed the range of float16, or that are coordinates; all after the last convolution or
    matrix product on the way to an output (such as box decoding and softmax, which are fast and
    need the precision); and those with a constant that exceeds the range of float16. Between two
    operators in float32, values are never converted to float16.

    Args:
        model: The network; it is not changed.

    Returns:
        A new network.

    Raises:
        BuildError: The types of its tensors cannot be inferred.
    """
    from onnx import TensorProto, helper

    result = type(model)()
    result.CopyFrom(model)
    fold_constants(result)
    types = infer_types(result)
    graph = result.graph
    keep = _float32_nodes(graph.node, types)
    halves: dict[str, str] = {}
    floats: dict[str, str] = {}
    made_half: set[str] = set()
    nodes: list[NodeProto] = []

    def as_half(name: str, *, saturate: bool) -> str:
        if name in made_half or types.of(name) != TensorProto.FLOAT:
            return name
        if name not in halves:
            halves[name] = types.new_name(f'{name}_half')
            if name in types.constants:
                value = _rounded(types.constants[name], saturate=saturate)
                types.add_constant(halves[name], value)
            else:
                nodes.append(
                    helper.make_node('Cast', [name], [halves[name]], to=TensorProto.FLOAT16)
                )
        return halves[name]

    def as_float(name: str) -> str:
        if name not in made_half:
            return name
        if name not in floats:
            floats[name] = types.new_name(f'{name}_float')
            nodes.append(helper.make_node('Cast', [name], [floats[name]], to=TensorProto.FLOAT))
        return floats[name]

    # Bodies of control flow use tensors of this graph without listing them as inputs.
    fixed_names = {value.name for value in graph.output} | captured_names(graph)
    for index, node in enumerate(list(graph.node)):
        stays = index in keep
        fixed = _FLOAT32_INPUTS.get(node.op_type, ())
        for slot, name in enumerate(node.input):
            if not name:
                continue
            if stays or slot in fixed:
                node.input[slot] = as_float(name)
            else:
                node.input[slot] = as_half(name, saturate=node.op_type == 'Clip')
        nodes.append(node)
        if stays:
            continue
        _retype(node)
        for slot, name in enumerate(node.output):
            if not name or types.of(name) != TensorProto.FLOAT:
                continue
            if name in fixed_names:
                inner = types.new_name(f'{name}_half')
                node.output[slot] = inner
                nodes.append(helper.make_node('Cast', [inner], [name], to=TensorProto.FLOAT))
                halves[name] = inner
                made_half.add(inner)
            else:
                made_half.add(name)
    del graph.node[:]
    graph.node.extend(nodes)
    types.finish(graph)
    return _checked(result)


def _float32_nodes(nodes: Iterable[NodeProto], types: GraphTypes) -> set[int]:
    """Return the indices of the nodes that stay in float32."""
    from onnx import AttributeProto

    listed = list(nodes)
    keep = _shape_nodes(listed, types)
    feeds_heavy: set[str] = set()
    for index in reversed(range(len(listed))):
        node = listed[index]
        heavy = node.op_type in HEAVY
        if heavy or any(name in feeds_heavy for name in node.output):
            feeds_heavy.update(node.input)
        # The resize of scores to the image's size is bound by memory: float16 takes half the time.
        elif node.op_type != 'Resize':
            keep.add(index)
        scoped = any(
            a.type in (AttributeProto.GRAPH, AttributeProto.GRAPHS) for a in node.attribute
        )
        foreign = node.domain not in ('', 'ai.onnx')
        # A bound of Clip may exceed the range of float16: it is replaced by the range's limit.
        unfit = node.op_type != 'Clip' and any(
            _beyond_half(types.constants[name]) for name in node.input if name in types.constants
        )
        if node.op_type in _FLOAT32 or scoped or foreign or unfit:
            keep.add(index)
    return keep


def _shape_nodes(nodes: list[NodeProto], types: GraphTypes) -> set[int]:
    """Return the nodes that compute sizes only: float16 has no odd integers above 2048."""
    sizes = set(types.constants)
    found: set[int] = set()
    for index, node in enumerate(nodes):
        if node.op_type in ('Shape', 'Size') or all(n in sizes for n in node.input if n):
            sizes.update(node.output)
            found.add(index)
    return found


def _beyond_half(value: NDArray[np.generic]) -> bool:
    """Return whether a value overflows in float16, or a scalar becomes zero."""
    if value.dtype != np.float32:
        return False
    finite = np.abs(value[np.isfinite(value)])
    if finite.size and float(finite.max()) > _HALF_MAX:
        return True
    return finite.size == 1 and value.size == 1 and finite[0] != 0 and np.float16(finite[0]) == 0


def _rounded(value: NDArray[np.generic], *, saturate: bool) -> NDArray[np.float16]:
    with np.errstate(over='ignore'):
        if saturate:
            value = np.clip(value, -_HALF_MAX, _HALF_MAX)
        return value.astype(np.float16)


def _retype(node: NodeProto) -> None:
    """Change a node with its output's type in an attribute to float16."""
    from onnx import TensorProto, numpy_helper

    for attribute in node.attribute:
        if node.op_type == 'Cast' and attribute.name == 'to' and attribute.i == TensorProto.FLOAT:
            attribute.i = TensorProto.FLOAT16
        if attribute.name == 'value' and attribute.t.data_type == TensorProto.FLOAT:
            value = numpy_helper.to_array(attribute.t).astype(np.float16)
            attribute.t.CopyFrom(numpy_helper.from_array(value, attribute.t.name))
    if node.op_type == 'ConstantOfShape' and not node.attribute:
        from onnx import helper

        zero = numpy_helper.from_array(np.zeros(1, np.float16), 'value')
        node.attribute.append(helper.make_attribute('value', zero))


def _checked(model: ModelProto) -> ModelProto:
    from onnx import shape_inference

    try:
        shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    except Exception as err:
        msg = f'cannot convert the network to half precision: {one_line(err)}; to fix: use fp32'
        raise BuildError(msg) from err
    return model
