# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read image messages in their serialised form: views of the bytes, without a copy of the pixels.

The form is CDR as the middlewares of ROS 2 write it: XCDR version 1, plain, of either byte order
(OMG DDS-XTypes 1.3, 7.4.3 and 7.6.2).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError

_ENCAPSULATION_BYTES = 4
_NUMBERS = {b'\x00\x00': struct.Struct('>I'), b'\x00\x01': struct.Struct('<I')}
"""A uint32, by what a message begins with: its byte order."""
_STAMPS = {b'\x00\x00': struct.Struct('>iI'), b'\x00\x01': struct.Struct('<iI')}

MakeHeader = Callable[[int, int, str], Any]
"""Makes a header of the seconds and nanoseconds of the stamp, and the frame_id."""


@dataclass(frozen=True, slots=True)
class SerializedImage:
    """The fields of a ``sensor_msgs/Image``.

    Attributes:
        header: What ``make_header`` returned.
        height: Rows.
        width: Pixels in a row.
        encoding: The name of the encoding.
        is_bigendian: Byte order of samples with several bytes.
        step: Bytes in a row.
        data: Shape (N,), uint8, a view of the message's bytes.
    """

    header: Any
    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class SerializedCompressedImage:
    """The fields of a ``sensor_msgs/CompressedImage``.

    Attributes:
        header: What ``make_header`` returned.
        format: What was compressed, and how.
        data: Shape (N,), uint8, a view of the message's bytes.
    """

    header: Any
    format: str
    data: NDArray[np.uint8]


def read_image(message: NDArray[np.uint8], make_header: MakeHeader) -> SerializedImage:
    """Read the fields of a serialised ``sensor_msgs/Image``.

    Args:
        message: Shape (N,), uint8: the whole message, from its encapsulation header on.
        make_header: Makes the header.

    Raises:
        ImageError: The bytes are no such message, or end within it.
    """
    fields = _Fields(message)
    header = fields.header(make_header)
    height, width = fields.number(), fields.number()
    encoding, is_bigendian, step = fields.text(), fields.byte(), fields.number()
    return SerializedImage(header, height, width, encoding, is_bigendian, step, fields.bytes())


def read_compressed_image(
    message: NDArray[np.uint8], make_header: MakeHeader
) -> SerializedCompressedImage:
    """Read the fields of a serialised ``sensor_msgs/CompressedImage``, as ``read_image`` does."""
    fields = _Fields(message)
    return SerializedCompressedImage(fields.header(make_header), fields.text(), fields.bytes())


class _Fields:
    """The fields of a message, in their order; each one is checked against the end."""

    def __init__(self, message: NDArray[np.uint8]) -> None:
        self._message = message
        # Its slices cost a fraction of an array's.
        self._view = message.data
        self._end = message.size
        self._at = _ENCAPSULATION_BYTES
        start = bytes(self._view[:_ENCAPSULATION_BYTES])
        stamp = _STAMPS.get(start[:2])
        if stamp is None or len(start) < _ENCAPSULATION_BYTES:
            msg = f'a message of {message.size} bytes begins with {start.hex()}, which is no CDR'
            raise ImageError(msg)
        self._stamp, self._number = stamp, _NUMBERS[start[:2]]

    def header(self, make_header: MakeHeader) -> Any:
        sec, nanosec = self._stamp.unpack_from(self._view, self._start(8, 4))
        return make_header(sec, nanosec, self.text())

    def number(self) -> int:
        value: int = self._number.unpack_from(self._view, self._start(4, 4))[0]
        return value

    def byte(self) -> int:
        return self._view[self._start(1)]

    def text(self) -> str:
        # The length counts the zero at the end. Read as rclpy does: up to the first zero.
        count = self.number()
        start = self._start(count)
        characters = bytes(self._view[start : start + count])
        return characters.partition(b'\x00')[0].decode(errors='replace')

    def bytes(self) -> NDArray[np.uint8]:
        count = self.number()
        start = self._start(count)
        return self._message[start : start + count]

    def _start(self, n_bytes: int, alignment: int = 1) -> int:
        """Return where a field begins, and step behind it."""
        # Alignment counts from the end of the encapsulation header, which has 4 bytes itself.
        start = self._at + -self._at % alignment
        self._at = start + n_bytes
        if self._at > self._end:
            msg = (
                f'a message of {self._end} bytes ends within a field of {n_bytes} bytes '
                f'at byte {start}'
            )
            raise ImageError(msg)
        return start
