# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Check arrays for drawing, and choose the letter size for an image."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ImageError, SettingsError


def check_canvas(image: NDArray[Any]) -> None:
    """Check that an image can be modified in place.

    Raises:
        ImageError: It is not a writable, C-contiguous uint8 image of shape (H, W, 3).
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        msg = f'expected a uint8 image of shape (H, W, 3), got {image.dtype} {image.shape}'
        raise ImageError(msg)
    if not image.flags.writeable or not image.flags.c_contiguous:
        fault = 'not C-contiguous' if image.flags.writeable else 'read-only'
        msg = f'cannot draw on an image that is {fault}: pass a copy'
        raise ImageError(msg)


def check_colors(colors_rgb: NDArray[Any]) -> None:
    """Check the array of class colours.

    Raises:
        SettingsError: They are not uint8 of shape (K, 3), K at least 1.
    """
    shape = colors_rgb.shape
    if len(shape) != 2 or shape[1] != 3 or not shape[0] or colors_rgb.dtype != np.uint8:
        msg = f'expected uint8 colours of shape (K, 3), got {colors_rgb.dtype} {shape}'
        raise SettingsError(msg)


def capital_px(image_wh: tuple[int, int]) -> int:
    """Return the height of capital letters in pixels; tuned by eye from 176x144 to 4K."""
    return round(5.2 + 0.0092 * math.sqrt(image_wh[0] * image_wh[1]))
