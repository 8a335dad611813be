# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read masks of class numbers, of PNG files with a palette too."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DatasetError, ImageError
from ..files import read_limited
from ..pictures.jpeg_png import read_header
from ..pictures.picture_files import encode_image
from ..text import disk_cause
from .drawn_mask import DrawnMask
from .pictures import check_pixels

_MOST_BYTES = 2**28
_SIGNATURE = b'\x89PNG\r\n\x1a\n'
_GREY, _PALETTE = 0, 3


def mask_label(mask: Path | DrawnMask) -> Path:
    """Return the file of a mask, for messages."""
    return mask.label if isinstance(mask, DrawnMask) else mask


def read_mask(path: Path | DrawnMask) -> NDArray[np.uint8]:
    """Read the class numbers of a mask, or draw them.

    Returns:
        Shape (H, W), uint8.

    Raises:
        DatasetError: It cannot be read, or is a picture of colours.
    """
    import cv2

    if isinstance(path, DrawnMask):
        return path.draw()
    try:
        data = read_limited(path, _MOST_BYTES)
    except OSError as err:
        msg = f'cannot read {path}: {disk_cause(err)}'
        raise DatasetError(msg) from err
    data, depth = _without_palette(data)
    array = np.frombuffer(data, np.uint8)
    try:
        header = read_header(array)
        check_pixels(header.width, header.height)
        decoded: NDArray[Any] | None = cv2.imdecode(array, cv2.IMREAD_UNCHANGED)
    except (cv2.error, ImageError) as err:
        msg = f'{path} cannot be read as a mask: {err}'
        raise DatasetError(msg) from err
    if decoded is None:
        msg = f'{path} cannot be read as a mask'
        raise DatasetError(msg)
    if decoded.ndim == 3:
        first = decoded[..., :1]
        if (decoded[..., :3] != first).any():
            msg = (
                f'{path} is a picture of colours; expected one channel, whose values are the '
                'numbers of the classes'
            )
            raise DatasetError(msg)
        decoded = first[..., 0]
    if decoded.dtype != np.uint8:
        decoded = np.where(decoded > 255, 255, decoded)
    # OpenCV spreads grey of fewer bits over 0..255.
    numbers: NDArray[np.uint8] = (decoded // (255 // (2**depth - 1))).astype(np.uint8, copy=False)
    return numbers


def encode_mask(mask: NDArray[np.uint8]) -> bytes:
    """Return the PNG of a mask, shape (H, W), uint8."""
    return encode_image(mask, 'png')


def _without_palette(data: bytes) -> tuple[bytes, int]:
    """Return a PNG whose palette numbers are grey values, since OpenCV gives only colours.

    Returns:
        The file, and the bits of a number; a file without a palette comes back as it is, with 8.
    """
    if data[:8] != _SIGNATURE or len(data) < 33 or data[25] != _PALETTE:
        return data, 8
    depth = data[24]
    header = b'IHDR' + data[16:25] + bytes([_GREY]) + data[26:29]
    out = [_SIGNATURE, data[8:12], header, struct.pack('>I', zlib.crc32(header))]
    at = 33
    while at + 12 <= len(data):
        (length,) = struct.unpack_from('>I', data, at)
        if data[at + 4 : at + 8] not in (b'PLTE', b'tRNS'):
            out.append(data[at : at + 12 + length])
        at += 12 + length
    return b''.join(out), depth if depth in (1, 2, 4) else 8
