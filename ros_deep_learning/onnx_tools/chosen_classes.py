# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Count the classes among which a graph chooses, where its outputs have class numbers only.

A detector that finishes its boxes itself gives a number for the class of each. How many classes
there are is in the operator that chooses: an ArgMax over their scores, a suppression that takes a
row of scores a class, or a remainder that splits the place of a score into box and class.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .load import import_onnx

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

_WEIGHTED = frozenset(('Conv', 'ConvTranspose', 'Gemm', 'MatMul'))
"""Operators behind which nothing is chosen among classes any more."""
_MOVES = frozenset(
    ('Identity', 'Cast', 'Reshape', 'Transpose', 'Squeeze', 'Unsqueeze', 'Concat', 'Floor')
)
_SIZE = ('Gather', 'Shape')
"""Operators by which PyTorch asks for the size of an axis."""
_LARGE = 1024
"""Elements of a tensor that is a weight; shapes and numbers are smaller."""
_MOST_STEPS = 32
_MALFORMED = (IndexError, TypeError, ValueError)
"""What an operator raises that lacks its inputs or attributes; runtimes refuse the network."""
_COUNTED = {'BatchedNMS_TRT': 'numClasses', 'BatchedNMSDynamic_TRT': 'numClasses'}
_COUNTED |= {'TRTBatchedNMS': 'num_classes'}


def chosen_classes(model: ModelProto, output: str) -> int | None:
    """Return among how many classes the numbers of an output are chosen.

    Args:
        model: The network; its weights are dropped from it.
        output: The output with the class numbers, alone or in a table.

    Returns:
        The number, or None where the graph does not tell.
    """
    try:
        return _chosen(_Graph.of(model), output)
    except _MALFORMED:
        return None


def softmax_classes(model: ModelProto) -> int | None:
    """Return over how many classes a graph's only softmax is; None where there are several."""
    nodes = [node for node in model.graph.node if node.op_type == 'Softmax']
    if len(nodes) != 1:
        return None
    try:
        return _Graph.of(model).size(nodes[0].input[0], _number(nodes[0], 'axis', -1))
    except _MALFORMED:
        return None


def _chosen(graph: _Graph, output: str) -> int | None:
    waiting, seen = deque([output]), {output}
    while waiting:
        name = waiting.popleft()
        node = graph.makers.get(name)
        if node is None:
            continue
        count = _count(node, name, graph)
        if count:
            return count
        if node.op_type in _WEIGHTED:
            continue
        new = [source for source in node.input if source and source not in seen]
        waiting += new
        seen.update(new)
    return None


@dataclass(frozen=True, slots=True)
class _Graph:
    """A graph's nodes by what they make, the shapes of its tensors, and its constants."""

    makers: Mapping[str, NodeProto]
    shapes: Mapping[str, tuple[int, ...]]
    constants: Mapping[str, TensorProto]

    @classmethod
    def of(cls, model: ModelProto) -> _Graph:
        onnx = import_onnx()
        graph = model.graph
        _drop_weights(model)
        try:
            known = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
        except Exception:  # noqa: BLE001  operators that it does not know, or shapes that differ
            known = graph
        shapes = {
            value.name: tuple(axis.dim_value for axis in value.type.tensor_type.shape.dim)
            for value in (*known.input, *known.value_info, *known.output)
        }
        constants = {tensor.name: tensor for tensor in graph.initializer}
        for node in graph.node:
            if node.op_type == 'Constant' and node.attribute[0].name == 'value':
                constants[node.output[0]] = node.attribute[0].t
        makers = {name: node for node in graph.node for name in node.output}
        return cls(makers, shapes, constants)

    def size(self, name: str, axis: int, steps: int = _MOST_STEPS) -> int | None:
        """Return the size of a tensor's axis, or None where it is not known."""
        shape = self.shapes.get(name, ())
        if not -len(shape) <= axis < len(shape) or not steps:
            return None
        axis %= len(shape)
        return shape[axis] or self._size_before(name, axis, steps - 1)

    def _size_before(self, name: str, axis: int, steps: int) -> int | None:
        """Return the size of an axis that a slice or choice leaves as it was.

        Inference of shapes gives up all axes where it does not know the end of one.
        """
        node = self.makers.get(name)
        if node is None or not node.input:
            return None
        source = node.input[0]
        rank = len(self.shapes.get(source, ()))
        if node.op_type == 'Slice' and len(node.input) > 3:
            cut = self.whole(node.input[3], steps)
            is_cut = cut is None or cut % max(rank, 1) == axis
            return None if is_cut else self.size(source, axis, steps)
        if node.op_type == 'Gather' and self.whole(node.input[1], steps) is not None:
            axis += axis >= _number(node, 'axis', 0) % max(rank, 1)
        elif node.op_type not in ('Sigmoid', 'Softmax', 'Cast'):
            return None
        return self.size(source, axis, steps)

    def whole(self, name: str, steps: int = _MOST_STEPS) -> int | None:
        """Return the whole number of a constant, or of an axis that is asked for, or None."""
        tensor = self.constants.get(name)
        if tensor is None:
            node = _moved(name, self)
            if node is None or not node.input:
                return None
            shape = self.makers.get(node.input[0])
            is_size = shape is not None and (node.op_type, shape.op_type) == _SIZE
            if shape is None or not is_size or not steps:
                return None
            axis = self.whole(node.input[1], steps - 1)
            return None if axis is None else self.size(shape.input[0], axis, steps - 1)
        array: np.ndarray[Any, Any] = import_onnx().numpy_helper.to_array(tensor)
        return int(array.item()) if array.size == 1 and array.dtype.kind in 'iu' else None


