# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Parse the messages of a TensorFlow GraphDef file, as far as networks need them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from ...errors import ConversionError
from ..protobuf_classes import Field, message_class, read_message

MAX_NODES = 200_000

# Name, number, type, and whether repeated, of the fields in use, from graph.proto,
# node_def.proto, attr_value.proto, tensor.proto and tensor_shape.proto of
# tensorflow/core/framework.
_MESSAGES: dict[str, list[Field]] = {
    'Dim': [('size', 1, 'int64', False)],
    'Shape': [('dim', 2, 'Dim', True), ('unknown_rank', 3, 'bool', False)],
    'Tensor': [
        ('dtype', 1, 'int32', False),
        ('tensor_shape', 2, 'Shape', False),
        ('tensor_content', 4, 'bytes', False),
        ('float_val', 5, 'float', True),
        ('double_val', 6, 'double', True),
        ('int_val', 7, 'int32', True),
        ('int64_val', 10, 'int64', True),
        ('bool_val', 11, 'bool', True),
    ],
    'List': [('i', 3, 'int64', True)],
    'Attribute': [
        ('list', 1, 'List', False),
        ('s', 2, 'bytes', False),
        ('i', 3, 'int64', False),
        ('f', 4, 'float', False),
        ('b', 5, 'bool', False),
        ('type', 6, 'int32', False),
        ('tensor', 8, 'Tensor', False),
    ],
    'AttributeEntry': [('key', 1, 'string', False), ('value', 2, 'Attribute', False)],
    'Node': [
        ('name', 1, 'string', False),
        ('op', 2, 'string', False),
        ('input', 3, 'string', True),
        ('attr', 5, 'AttributeEntry', True),
    ],
    'Graph': [('node', 1, 'Node', True)],
}


def parse_graph(path: Path) -> Any:
    """Parse the file of a frozen graph, and return its Graph message.

    Raises:
        ConversionError: The file cannot be read, is truncated, is not a graph, or has too many
            nodes.
    """
    graph = read_message(path, new_graph(), 'a frozen TensorFlow graph')
    if not 0 < len(graph.node) <= MAX_NODES:
        msg = f'{path}: expected a TensorFlow graph of 1..{MAX_NODES} nodes, got {len(graph.node)}'
        raise ConversionError(msg)
    return graph


def new_graph() -> Any:
    """Return an empty Graph message."""
    return _graph_class()()


@functools.cache
def _graph_class() -> Any:
    return message_class('ros_deep_learning_tensorflow', _MESSAGES, 'Graph')
