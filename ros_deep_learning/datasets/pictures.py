# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read the pictures of a data set whole, so that a truncated one is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DatasetError, ImageError
from ..files import read_limited
from ..pictures.picture_files import decode_picture_bgr
from ..text import disk_cause

_MOST_BYTES = 2**28
MOST_PIXELS = 2**27
"""Largest JPEG or PNG that is decoded, such as 11585x11585; as RGB it takes 0.4 GB.

A file of some kilobytes can claim to hold more.
"""


def check_pixels(width: int, height: int) -> None:
    """Raise ImageError if a picture is larger than those that are decoded."""
    if width * height > MOST_PIXELS:
        msg = f'{width}x{height} pixels are refused: the limit is {MOST_PIXELS} pixels'
        raise ImageError(msg)


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Read a picture, turned upright as its EXIF data say.

    Returns:
        Shape (H, W, 3), uint8, RGB.

    Raises:
        DatasetError: It cannot be read, is truncated, or is no picture.
    """
    try:
        data = np.frombuffer(read_limited(path, _MOST_BYTES), np.uint8)
        decoded = decode_picture_bgr(data, check_pixels)
    except OSError as err:
        msg = f'cannot read {path}: {disk_cause(err)}'
        raise DatasetError(msg) from err
    except ImageError as err:
        msg = f'{path} is {err}'
        raise DatasetError(msg) from err
    return np.ascontiguousarray(decoded[..., ::-1])
