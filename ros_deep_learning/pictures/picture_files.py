# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read a picture file whole, or not at all."""

from __future__ import annotations

from os import PathLike, fspath

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from .jpeg_png import JPEG, PNG, read_header


def read_picture_bgr(path: str | PathLike[str]) -> NDArray[np.uint8]:
    """Read a picture of any format that OpenCV decodes, turned upright as its EXIF data say.

    Returns:
        Shape (H, W, 3), uint8, BGR.

    Raises:
        ImageError: The file is missing or cannot be read, is no picture, or a JPEG or PNG whose
            end is missing.
    """
    import cv2

    name = fspath(path)
    try:
        data = np.fromfile(name, np.uint8)
    except OSError as err:
        msg = f'cannot read the picture {name!r}: {err.strerror}'
        raise ImageError(msg) from err
    try:
        if data[: len(PNG)].tobytes().startswith((JPEG, PNG)):
            # OpenCV fills what is missing with grey.
            read_header(data)
        decoded = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except ImageError as err:
        msg = f'{name!r} is no picture that OpenCV decodes: {err}'
        raise ImageError(msg) from err
    except cv2.error as err:
        msg = f'OpenCV cannot decode the picture {name!r}: {err.err}'
        raise ImageError(msg) from err
    if decoded is None:
        msg = f'{name!r} is no picture that OpenCV decodes, such as a JPEG or PNG'
        raise ImageError(msg)
    return np.asarray(decoded, np.uint8)
