# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read and check the header of a JPEG or PNG file before it is decoded.

A decoder fills the missing part of a truncated file with grey without an error, and allocates
whatever size the header declares. Both are checked here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from ..text import quoted

JPEG = b'\xff\xd8\xff'
PNG = b'\x89PNG\r\n\x1a\n'

# JPEG markers (ITU-T T.81, table B.1). Frames are 0xC0 to 0xCF except tables and extensions.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, b'\xff\xd9'
# Any number of 0xFF may stand before the second byte of a marker (T.81, B.1.1.2).
_FILL = 0xFF
_ALONE = frozenset(range(0xD0, 0xD9)) | {_FILL, 0x01}
_SCAN = b'\xff\xda'

_MAX_PARTS = 4096
"""Markers and fill bytes before a JPEG's first scan, and chunks of a PNG beside its data.

Each is a step in Python, so 20 MB of them would take seconds.
"""
_PNG_BYTES_PER_CHUNK = 1024
"""libpng writes chunks of 8 KiB."""

MAX_SCANS = 32
"""Scans of a progressive JPEG that are decoded; each costs a pass over the whole image.

libjpeg writes 10 for a colour image.
"""

_JPEG_PIXELS_PER_BYTE = 512
"""Each block of 8x8 takes at least one bit, that of its DC coefficient (T.81, F.1.2.1)."""
_PNG_BYTES_PER_BYTE = 1032
"""The highest compression ratio of deflate (zlib's technical notes)."""

# Channels by PNG colour type (PNG 3, table 8); pixels of a palette are colours.
_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
_PALETTE = 3


@dataclass(frozen=True, slots=True)
class Header:
    """Size and kind of an image file, from its header.

    Attributes:
        kind: ``jpeg`` or ``png``.
        width: Image width in pixels, at least 1.
        height: Image height in pixels, at least 1.
        channels: Samples per pixel.
    """

    kind: Literal['jpeg', 'png']
    width: int
    height: int
    channels: int


def read_header(data: NDArray[np.uint8], image_format: str = '') -> Header:
    """Read the header of a complete JPEG or PNG.

    Args:
        data: The file's bytes, shape (N,).
        image_format: The message's format field, for the error text.

    Raises:
        ImageError: The data is neither, its header is invalid, or its end is missing.
    """
    head = data[: len(PNG)].tobytes()
    if head.startswith(JPEG):
        header = _read_jpeg(data)
    elif head == PNG:
        header = _read_png(data)
    else:
        begin = head.hex(' ') or 'nothing'
        kind = quoted(image_format)
        msg = f'format {kind}: the data is neither JPEG nor PNG; it begins with {begin}'
        raise ImageError(msg)
    if not (header.width and header.height):
        msg = f'a {header.kind} of {header.width}x{header.height} pixels is not an image'
        raise ImageError(msg)
    return header


def _read_jpeg(data: NDArray[np.uint8]) -> Header:
    content = data.tobytes()
    header = None
    at = 2
    for _ in range(_MAX_PARTS):
        if content[at : at + 1] != b'\xff' or at + 1 >= len(content):
            raise ImageError(_torn('jpeg', data))
        marker = content[at + 1]
        if marker == 0:
            raise ImageError(_torn('jpeg', data))
        at += 1 if marker == _FILL else 2
        if marker in _ALONE:
            continue
        length = int.from_bytes(content[at : at + 2], 'big')
        if marker in _FRAMES and length >= 8 and at + 8 <= len(content):
            _, height, width, channels = struct.unpack('>BHHB', content[at + 2 : at + 8])
            header = Header('jpeg', width, height, channels)
        if marker == _START_OF_SCAN:
            break
        at += length
    else:
        raise ImageError(_in_pieces('jpeg', data))
    # Within a scan 0xFF is never followed by 0xD9, so this marker is the end of the image. It
    # need not be the end of the data: cameras append padding.
    if header is None or content.rfind(_END_OF_IMAGE, at) < 0:
        raise ImageError(_torn('jpeg', data))
    scans = content.count(_SCAN, at) + 1
    if scans > MAX_SCANS:
        msg = f'this jpeg has {scans} scans; at most {MAX_SCANS} are decoded'
        raise ImageError(msg)
    _check_size(header, data, header.width * header.height // _JPEG_PIXELS_PER_BYTE)
    return header


def _read_png(data: NDArray[np.uint8]) -> Header:
    header = None
    palette = False
    at = len(PNG)
    for _ in range(_MAX_PARTS + data.size // _PNG_BYTES_PER_CHUNK):
        if at + 12 > data.size:
            raise ImageError(_torn('png', data))
        length, name = struct.unpack('>I4s', data[at : at + 8].tobytes())
        if name == b'IHDR' and length == 13 and at + 21 <= data.size:
            width, height, _, color = struct.unpack('>IIBB', data[at + 8 : at + 18].tobytes())
            header = Header('png', width, height, _PNG_CHANNELS.get(color, 3))
            palette = color == _PALETTE
        at += 12 + length
        if name == b'IEND' and header is not None and at <= data.size:
            # One bit a sample is the least.
            samples = header.width * header.height * (1 if palette else header.channels)
            _check_size(header, data, samples // 8 // _PNG_BYTES_PER_BYTE)
            return header
    raise ImageError(_in_pieces('png', data))


def _check_size(header: Header, data: NDArray[np.uint8], fewest_bytes: int) -> None:
    """Raise ImageError if an image of that size cannot be kept in so few bytes."""
    if data.size < fewest_bytes:
        msg = (
            f'this {header.kind} of {data.size} bytes cannot hold the {header.width}x'
            f'{header.height} pixels that its header names'
        )
        raise ImageError(msg)


def _in_pieces(kind: str, data: NDArray[np.uint8]) -> str:
    return f'this {kind} of {data.size} bytes consists of too many small parts'


def _torn(kind: str, data: NDArray[np.uint8]) -> str:
    return f'this {kind} of {data.size} bytes is truncated: its header or its end is missing'
