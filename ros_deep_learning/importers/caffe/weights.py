# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read the weights of a caffemodel."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ConversionError
from ...files import read_limited

MAX_BYTES = 1024 * 1024 * 1024
"""Largest caffemodel; that of VGG-19, the largest network of the zoo, has 548 MiB."""

# Limit for all messages together; a caffemodel of ResNet-152 has about ten thousand.
_MAX_FIELDS = 200_000

# Field numbers in caffe.proto of BVLC/caffe: layers of a network in the current form and in V1,
# each with the numbers of the layer's name and blobs; then the fields of a blob.
_LAYERS = {100: (1, 7), 2: (4, 6)}
_OLD_SIZES = (1, 2, 3, 4)
_SHAPE, _FLOATS, _DOUBLES = 7, 5, 8
_DIM = 1

# Fields that NVIDIA/caffe has written since 0.16 in place of data, and the types of the values.
_RAW_TYPE, _RAW = 10, 12
_RAW_TYPES = {0: '<f8', 1: '<f4', 2: '<f2'}

_HDF5 = b'\x89HDF'


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """An array of a caffemodel.

    Attributes:
        shape: Shape; in old files it always has four sizes, padded with 1 in front.
        values: Flat values, float16, float32 or float64, read-only.
    """

    shape: tuple[int, ...]
    values: NDArray[Any]


def read_weights(path: Path) -> dict[str, list[StoredBlob]]:
    """Read the arrays of a caffemodel, by layer name.

    The arrays share one copy of the file. The file is decoded here instead of by protobuf, which
    first builds all messages in memory: three times the size of a normal file, and 24 times
    (measured) that of a malicious one.

    Raises:
        ConversionError: The file cannot be read, is truncated, is not a caffemodel, or exceeds a
            limit.
    """
    try:
        content = read_limited(path, MAX_BYTES)
    except OSError as err:
        msg = f'{path}: cannot be read: {err.strerror}'
        raise ConversionError(msg) from err
    if content.startswith(_HDF5):
        msg = f'{path}: is in HDF5; save it with snapshot_format: BINARYPROTO'
        raise ConversionError(msg)
    weights: dict[str, list[StoredBlob]] = {}
    try:
        reader = _Reader()
        for number, value in reader.fields(memoryview(content)):
            if number in _LAYERS:
                name, blobs = _layer(reader, value, *_LAYERS[number])
                if blobs:
                    weights[name] = blobs
    except (ValueError, TypeError) as err:
        msg = f'{path}: not a caffemodel, or truncated: {err}'
        raise ConversionError(msg) from err
    if not weights:
        msg = f'{path}: has no weights; is it a caffemodel?'
        raise ConversionError(msg)
    return weights


def read_blob(path: Path) -> StoredBlob:
    """Read a file that holds one array, such as a mean image.

    Raises:
        ConversionError: The file cannot be read, is truncated, or is no such array.
    """
    try:
        return _blob(_Reader(), memoryview(read_limited(path, MAX_BYTES)))
    except OSError as err:
        msg = f'{path}: cannot be read: {err.strerror}'
        raise ConversionError(msg) from err
    except (ValueError, TypeError) as err:
        msg = f'{path}: not an array of Caffe (.binaryproto), or truncated: {err}'
        raise ConversionError(msg) from err


class _Reader:
    """Splits messages into fields, up to a total number of fields.

    The wire format is described in https://protobuf.dev/programming-guides/encoding.
    """

    def __init__(self) -> None:
        self._left = _MAX_FIELDS

    def fields(self, view: memoryview) -> Iterator[tuple[int, Any]]:
        """Yield each field's number and its value: an int, or a view of its bytes."""
        at = 0
        while at < len(view):
            self._left -= 1
            if self._left < 0:
                msg = f'more than {_MAX_FIELDS} fields'
                raise ValueError(msg)
            key, at = _varint(view, at)
            wire_type = key & 7
            if wire_type == 0:
                value, at = _varint(view, at)
                yield key >> 3, value
                continue
            if wire_type == 2:
                size, at = _varint(view, at)
            elif wire_type in (1, 5):
                size = 8 if wire_type == 1 else 4
            else:
                msg = f'a field of wire type {wire_type}'
                raise ValueError(msg)
            if size > len(view) - at:
                msg = 'a field is longer than the file'
                raise ValueError(msg)
            yield key >> 3, view[at : at + size]
            at += size

    def varints(self, value: Any) -> list[int]:
        """Return the varints of a field, packed or not."""
        if isinstance(value, int):
            return [value]
        found: list[int] = []
        at = 0
        while at < len(value):
            self._left -= 1
            number, at = _varint(value, at)
            found.append(number)
            if self._left < 0:
                msg = f'more than {_MAX_FIELDS} numbers'
                raise ValueError(msg)
        return found


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at == len(view):
            break
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    msg = 'a varint is too long or truncated'
    raise ValueError(msg)


def _layer(
    reader: _Reader, view: memoryview, name_number: int, blob_number: int
) -> tuple[str, list[StoredBlob]]:
    name = ''
    blobs: list[StoredBlob] = []
    for number, value in reader.fields(view):
        if number == name_number:
            # Not bytes(), which makes as many zeros as a number says.
            name = str(value, 'utf-8', 'replace')
        elif number == blob_number:
            blobs.append(_blob(reader, value))
    return name, blobs


def _blob(reader: _Reader, view: memoryview) -> StoredBlob:
    shape: list[int] | None = None
    old_sizes = dict.fromkeys(_OLD_SIZES, 0)
    chunks: dict[int, list[memoryview]] = {_FLOATS: [], _DOUBLES: [], _RAW: []}
    raw_type = -1
    for number, value in reader.fields(view):
        if number == _SHAPE:
            shape = [
                size
                for dim, sizes in reader.fields(value)
                if dim == _DIM
                for size in reader.varints(sizes)
            ]
        elif number in old_sizes:
            old_sizes[number] = int(value)
        elif number == _RAW:
            # A field that is not repeated: the last one counts.
            chunks[_RAW] = [memoryview(value)]
        elif number in chunks:
            chunks[number].append(memoryview(value))
        elif number == _RAW_TYPE:
            raw_type = int(value)
    # The rule of Blob::FromProto in blob.cpp of NVIDIA/caffe, which extends that of BVLC/caffe.
    kind = next((kind for kind in (_DOUBLES, _FLOATS, _RAW) if chunks[kind]), _FLOATS)
    if kind == _RAW and raw_type not in _RAW_TYPES:
        msg = f'raw data of type {raw_type}; expected float16, float32 or float64'
        raise ValueError(msg)
    dtype = {_DOUBLES: '<f8', _FLOATS: '<f4', _RAW: _RAW_TYPES.get(raw_type, '')}[kind]
    found = chunks[kind]
    values = np.frombuffer(found[0] if len(found) == 1 else b''.join(found), dtype)
    sizes = tuple(shape if shape is not None else old_sizes.values())
    if math.prod(sizes) != values.size:
        msg = f'an array of shape {sizes[:8]} has {values.size} numbers'
        raise ValueError(msg)
    return StoredBlob(sizes, values)
