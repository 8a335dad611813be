# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Convert the nodes of a UFF file back to those of the original TensorFlow graph."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ConversionError
from ...text import printable
from ..tensorflow.tensorflow_messages import new_graph
from .uff_messages import parse_uff

_CHANNELS_LAST = 'N+C'

# DataType of uff.proto, with the number of the type in tensorflow/core/framework/types.proto;
# float16 becomes float32.
_DTYPES: dict[int, tuple[np.dtype[Any], int]] = {
    65568: (np.dtype('<i4'), 3),
    65600: (np.dtype('<i8'), 9),
    131088: (np.dtype('<f2'), 1),
    131104: (np.dtype('<f4'), 1),
}
_TENSORFLOW_DTYPES: dict[int, np.dtype[Any]] = {
    1: np.dtype('<f4'),
    3: np.dtype('<i4'),
    9: np.dtype('<i8'),
}
_BINARY = {'add': 'Add', 'sub': 'Sub', 'mul': 'Mul', 'div': 'RealDiv', 'min': 'Minimum'}
_BINARY['max'] = 'Maximum'
_UNARY = {'sqrt': 'Sqrt', 'rsqrt': 'Rsqrt'}
_ACTIVATIONS = {'relu': 'Relu', 'relu6': 'Relu6', 'sigmoid': 'Sigmoid'}
_POOLS = {'max': 'MaxPool', 'avg': 'AvgPool'}


@dataclass(frozen=True, slots=True)
class UffNode:
    """One operation of a UFF file.

    Attributes:
        name: Name of the node.
        op: Operation, such as ``Conv``; operations of plugins begin with ``_``.
        inputs: Names of the input nodes.
        fields: Parameters, without those that are None.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    fields: dict[str, Any] = field(default_factory=dict)

    def value(self, key: str) -> Any:
        """Return a parameter: a number, a text, a list, or None if it is missing."""
        data = self.fields.get(key)
        if data is None:
            return None
        kind = data.WhichOneof('value')
        found = getattr(data, kind)
        return list(found.val) if kind.endswith('_list') else found

    def integers(self, key: str, count: int) -> list[int]:
        """Return a parameter that is a list of ``count`` whole numbers.

        Raises:
            ConversionError: The parameter is missing or something else.
        """
        found = self.value(key)
        if (
            not isinstance(found, list)
            or len(found) != count
            or not all(type(n) is int for n in found)
        ):
            where = f'node {self.name} ({self.op}): {key}'
            msg = f'{where}: expected {count} whole numbers, got {found!r}'
            raise ConversionError(printable(msg))
        return found


class UffGraph:
    """The nodes of a UFF file.

    Args:
        path: The file.

    Raises:
        ConversionError: The file cannot be read, is not a UFF file, or exceeds a limit.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        meta = parse_uff(path)
        self._referenced = {entry.key: entry.value for entry in meta.referenced_data}
        self.nodes: dict[str, UffNode] = {}
        for message in meta.graphs[0].nodes:
            fields = {e.key: e.value for e in message.fields if e.value.WhichOneof('value')}
            node = UffNode(message.id, message.operation, tuple(message.inputs), fields)
            if node.name in self.nodes:
                raise self.error(node, 'there are two nodes of this name')
            self.nodes[node.name] = node

    def error(self, node: UffNode, text: str) -> ConversionError:
        """Return an error about a node, for the caller to raise."""
        name, op = reprlib.repr(node.name), reprlib.repr(node.op)
        return ConversionError(printable(f'{self.path}: node {name} ({op}): {text}'))

    def only(self, op: str) -> UffNode:
        """Return the only node of an operation.

        Raises:
            ConversionError: There is no such node, or more than one.
        """
        found = [node for node in self.nodes.values() if node.op == op]
        if len(found) != 1:
            msg = f'{self.path}: expected one node {op}, got {len(found)}'
            raise ConversionError(msg)
        return found[0]

    def producer(self, name: str) -> UffNode:
        """Return the node that an input's name refers to, with or without an output index.

        Raises:
            ConversionError: There is no such node.
        """
        node = self.nodes.get(name) or self.nodes.get(name.rpartition(':')[0])
        if node is None:
            msg = f'{self.path}: there is no node {reprlib.repr(name)}'
            raise ConversionError(msg)
        return node

    def to_tensorflow(self) -> Any:
        """Convert the nodes to a Graph message of TensorFlow.

        Plugins and unknown operations keep their names; the converter refuses them later if an
        output needs them.

        Raises:
            ConversionError: A parameter or a constant is not valid for its operation.
        """
        graph = new_graph()
        for node in self.nodes.values():
            translate = _TRANSLATIONS.get(node.op)
            if translate is None:
                graph.node.add(name=node.name, op=node.op, input=node.inputs)
            else:
                try:
                    translate(self, graph, node)
                except ConversionError as err:
                    msg = f'{self.path}: {str(err).removeprefix(f"{self.path}: ")}'
                    raise ConversionError(msg) from err
        return graph

    def constant(self, node: UffNode) -> tuple[NDArray[Any], int]:
        """Return the value of a Const node, and TensorFlow's number of its type.

        Raises:
            ConversionError: The node is not a plain array of numbers, or its data do not fill its
                shape.
        """
        reference, number = node.value('values'), node.value('dtype')
        data = self._referenced.get(reference) if isinstance(reference, str) else None
        shape = node.value('shape') or []
        if data is None or data.WhichOneof('value') != 'blob' or number not in _DTYPES:
            raise self.error(node, 'a constant that is not a plain array of numbers')
        dtype, tensorflow_number = _DTYPES[number]
        if min(shape, default=1) < 0 or len(data.blob) != prod(shape) * dtype.itemsize:
            raise self.error(node, f'its data do not fill the shape {shape}')
        array = np.frombuffer(data.blob, dtype).reshape(shape)
        return array.astype(_TENSORFLOW_DTYPES[tensorflow_number]), tensorflow_number


