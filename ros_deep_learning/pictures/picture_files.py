# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Pictures as files: read whole or not at all, and made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike, fspath, fstat
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from ..text import one_line
from .jpeg_png import JPEG, PNG, read_header


def read_picture_bgr(path: str | PathLike[str]) -> NDArray[np.uint8]:
    """Read a picture of any format that OpenCV decodes, turned upright as its EXIF data say.

    Returns:
        Shape (H, W, 3), uint8, BGR.

    Raises:
        ImageError: The file is missing or cannot be read, is no picture, or a JPEG or PNG whose
            end is missing.
    """
    name = fspath(path)
    try:
        data = _read(name)
    except OSError as err:
        msg = f'cannot read the picture {name!r}: {err.strerror}'
        raise ImageError(msg) from err
    try:
        return decode_picture_bgr(data)
    except ImageError as err:
        msg = f'{name!r} is {err}'
        raise ImageError(msg) from err


def _read(name: str) -> NDArray[np.uint8]:
    # Not by numpy.fromfile(), which makes a SystemError of a Ctrl-C (NumPy 2.4).
    with Path(name).open('rb') as file:
        data = np.empty(fstat(file.fileno()).st_size, np.uint8)
        return data[: file.readinto(data.data)]


def decode_picture_bgr(
    data: NDArray[np.uint8], check_size: Callable[[int, int], None] | None = None
) -> NDArray[np.uint8]:
    """Decode a picture as ``read_picture_bgr`` does.

    Args:
        data: The file, shape (N,).
        check_size: Is given the width and height that a JPEG or PNG claims to have, before it is
            decoded, and raises ImageError if they are too large; None leaves it to OpenCV.

    Raises:
        ImageError: It is no picture, not whole, or too large.
    """
    import cv2

    no_picture = 'no picture that OpenCV decodes'
    try:
        if data[: len(PNG)].tobytes().startswith((JPEG, PNG)):
            # OpenCV fills what is missing with grey.
            header = read_header(data)
            if check_size is not None:
                check_size(header.width, header.height)
        decoded = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except (ImageError, cv2.error) as err:
        msg = f'{no_picture}: {one_line(err)}'
        raise ImageError(msg) from err
    if decoded is None:
        raise ImageError(no_picture)
    return np.asarray(decoded, np.uint8)


def encode_image(
    image: NDArray[np.uint8], kind: Literal['jpeg', 'png'], options: Sequence[int] = ()
) -> bytes:
    """Make a picture file, by OpenCV.

    Args:
        image: Shape (H, W, 3) in BGR, or (H, W), uint8.
        kind: The format.
        options: OpenCV's of that format.

    Raises:
        ImageError: It cannot be one, such as a JPEG with a side above 65500 pixels.
    """
    import cv2

    msg = f'no {kind.upper()} can be made of a frame of shape {image.shape}'
    try:
        done, content = cv2.imencode(f'.{kind}', image, options)
    except cv2.error as err:
        error = f'{msg}: {one_line(err)}'
        raise ImageError(error) from err
    if not done:
        raise ImageError(msg)
    return bytes(content)
