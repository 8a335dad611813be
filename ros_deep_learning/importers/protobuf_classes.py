# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read protobuf files by a short table of their schema, without generated classes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import ConversionError
from ..files import read_limited

MAX_BYTES = 512 * 1024 * 1024

Field = tuple[str, int, str, bool]
"""Name, number, type, and whether repeated; a type is a message name or a protobuf type."""


def message_class(
    package: str,
    messages: Mapping[str, Sequence[Field]],
    root: str,
    one_of: Collection[str] = (),
) -> Any:
    """Return the class of a message, in a descriptor pool of its own.

    In the default pool the class would collide with the original one, if that is installed too.

    Args:
        package: A name for the schema.
        messages: The fields of each message.
        root: Name of the message to return.
        one_of: Messages that have only one field set; ``WhichOneof('value')`` returns which.
    """
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    field_type = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name=f'{package}.proto', package=package, syntax='proto3'
    )
    for message_name, fields in messages.items():
        message = file.message_type.add(name=message_name)
        if message_name in one_of:
            message.oneof_decl.add(name='value')
        for name, number, kind, repeated in fields:
            label = field_type.LABEL_REPEATED if repeated else field_type.LABEL_OPTIONAL
            field = message.field.add(name=name, number=number, label=label)
            if message_name in one_of:
                field.oneof_index = 0
            if kind in messages:
                field.type = field_type.TYPE_MESSAGE
                field.type_name = f'.{package}.{kind}'
            else:
                field.type = getattr(field_type, f'TYPE_{kind.upper()}')
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f'{package}.{root}'))


def read_message(path: Path, message: Any, what: str) -> Any:
    """Parse a file into an empty message, and return the message.

    Args:
        path: The file.
        message: The empty message.
        what: Kind of file, for error texts.

    Raises:
        ConversionError: The file cannot be read, is too large, truncated, or of another kind.
    """
    from google.protobuf.message import DecodeError

    try:
        message.ParseFromString(read_limited(path, MAX_BYTES))
    except DecodeError as err:
        msg = f'{path}: not {what}, or truncated'
        raise ConversionError(msg) from err
    except OSError as err:
        msg = f'{path}: cannot be read: {err.strerror}'
        raise ConversionError(msg) from err
    return message