def add_node(graph: Any, name: str, op: str, inputs: Sequence[str], **attributes: Any) -> None:
    """Append a node to a Graph message; attributes are int, float, str or lists of int."""
    node = graph.node.add(name=name, op=op, input=inputs)
    for key, value in attributes.items():
        attribute = node.attr.add(key=key).value
        if isinstance(value, list):
            attribute.list.i.extend(value)
        elif isinstance(value, str):
            attribute.s = value.encode()
        elif isinstance(value, float):
            attribute.f = value
        else:
            attribute.i = value


def add_constant(graph: Any, name: str, array: NDArray[Any], number: int) -> None:
    """Append a constant to a Graph message.

    Args:
        graph: The message.
        name: Name of the node.
        array: Its value, of the type that ``number`` stands for.
        number: TensorFlow's number of the type: 1 float32, 3 int32, 9 int64.
    """
    tensor = graph.node.add(name=name, op='Const').attr.add(key='value').value.tensor
    tensor.dtype = number
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    tensor.tensor_content = array.tobytes()


def _constant(uff: UffGraph, graph: Any, node: UffNode) -> None:
    add_constant(graph, node.name, *uff.constant(node))


def _window(uff: UffGraph, node: UffNode) -> dict[str, Any]:
    """Return the attributes that convolutions and pools have in common."""
    orders = node.value('inputs_orders')
    if not isinstance(orders, str) or not orders.startswith(f'orders_{_CHANNELS_LAST}'):
        raise uff.error(node, f'expected images with the channels last, got {orders!r}')
    if any(node.value('padding') or []):
        raise uff.error(node, 'only the padding SAME or VALID of TensorFlow can be converted')
    same = node.value('implicit_padding') == 'same'
    strides = [1, *node.integers('strides', 2), 1]
    return {'strides': strides, 'padding': 'SAME' if same else 'VALID'}


def _convolution(uff: UffGraph, graph: Any, node: UffNode) -> None:
    dilation = node.value('dilation') or [1, 1]
    dilations = [1, *dilation, 1]
    # The UFF converter writes the number of groups for depthwise convolutions only.
    op = 'Conv2D' if node.value('number_groups') is None else 'DepthwiseConv2dNative'
    add_node(graph, node.name, op, node.inputs, dilations=dilations, **_window(uff, node))


def _pool(uff: UffGraph, graph: Any, node: UffNode) -> None:
    ksize = [1, *node.integers('kernel', 2), 1]
    add_node(
        graph, node.name, _named(node, _POOLS), node.inputs, ksize=ksize, **_window(uff, node)
    )


def _batch_norm(uff: UffGraph, graph: Any, node: UffNode) -> None:
    epsilon = node.value('epsilon')
    if not isinstance(epsilon, float):
        raise uff.error(node, f'epsilon: expected a number, got {epsilon!r}')
    add_node(graph, node.name, 'FusedBatchNorm', node.inputs, epsilon=epsilon)


def _function(names: dict[str, str]) -> Callable[..., None]:
    def translate(uff: UffGraph, graph: Any, node: UffNode) -> None:
        add_node(graph, node.name, _named(node, names), node.inputs)

    return translate


def _named(node: UffNode, names: dict[str, str]) -> str:
    function = node.value('func')
    return names.get(str(function), f'{node.op} {function}')


def _with_axis(op: str) -> Callable[..., None]:
    """Return the translator of an operation that has its axis as last input in TensorFlow."""

    def translate(uff: UffGraph, graph: Any, node: UffNode) -> None:
        axis = f'{node.name}/uff_axis'
        add_constant(graph, axis, np.array(node.value('axis') or 0, np.int32), 3)
        add_node(graph, node.name, op, [*node.inputs, axis])

    return translate


def _stack(uff: UffGraph, graph: Any, node: UffNode) -> None:
    add_node(graph, node.name, 'Pack', node.inputs, axis=node.value('axis') or 0)


def _squeeze(uff: UffGraph, graph: Any, node: UffNode) -> None:
    axes = node.value('axes') or []
    add_node(graph, node.name, 'Squeeze', node.inputs, squeeze_dims=axes)


def _strided_slice(uff: UffGraph, graph: Any, node: UffNode) -> None:
    keys = ('begin_mask', 'end_mask', 'shrink_axis_mask')
    masks = {key: node.value(key) or 0 for key in keys}
    add_node(graph, node.name, 'StridedSlice', node.inputs, **masks)


_TRANSLATIONS: dict[str, Callable[[UffGraph, Any, UffNode], None]] = {
    'Const': _constant,
    'Conv': _convolution,
    'Pool': _pool,
    'BatchNorm': _batch_norm,
    'Binary': _function(_BINARY),
    'Unary': _function(_UNARY),
    'Activation': _function(_ACTIVATIONS),
    'Concat': _with_axis('ConcatV2'),
    'ExpandDims': _with_axis('ExpandDims'),
    'Stack': _stack,
    'Squeeze': _squeeze,
    'StridedSlice': _strided_slice,
}
