# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Parse UFF files, the format that TensorRT could read up to version 9."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from ...errors import ConversionError
from ..protobuf_classes import Field, message_class, read_message

MAX_NODES = 200_000

# From uff.proto of the ``uff`` package in TensorRT 3 to 8; orders of axes are identified by the
# name of their entry in the referenced data.
_MESSAGES: dict[str, list[Field]] = {
    'Doubles': [('val', 1, 'double', True)],
    'Integers': [('val', 1, 'int64', True)],
    'Data': [
        ('s', 1, 'string', False),
        ('d', 3, 'double', False),
        ('d_list', 4, 'Doubles', False),
        ('b', 5, 'bool', False),
        ('i', 7, 'int64', False),
        ('i_list', 8, 'Integers', False),
        ('blob', 9, 'bytes', False),
        ('ref', 100, 'string', False),
        ('dtype', 101, 'int32', False),
    ],
    'Entry': [('key', 1, 'string', False), ('value', 2, 'Data', False)],
    'Node': [
        ('id', 1, 'string', False),
        ('inputs', 2, 'string', True),
        ('operation', 3, 'string', False),
        ('fields', 4, 'Entry', True),
    ],
    'Graph': [('id', 1, 'string', False), ('nodes', 2, 'Node', True)],
    'MetaGraph': [('graphs', 4, 'Graph', True), ('referenced_data', 5, 'Entry', True)],
}


def parse_uff(path: Path) -> Any:
    """Parse a UFF file, and return its MetaGraph message, which has one graph.

    Raises:
        ConversionError: The file cannot be read, is truncated, is not a UFF file, or has another
            number of graphs or too many nodes.
    """
    meta = read_message(path, new_meta_graph(), 'a UFF file')
    counts = [len(graph.nodes) for graph in meta.graphs]
    if len(counts) != 1 or not 0 < counts[0] <= MAX_NODES:
        msg = f'{path}: expected a UFF file of one graph of 1..{MAX_NODES} nodes, got {counts[:8]}'
        raise ConversionError(msg)
    return meta


def new_meta_graph() -> Any:
    """Return an empty MetaGraph message."""
    return _meta_graph_class()()


@functools.cache
def _meta_graph_class() -> Any:
    return message_class('ros_deep_learning_uff', _MESSAGES, 'MetaGraph', one_of={'Data'})
