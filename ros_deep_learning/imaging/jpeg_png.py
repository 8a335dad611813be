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

_JPEG = b'\xff\xd8\xff'
_PNG = b'\x89PNG\r\n\x1a\n'

# JPEG markers (ITU-T T.81, table B.1). Frames are 0xC0 to 0xCF except tables and extensions.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, b'\xff\xd9'
_ALONE = frozenset(range(0xD0, 0xD9)) | {0x01}

# Channels by PNG colour type (PNG 3, table 8); pixels of a palette are colours.
_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}


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
    head = data[: len(_PNG)].tobytes()
    if head.startswith(_JPEG):
        header = _read_jpeg(data)
    elif head == _PNG:
        header = _read_png(data)
    else:
        begin = head.hex(' ') or 'nothing'
        msg = f'format {image_format!r}: the data is neither JPEG nor PNG; it begins with {begin}'
        raise ImageError(msg)
    if not (header.width and header.height):
        msg = f'a {header.kind} of {header.width}x{header.height} pixels is not an image'
        raise ImageError(msg)
    return header


def _read_jpeg(data: NDArray[np.uint8]) -> Header:
    header = None
    at = 2
    while True:
        # Any number of 0xFF may precede a marker.
        while at + 1 < data.size and data[at] == 0xFF and data[at + 1] == 0xFF:
            at += 1
        if at + 4 > data.size or data[at] != 0xFF:
            raise ImageError(_torn('jpeg', data))
        marker = int(data[at + 1])
        if marker in _ALONE:
            at += 2
            continue
        (length,) = struct.unpack('>H', data[at + 2 : at + 4].tobytes())
        if marker in _FRAMES and length >= 8 and at + 10 <= data.size:
            _, height, width, channels = struct.unpack('>BHHB', data[at + 4 : at + 10].tobytes())
            header = Header('jpeg', width, height, channels)
        if marker == _START_OF_SCAN:
            break
        at += 2 + length
    # Within a scan 0xFF is never followed by 0xD9, so this marker is the end of the image. It
    # need not be the end of the data: cameras append padding.
    if header is None or data[at:].tobytes().rfind(_END_OF_IMAGE) < 0:
        raise ImageError(_torn('jpeg', data))
    return header


def _read_png(data: NDArray[np.uint8]) -> Header:
    header = None
    at = len(_PNG)
    while at + 12 <= data.size:
        length, name = struct.unpack('>I4s', data[at : at + 8].tobytes())
        if name == b'IHDR' and length == 13 and at + 21 <= data.size:
            width, height, _, color = struct.unpack('>IIBB', data[at + 8 : at + 18].tobytes())
            header = Header('png', width, height, _PNG_CHANNELS.get(color, 3))
        at += 12 + length
        if name == b'IEND' and header is not None and at <= data.size:
            return header
    raise ImageError(_torn('png', data))


def _torn(kind: str, data: NDArray[np.uint8]) -> str:
    return f'this {kind} of {data.size} bytes is truncated: its header or its end is missing'