def _drop_weights(model: ModelProto) -> None:
    """Make large tensors inputs, so that inference of shapes does not copy them."""
    onnx = import_onnx()
    kept, inputs = [], {value.name for value in model.graph.input}
    for tensor in model.graph.initializer:
        if tensor.data_location != onnx.TensorProto.EXTERNAL and np.prod(tensor.dims) <= _LARGE:
            kept.append(tensor)
        elif tensor.name not in inputs:
            model.graph.input.append(
                onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            )
    if len(kept) < len(model.graph.initializer):
        del model.graph.initializer[:]
        model.graph.initializer.extend(kept)


def _count(node: NodeProto, name: str, graph: _Graph) -> int | None:
    """Return the number of classes that an operator chooses from, None if it does not choose."""
    kind, given = node.op_type, node.input
    if kind == 'Mod':
        return graph.whole(given[1])
    if kind == 'Mul':
        return _of_quotient(node, graph)
    if kind == 'ArgMax':
        return graph.size(given[0], _number(node, 'axis', 0))
    if kind == 'TopK':
        is_best = name == node.output[1] and graph.whole(given[1]) == 1
        return graph.size(given[0], _number(node, 'axis', -1)) if is_best else None
    if kind == 'NonMaxSuppression':
        count = graph.size(given[1], 1)
        # One row may be the best of all classes; a softmax may have a background.
        return count if count != 1 and not _is_softmax(given[1], graph) else None
    if kind == 'EfficientNMS_TRT':
        return graph.size(given[1], -1)
    return _number(node, _COUNTED[kind], 0) or None if kind in _COUNTED else None


def _of_quotient(node: NodeProto, graph: _Graph) -> int | None:
    """Return C of ``index // C * C``, which is subtracted from the index to get the class."""
    for number, other in (node.input, reversed(node.input)):
        count, source = graph.whole(number), _moved(other, graph)
        if count and source is not None and source.op_type == 'Div':
            return count if graph.whole(source.input[1]) == count else None
    return None


def _is_softmax(name: str, graph: _Graph) -> bool:
    node = _moved(name, graph)
    return node is not None and node.op_type == 'Softmax'


def _moved(name: str, graph: _Graph) -> NodeProto | None:
    """Return the operator that computed a tensor, behind those that only move it."""
    node = graph.makers.get(name)
    for _ in range(_MOST_STEPS):
        if node is None or node.op_type not in _MOVES or not node.input:
            break
        node = graph.makers.get(node.input[0])
    return node


def _number(node: NodeProto, key: str, usual: int) -> int:
    return next((int(one.i) for one in node.attribute if one.name == key), usual)
