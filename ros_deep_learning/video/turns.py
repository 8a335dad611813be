# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Rotate, mirror and resize images of mounted cameras, with jetson-inference's option names."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .options import VideoOptions

# Whether to transpose, then to reverse the rows, then to reverse the columns.
_STEPS = {
    'none': (False, False, False),
    'counterclockwise': (True, True, False),
    'rotate-180': (False, True, True),
    'clockwise': (True, False, True),
    'horizontal': (False, False, True),
    'vertical': (False, True, False),
    'upper-left-diagonal': (True, False, False),
    'upper-right-diagonal': (True, True, True),
}
TURNS = tuple(_STEPS)


def turned(image: NDArray[np.uint8], turn: str) -> NDArray[np.uint8]:
    """Rotate or mirror an image.

    Args:
        image: Shape (H, W, 3), uint8.
        turn: One of ``TURNS``; ``horizontal`` swaps left and right, ``vertical`` top and bottom;
            the diagonals mirror at the line through that corner.

    Returns:
        Shape (H, W, 3) or (W, H, 3), uint8, contiguous; the image itself for ``none``.
    """
    transpose, rows, columns = _STEPS[turn]
    if transpose:
        image = image.transpose(1, 0, 2)
    return np.ascontiguousarray(image[:: -1 if rows else 1, :: -1 if columns else 1])


def shaped(image: NDArray[np.uint8], options: VideoOptions) -> NDArray[np.uint8]:
    """Rotate or mirror an image, and scale it to the requested size.

    If only one of width and height is given, the aspect ratio is kept.

    Args:
        image: Shape (H, W, 3), uint8.
        options: Its ``flip``, ``width`` and ``height``.

    Returns:
        Shape (height, width, 3), uint8; the image itself if nothing is to be done.
    """
    image = turned(image, options.flip)
    height, width = image.shape[:2]
    wanted_width = options.width or round(width * (options.height or height) / height)
    wanted_height = options.height or round(height * wanted_width / width)
    size_wh = (max(1, wanted_width), max(1, wanted_height))
    if size_wh == (width, height):
        return image
    way = cv2.INTER_AREA if size_wh[0] < width else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size_wh, interpolation=way), np.uint8)
