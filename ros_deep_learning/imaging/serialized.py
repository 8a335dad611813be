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
_STAMP_END = 12
"""Where the stamp ends, which comes first, in bytes."""
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


class ImageReader:
    """Reads the serialised ``sensor_msgs/Image`` of a topic, one after another.

    Those of a camera differ in nothing but their stamps and pixels. So all else is compared, as a
    whole, with that of the message before, which takes less time than reading it.
    """

    def __init__(self) -> None:
        self._layout: _Layout | None = None

    def __call__(self, message: NDArray[np.uint8], make_header: MakeHeader) -> SerializedImage:
        """Read the fields of a message.

        Args:
            message: Shape (N,), uint8: the whole of it, from its encapsulation header on.
            make_header: Makes the header.

        Raises:
            ImageError: The bytes are no such message, or end within it.
        """
        layout = self._layout
        if layout is None or not layout.is_of(message):
            layout = self._layout = _Layout.of(message)
        sec, nanosec = layout.stamp.unpack_from(message.data, _ENCAPSULATION_BYTES)
        return SerializedImage(
            make_header(sec, nanosec, layout.frame_id),
            layout.height,
            layout.width,
            layout.encoding,
            layout.is_bigendian,
            layout.step,
            message[layout.pixels],
        )


class CompressedImageReader:
    """Reads the serialised ``sensor_msgs/CompressedImage`` of a topic, one after another."""

    def __call__(
        self, message: NDArray[np.uint8], make_header: MakeHeader
    ) -> SerializedCompressedImage:
        """Read the fields of a message, as an ``ImageReader`` does."""
        fields = _Fields(message)
        sec, nanosec = fields.stamp.unpack_from(message.data, _ENCAPSULATION_BYTES)
        header = make_header(sec, nanosec, fields.text())
        return SerializedCompressedImage(header, fields.text(), message[fields.octets()])


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the images of a camera have in common.

    Attributes:
        begin: The bytes before the stamp.
        rest: Those between the stamp and the pixels.
        stamp: Reads the stamp.
        frame_id: That of the header.
        height: See ``SerializedImage``, as for the next ones.
        pixels: Where they are, in bytes.
    """

    begin: bytes
    rest: bytes
    stamp: struct.Struct
    frame_id: str
    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    pixels: slice

    @classmethod
    def of(cls, message: NDArray[np.uint8]) -> _Layout:
        fields = _Fields(message)
        frame_id, height, width = fields.text(), fields.number(), fields.number()
        encoding, is_bigendian, step = fields.text(), fields.byte(), fields.number()
        pixels = fields.octets()
        return cls(
            bytes(message.data[:_ENCAPSULATION_BYTES]),
            bytes(message.data[_STAMP_END : pixels.start]),
            fields.stamp,
            frame_id,
            height,
            width,
            encoding,
            is_bigendian,
            step,
            pixels,
        )

    def is_of(self, message: NDArray[np.uint8]) -> bool:
        view, pixels = message.data, self.pixels
        return (
            bytes(view[_STAMP_END : pixels.start]) == self.rest
            and bytes(view[:_ENCAPSULATION_BYTES]) == self.begin
            and pixels.stop <= message.size
        )


class _Fields:
    """The fields of a message behind its stamp, in their order, each checked against the end.

    Attributes:
        stamp: Reads the stamp, which is there.
    """

    def __init__(self, message: NDArray[np.uint8]) -> None:
        # Its slices cost a fraction of an array's.
        self._view = message.data
        self._end = message.size
        self._at = _ENCAPSULATION_BYTES
        start = bytes(self._view[:_ENCAPSULATION_BYTES])
        stamp = _STAMPS.get(start[:2])
        if stamp is None or len(start) < _ENCAPSULATION_BYTES:
            msg = f'a message of {message.size} bytes begins with {start.hex()}, which is no CDR'
            raise ImageError(msg)
        self.stamp, self._number = stamp, _NUMBERS[start[:2]]
        self._start(_STAMP_END - _ENCAPSULATION_BYTES, 4)

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

    def octets(self) -> slice:
        count = self.number()
        start = self._start(count)
        return slice(start, start + count)

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
