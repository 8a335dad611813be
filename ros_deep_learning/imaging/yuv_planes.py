# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""YUV whose chroma planes have another row length than the luma plane: i420 and nv24."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

PLANES = ('i420', 'nv24')

# BT.601, 16..235, with the coefficients of OpenCV's conversions; the last column is the offset.
_Y, _RV, _GU, _GV, _BU = 255 / 219, 1.596, -0.391, -0.813, 2.018
_TO_RGB = np.array(
    [
        [_Y, 0.0, _RV, -16 * _Y - 128 * _RV],
        [_Y, _GU, _GV, -16 * _Y - 128 * (_GU + _GV)],
        [_Y, _BU, 0.0, -16 * _Y - 128 * _BU],
    ]
)


def plane_bytes(encoding: str, width: int, height: int, step: int) -> int:
    """Return the bytes that an image needs; those after the last pixel are not counted.

    Args:
        encoding: ``i420`` or ``nv24``.
        width: Image width in pixels; even for i420.
        height: Image height in pixels; even for i420.
        step: Bytes from one luma row to the next; those of chroma are half (i420) or double.
    """
    if encoding == 'i420':
        return height * step + height * (step // 2) - (step - width) // 2
    return 3 * height * step - 2 * (step - width)


def planes_to_rgb(
    flat: NDArray[np.uint8], encoding: str, width: int, height: int, step: int
) -> NDArray[np.uint8]:
    """Convert the bytes of an image, as many as ``plane_bytes`` says, to (H, W, 3) rgb."""
    import cv2

    luma = _plane(flat, 0, (height, width), step)
    if encoding == 'nv24':
        chroma = _plane(flat, height * step, (height, 2 * width), 2 * step)
        yuv = np.dstack([luma, chroma.reshape(height, width, 2)])
        return cast('NDArray[np.uint8]', cv2.transform(yuv, _TO_RGB))
    half = (height // 2, width // 2)
    u, v = (
        _plane(flat, height * step + index * half[0] * (step // 2), half, step // 2)
        for index in (0, 1)
    )
    rows: Any = np.concatenate([luma.ravel(), u.ravel(), v.ravel()])
    rows = rows.reshape(height * 3 // 2, width)
    return cast('NDArray[np.uint8]', cv2.cvtColor(rows, cv2.COLOR_YUV2RGB_I420))


def _plane(
    flat: NDArray[np.uint8], begin: int, rows_width: tuple[int, int], step: int
) -> NDArray[np.uint8]:
    rows, width = rows_width
    # The step of a single row is never used, and may be too large for an address.
    strides = (step if rows > 1 else width, 1)
    plane: NDArray[np.uint8] = np.ndarray(rows_width, np.uint8, flat, begin, strides)
    return plane
