# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Names and files of pictures that are collected."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from datetime import datetime, timezone
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..datasets.pictures import check_pixels
from ..errors import DatasetError, ImageError
from ..pictures import picture_files

JPEG_QUALITY = 95
_KEPT = re.compile(r'[^\w.+-]+')


def new_name() -> str:
    """Return a file name of a JPEG: the time in UTC, and what tells two collectors apart."""
    now = datetime.now(timezone.utc)
    return f'{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03d}-{secrets.token_hex(4)}.jpg'


def name_of_file(path: Path, data: bytes) -> str:
    """Return the name of a copy of a picture, which is the same for the same picture."""
    stem = _KEPT.sub('_', path.stem)[:100]
    return f'{stem}-{hashlib.sha256(data).hexdigest()[:8]}{path.suffix.lower()}'


def name_of_waiting(path: Path, data: bytes, stems: Collection[str]) -> str:
    """Return the name that a picture in ``unlabelled`` gets in its data set: its own if free.

    Args:
        path: The picture.
        data: The file.
        stems: Names in the data set without their endings, which labels do not have. Cameras
            number their pictures from the start again.
    """
    return name_of_file(path, data) if path.stem in stems else path.name


def encode_picture(frame_bgr: NDArray[np.uint8]) -> bytes:
    """Return a frame as a JPEG of quality 95.

    Args:
        frame_bgr: Shape (H, W, 3), uint8.

    Raises:
        ImageError: It cannot be one.
    """
    return picture_files.encode_image(frame_bgr, 'jpeg', (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))


def decode_picture(data: bytes) -> NDArray[np.uint8]:
    """Decode a picture, turned upright as its EXIF data say; shape (H, W, 3), uint8, BGR.

    Raises:
        DatasetError: It is none.
    """
    array = np.frombuffer(data, np.uint8)
    try:
        return picture_files.decode_picture_bgr(array, check_pixels)
    except ImageError as err:
        raise DatasetError(*err.args) from err
