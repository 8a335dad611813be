# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Parse the messages of a TensorFlow GraphDef file, as far as networks need them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from ..errors import ConversionError

MAX_GRAPH_BYTES = 512 * 1024 * 1024
MAX_NODES = 200_000

# Name, number, type and whether repeated, of the fields we read, as in graph.proto,
# node_def.proto, attr_value.proto, tensor.proto and tensor_shape.proto of
# tensorflow/core/framework.
_MESSAGES: dict[str, list[tuple[str, int, str, bool]]] = {
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
    """Give the Graph message of a frozen graph's file.

    Raises:
        ConversionError: It cannot be read, is torn or no graph, or is beyond all reason.
    """
    from google.protobuf.message import DecodeError

    try:
        if path.stat().st_size > MAX_GRAPH_BYTES:
            msg = f'{path}: larger than {MAX_GRAPH_BYTES} bytes: refused'
            raise ConversionError(msg)
        graph = _graph_message()()
        graph.ParseFromString(path.read_bytes())
    except DecodeError as err:
        msg = f'{path}: not a frozen TensorFlow graph, or torn'
        raise ConversionError(msg) from err
    except OSError as err:
        msg = f'{path}: cannot be read: {err.strerror}'
        raise ConversionError(msg) from err
    if not 0 < len(graph.node) <= MAX_NODES:
        msg = f'{path}: want a TensorFlow graph of 1..{MAX_NODES} nodes, not {len(graph.node)}'
        raise ConversionError(msg)
    return graph


@functools.cache
def _graph_message() -> Any:
    """Make the message class in a pool of its own, where it cannot meet TensorFlow's."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    field_type = descriptor_pb2.FieldDescriptorProto
    package = 'ros_deep_learning_tensorflow'
    file = descriptor_pb2.FileDescriptorProto(
        name=f'{package}.proto', package=package, syntax='proto3'
    )
    for message_name, fields in _MESSAGES.items():
        message = file.message_type.add(name=message_name)
        for name, number, kind, repeated in fields:
            label = field_type.LABEL_REPEATED if repeated else field_type.LABEL_OPTIONAL
            field = message.field.add(name=name, number=number, label=label)
            if kind in _MESSAGES:
                field.type = field_type.TYPE_MESSAGE
                field.type_name = f'.{package}.{kind}'
            else:
                field.type = getattr(field_type, f'TYPE_{kind.upper()}')
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f'{package}.Graph'))
