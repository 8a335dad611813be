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
_BYTE_ORDERS = {b'\x00\x00': '>', b'\x00\x01': '<'}

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
        self._at = _ENCAPSULATION_BYTES
        start = message[:_ENCAPSULATION_BYTES].tobytes()
        order = _BYTE_ORDERS.get(start[:2])
        if order is None or len(start) < _ENCAPSULATION_BYTES:
            msg = f'a message of {message.size} bytes begins with {start.hex()}, which is no CDR'
            raise ImageError(msg)
        self._signed, self._unsigned = struct.Struct(f'{order}i'), struct.Struct(f'{order}I')

    def header(self, make_header: MakeHeader) -> Any:
        sec = int(self._signed.unpack(self._take(4, 4).tobytes())[0])
        nanosec = self.number()
        return make_header(sec, nanosec, self.text())

    def number(self) -> int:
        return int(self._unsigned.unpack(self._take(4, 4).tobytes())[0])

    def byte(self) -> int:
        return int(self._take(1)[0])

    def text(self) -> str:
        # The length counts the zero at the end. Read as rclpy does: up to the first zero.
        characters = self._take(self.number()).tobytes()
        return characters.partition(b'\x00')[0].decode(errors='replace')

    def bytes(self) -> NDArray[np.uint8]:
        return self._take(self.number())

    def _take(self, n_bytes: int, alignment: int = 1) -> NDArray[np.uint8]:
        # Alignment counts from the end of the encapsulation header, which has 4 bytes itself.
        start = self._at + -self._at % alignment
        self._at = start + n_bytes
        if self._at > self._message.size:
            msg = (
                f'a message of {self._message.size} bytes ends within a field of {n_bytes} bytes '
                f'at byte {start}'
            )
            raise ImageError(msg)
        return self._message[start : self._at]
