# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Evaluate the parts of a TensorFlow graph that do not depend on the image."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ConversionError
from ...text import printable
from .tensorflow_graph import FrozenGraph, GraphNode

Array = NDArray[Any]


def evaluate(graph: FrozenGraph, node: GraphNode, inputs: Sequence[Array]) -> Array:
    """Compute one node from the values of its inputs.

    Args:
        graph: The graph of the node.
        node: The node.
        inputs: Values of ``node.inputs``, in the same order.

    Raises:
        ConversionError: The operator cannot be evaluated, its inputs do not fit, or the result
            would exceed the limit for all constants of the graph.
    """
    operator = _OPERATORS.get(node.op)
    if operator is None:
        msg = f'{graph.path}: node {node.name}: cannot evaluate the operator {node.op}'
        raise ConversionError(printable(msg))
    try:
        with np.errstate(all='ignore'):
            return operator(graph, node, *inputs)
    except (ValueError, IndexError, TypeError, OverflowError, ZeroDivisionError) as err:
        msg = f'{graph.path}: node {node.name} ({node.op}): its inputs do not fit: {err}'
        raise ConversionError(printable(msg)) from err


def _const(graph: FrozenGraph, node: GraphNode) -> Array:
    return graph.constant(node)


def _elementwise(function: Callable[..., Array]) -> Callable[..., Array]:
    def operator(graph: FrozenGraph, node: GraphNode, *inputs: Array) -> Array:
        shape = np.broadcast_shapes(*(value.shape for value in inputs))
        graph.reserve(node, shape, inputs[0].dtype)
        return np.asarray(function(*inputs), inputs[0].dtype)

    return operator


def _reshape(graph: FrozenGraph, node: GraphNode, value: Array, shape: Array) -> Array:
    return value.reshape([int(size) for size in shape])


def _expand_dims(graph: FrozenGraph, node: GraphNode, value: Array, axis: Array) -> Array:
    return np.expand_dims(value, int(axis.item()))


def _slice(graph: FrozenGraph, node: GraphNode, value: Array, begin: Array, size: Array) -> Array:
    pairs = zip(begin.tolist(), size.tolist(), strict=True)
    return value[tuple(slice(b, None if s < 0 else b + s) for b, s in pairs)]


def _strided_slice(
    graph: FrozenGraph, node: GraphNode, value: Array, begin: Array, end: Array, step: Array
) -> Array:
    if node.integer('ellipsis_mask') or node.integer('new_axis_mask'):
        msg = f'{graph.path}: node {node.name}: cannot evaluate StridedSlice with new axes'
        raise ConversionError(printable(msg))
    begins, ends, shrinks = (
        node.integer(f'{name}_mask') for name in ('begin', 'end', 'shrink_axis')
    )
    index: list[int | slice] = []
    triples = zip(begin.tolist(), end.tolist(), step.tolist(), strict=True)
    for axis, (first, last, stride) in enumerate(triples):
        bit = 1 << axis
        if shrinks & bit:
            index.append(first)
        else:
            index.append(
                slice(None if begins & bit else first, None if ends & bit else last, stride)
            )
    return np.asarray(value[tuple(index)])


def _concat(graph: FrozenGraph, node: GraphNode, *inputs: Array) -> Array:
    *parts, axis = inputs
    graph.reserve(node, [sum(part.size for part in parts)], parts[0].dtype)
    return np.concatenate(parts, int(axis.item()))


def _pack(graph: FrozenGraph, node: GraphNode, *inputs: Array) -> Array:
    graph.reserve(node, [sum(part.size for part in inputs)], inputs[0].dtype)
    return np.stack(inputs, node.integer('axis'))


def _tile(graph: FrozenGraph, node: GraphNode, value: Array, multiples: Array) -> Array:
    counts = [int(count) for count in multiples]
    graph.reserve(node, [value.size, *counts], value.dtype)
    return np.tile(value, counts)


def _fill(graph: FrozenGraph, node: GraphNode, shape: Array, value: Array) -> Array:
    sizes = [int(size) for size in shape]
    graph.reserve(node, sizes, value.dtype)
    return np.full(sizes, value.item(), value.dtype)


def _range(graph: FrozenGraph, node: GraphNode, start: Array, stop: Array, step: Array) -> Array:
    count = math.ceil((stop.item() - start.item()) / step.item())
    graph.reserve(node, [max(count, 0)], start.dtype)
    return np.asarray(np.arange(start.item(), stop.item(), step.item()), start.dtype)


def _cast(graph: FrozenGraph, node: GraphNode, value: Array) -> Array:
    dtype = node.dtype('DstT')
    graph.reserve(node, value.shape, dtype)
    return value.astype(dtype)


_OPERATORS: dict[str, Callable[..., Array]] = {
    'Const': _const,
    'Add': _elementwise(np.add),
    'AddV2': _elementwise(np.add),
    'Sub': _elementwise(np.subtract),
    'Mul': _elementwise(np.multiply),
    'RealDiv': _elementwise(np.divide),
    'Minimum': _elementwise(np.minimum),
    'Maximum': _elementwise(np.maximum),
    'Sqrt': _elementwise(np.sqrt),
    'Rsqrt': _elementwise(lambda value: 1 / np.sqrt(value)),
    'Reshape': _reshape,
    'ExpandDims': _expand_dims,
    'Slice': _slice,
    'StridedSlice': _strided_slice,
    'ConcatV2': _concat,
    'Pack': _pack,
    'Tile': _tile,
    'Fill': _fill,
    'Range': _range,
    'Cast': _cast,
}
