# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Choose a distinct colour for every class, and the class that has none."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

UNLABELLED = 255
"""The class of a pixel that has none, as vision_msgs/LabelInfo has it for 8-bit masks."""

# sRGB to OKLab (B. Ottosson, "A perceptual color space for image processing", 2020).
_RGB_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LMS_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)

# Bounds of OKLab's lightness and chroma, tuned by eye: colours that stand out of a picture but
# do not glare.
_LIGHTNESS = (0.60, 0.88)
_CHROMA = (0.12, 0.24)
_FIRST_RGB = (60, 210, 90)
_GRID_STEP = 15


def class_colors(count: int) -> NDArray[np.uint8]:
    """Return a colour for each class, perceptually the farthest from those of all before it.

    Args:
        count: Number of classes, 0 or more.

    Returns:
        Shape (count, 3), uint8, rgb; a copy. Row k is the same for every count and machine.
        After about 1750 classes the colours repeat.
    """
    palette, candidates = _farthest_first(count)
    return palette[np.arange(count) % max(1, candidates)]


@lru_cache(maxsize=8)
def _farthest_first(count: int) -> tuple[NDArray[np.uint8], int]:
    levels = np.arange(0, 256, _GRID_STEP)
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing='ij'), axis=-1).reshape(-1, 3)
    lab = _oklab(grid)
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    fits = (lab[:, 0] >= _LIGHTNESS[0]) & (lab[:, 0] <= _LIGHTNESS[1])
    fits &= (chroma >= _CHROMA[0]) & (chroma <= _CHROMA[1])
    rgb = grid[fits]
    # Integers, so that rounding on another machine does not change which colour is farthest.
    points = np.rint(lab[fits] * 1000).astype(np.int64)
    newest = int(np.flatnonzero((rgb == _FIRST_RGB).all(axis=1))[0])
    chosen = [newest]
    distance = np.full(len(points), np.iinfo(np.int64).max)
    while len(chosen) < min(count, len(points)):
        distance = np.minimum(distance, ((points - points[newest]) ** 2).sum(axis=1))
        newest = int(distance.argmax())
        chosen.append(newest)
    return rgb[chosen].astype(np.uint8), len(points)


def _oklab(rgb: NDArray[np.int64]) -> NDArray[np.float64]:
    """Convert sRGB 0..255, shape (N, 3), to OKLab, lightness 0..1."""
    encoded = rgb / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    lab: NDArray[np.float64] = np.cbrt(linear @ _RGB_TO_LMS.T) @ _LMS_TO_LAB.T
    return lab
