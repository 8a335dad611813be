# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read a frozen TensorFlow graph without TensorFlow."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ConversionError
from ...text import printable
from .tensorflow_messages import parse_graph

MAX_CONSTANT_BYTES = 1024 * 1024 * 1024

# DataType of tensorflow/core/framework/types.proto, and the TensorProto field of its values.
_DTYPES: dict[int, tuple[np.dtype[Any], str]] = {
    1: (np.dtype('<f4'), 'float_val'),
    2: (np.dtype('<f8'), 'double_val'),
    3: (np.dtype('<i4'), 'int_val'),
    9: (np.dtype('<i8'), 'int64_val'),
    10: (np.dtype(np.bool_), 'bool_val'),
}


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One operation of a graph.

    Attributes:
        name: Name of the node.
        op: Operator, such as ``Conv2D``.
        inputs: Names of the input nodes, each meaning its first output; no control inputs.
        attributes: Attributes, as protobuf messages.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: dict[str, Any]

    def integers(self, key: str) -> tuple[int, ...]:
        """Return a list-of-int attribute; empty if it is missing."""
        return tuple(self.attributes[key].list.i) if key in self.attributes else ()

    def integer(self, key: str) -> int:
        """Return an int attribute; 0 if it is missing."""
        return int(self.attributes[key].i) if key in self.attributes else 0

    def flag(self, key: str) -> bool:
        """Return a bool attribute; False if it is missing."""
        return bool(self.attributes[key].b) if key in self.attributes else False

    def number(self, key: str, default: float) -> float:
        """Return a float attribute."""
        return float(self.attributes[key].f) if key in self.attributes else default

    def text(self, key: str, default: str) -> str:
        """Return a string attribute."""
        if key not in self.attributes:
            return default
        return str(self.attributes[key].s.decode('utf-8', 'replace'))

    def dtype(self, key: str) -> np.dtype[Any]:
        """Return a type attribute.

        Raises:
            ConversionError: The attribute is missing, or is not a supported numeric type.
        """
        number = int(self.attributes[key].type) if key in self.attributes else 0
        if number not in _DTYPES:
            msg = f'node {self.name} ({self.op}): cannot use the data type {number} of {key!r}'
            raise ConversionError(printable(msg))
        return _DTYPES[number][0]


class FrozenGraph:
    """A GraphDef with constants in place of variables, as written by ``freeze_graph``.

    Args:
        path: The file.
        message: The Graph message, if the file has another format; None = parse the file.

    Raises:
        ConversionError: The file cannot be read, is not such a graph, or exceeds a limit.
    """

    def __init__(self, path: Path, message: Any = None) -> None:
        self.path = path
        self._nodes: dict[str, GraphNode] = {}
        self._producers: dict[str, GraphNode] = {}
        self._constant_bytes = 0
        for entry in (message or parse_graph(path)).node:
            # Inputs are 'name', 'name:output' or '^name' (order only, no data).
            inputs = tuple(_first_output(i) for i in entry.input if not i.startswith('^'))
            attributes = {attribute.key: attribute.value for attribute in entry.attr}
            node = GraphNode(entry.name, entry.op, inputs, attributes)
            if node.name in self._nodes:
                msg = f'{path}: two nodes have the name {reprlib.repr(node.name)}'
                raise ConversionError(printable(msg))
            self._nodes[node.name] = node

    def node(self, name: str) -> GraphNode:
        """Return a node; for an Identity, the node that computes its value.

        Raises:
            ConversionError: There is no such node, or Identities form a circle.
        """
        passed: dict[str, None] = {}
        found: GraphNode | None = None
        while found is None:
            if name in passed:
                msg = f'{self.path}: node {reprlib.repr(name)} is its own input'
                raise ConversionError(msg)
            passed[name] = None
            node = self._nodes.get(name)
            if node is None:
                msg = f'{self.path}: there is no node {reprlib.repr(name)}'
                raise ConversionError(msg)
            if node.op == 'Identity' and node.inputs:
                name = node.inputs[0]
                # The cache avoids walking long chains of Identities repeatedly.
                found = self._producers.get(name)
            else:
                found = node
        self._producers.update(dict.fromkeys(passed, found))
        return found

    def ordered(self, targets: Iterable[str], stops: Collection[str] = ()) -> list[GraphNode]:
        """List the nodes that the targets need, each after its inputs, without Identities.

        Args:
            targets: Names of the nodes to compute.
            stops: Names of given nodes: neither they nor their inputs are listed.

        Raises:
            ConversionError: A node is missing, or depends on itself.
        """
        order: list[GraphNode] = []
        done: set[str] = set(stops)
        open_names: set[str] = set()
        stack = [self.node(target) for target in targets]
        while stack:
            node = stack[-1]
            if node.name in done:
                stack.pop()
                continue
            inputs = [self.node(name) for name in node.inputs]
            waiting = [other for other in inputs if other.name not in done]
            if not waiting:
                order.append(node)
                done.add(node.name)
                stack.pop()
            elif node.name in open_names:
                msg = f'{self.path}: node {reprlib.repr(node.name)} needs its own output'
                raise ConversionError(printable(msg))
            else:
                open_names.add(node.name)
                stack.extend(waiting)
        return order

    def constant(self, node: GraphNode) -> NDArray[Any]:
        """Return the value of a Const node.

        Raises:
            ConversionError: The type is not a supported numeric type, or the data do not fit the
                shape.
        """
        tensor: Any = node.attributes['value'].tensor if 'value' in node.attributes else None
        if tensor is None or tensor.dtype not in _DTYPES or tensor.tensor_shape.unknown_rank:
            msg = f'{self.path}: node {node.name}: a constant that is not a plain array of numbers'
            raise ConversionError(printable(msg))
        dtype, values_field = _DTYPES[tensor.dtype]
        shape = tuple(dim.size for dim in tensor.tensor_shape.dim)
        count = self.reserve(node, shape, dtype)
        content: bytes = tensor.tensor_content
        values: NDArray[Any]
        if content and len(content) == count * dtype.itemsize:
            values = np.frombuffer(content, dtype)
        elif not content and len(given := getattr(tensor, values_field)) <= count:
            # A shorter list of values is filled up with its last value, or with zeros.
            values = np.full(count, given[-1] if given else 0, dtype)
            values[: len(given)] = given
        else:
            msg = f'{self.path}: node {node.name}: its data do not fill the shape {shape}'
            raise ConversionError(printable(msg))
        return values.reshape(shape)

    def reserve(self, node: GraphNode, shape: Iterable[int], dtype: np.dtype[Any]) -> int:
        """Count an array towards the memory limit of all constants, and return its elements.

        Raises:
            ConversionError: A size is negative, or the limit is exceeded.
        """
        sizes = [int(size) for size in shape]
        count = math.prod(sizes)
        self._constant_bytes += count * dtype.itemsize
        if min(sizes, default=0) < 0 or self._constant_bytes > MAX_CONSTANT_BYTES:
            msg = f'{self.path}: node {node.name}: cannot make an array of shape {sizes[:8]}'
            raise ConversionError(printable(msg))
        return count


def _first_output(name: str) -> str:
    # Only operators with one output can be evaluated. The name of another output stays as it is,
    # so that a search for it reports a missing node.
    return name.removesuffix(':0')
