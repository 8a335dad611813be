# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write messages in their serialised form, field by field.

The form is CDR as in ``imaging/serialized.py``, little-endian. rclpy converts a message twice, to
a C struct and from there to these bytes, which costs an image two copies and a list ten times as
much an entry.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .topics import message_type

ENCAPSULATION = b'\x00\x01\x00\x00'
"""What a message begins with; alignment counts from behind it."""
HEADER = ('int32', 'uint32', 'string')
"""The fields of a std_msgs/Header, as ``flat_fields`` lists them."""
_SEQUENCE = 'sequence<'
_STAMP = struct.Struct('<iI')
_MOST_KEPT = 256
"""Characters of a frame_id up to which its bytes are kept."""


def flat_fields(kind: str) -> Iterator[str]:
    """List the primitive fields of a type in their order, with brackets around sequences."""
    if kind.startswith(_SEQUENCE):
        yield '['
        yield from flat_fields(kind.removeprefix(_SEQUENCE).removesuffix('>'))
        yield ']'
    elif '/' in kind:
        for field in message_type(kind).get_fields_and_field_types().values():
            yield from flat_fields(field)
    else:
        yield kind


@cache
def has_fields(kind: str, fields: tuple[str, ...]) -> bool:
    """Return whether the installed message has just these fields; see ``flat_fields``."""
    return tuple(flat_fields(kind)) == fields


@lru_cache(maxsize=1024)
def text_bytes(text: str) -> bytes:
    """Return a string with the length before it, which counts the zero at its end.

    As rclpy does it, a text ends with its first zero.
    """
    characters = text.encode().partition(b'\x00')[0] + b'\x00'
    return struct.pack('<I', len(characters)) + characters


def header_bytes(header: Any) -> bytes:
    """Return a std_msgs/Header."""
    frame_id = header.frame_id
    # Whoever publishes images chooses it: a long one, always another, must not fill the memory.
    known = len(frame_id) <= _MOST_KEPT
    return stamp_bytes(header) + (text_bytes if known else text_bytes.__wrapped__)(frame_id)


def stamp_bytes(header: Any) -> bytes:
    """Return the stamp of a header: 8 bytes."""
    return _STAMP.pack(header.stamp.sec, header.stamp.nanosec)


class Writer:
    """A message that is written field by field, each of which is aligned.

    Attributes:
        stamps: Where the stamps of its headers begin, in bytes.
    """

    def __init__(self) -> None:
        self._data = bytearray(ENCAPSULATION)
        self.stamps: list[int] = []

    def header(self, header: Any) -> None:
        """Write a std_msgs/Header."""
        self._align(4)
        self.stamps.append(len(self._data))
        self._data += header_bytes(header)

    def number(self, value: int) -> None:
        """Write a uint32."""
        self._align(4)
        self._data += struct.pack('<I', value)

    def double(self, value: float) -> None:
        """Write a float64."""
        self._align(8)
        self._data += struct.pack('<d', value)

    def text(self, value: str) -> None:
        """Write a string."""
        self._align(4)
        self._data += text_bytes(value)

    def octets(self, value: bytes) -> None:
        """Write a sequence of uint8."""
        self.number(len(value))
        self._data += value

    def image(self, header: Any, size_wh: tuple[int, int], encoding: str, channels: int) -> slice:
        """Write a sensor_msgs/Image of black; return where its pixels are."""
        width, height = size_wh
        self.image_start(header, size_wh, encoding, channels)
        return self._zeros(width * height * channels)

    def image_start(
        self, header: Any, size_wh: tuple[int, int], encoding: str, channels: int
    ) -> None:
        """Write what a sensor_msgs/Image has before its pixels."""
        width, height = size_wh
        self.header(header)
        self.number(height)
        self.number(width)
        self.text(encoding)
        # Samples of one byte have no byte order.
        self._data += b'\x00'
        self.number(width * channels)
        self.number(width * height * channels)

    def room(self, count: int, item_bytes: int) -> slice:
        """Write a sequence of so many zeros of 1 or 4 bytes; return where they are."""
        self.number(count)
        return self._zeros(count * item_bytes)

    def message(self) -> NDArray[np.uint8]:
        """Return the message, shape (N,), writable; nothing can be written behind it any more."""
        return np.frombuffer(self._data, np.uint8)

    def _zeros(self, n_bytes: int) -> slice:
        start = len(self._data)
        self._data += bytes(n_bytes)
        return slice(start, len(self._data))

    def _align(self, n_bytes: int) -> None:
        self._data += bytes(-(len(self._data) - len(ENCAPSULATION)) % n_bytes)
