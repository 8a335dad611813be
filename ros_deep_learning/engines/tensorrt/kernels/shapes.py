# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Launch shapes, and how the kernels are told to resize."""

from __future__ import annotations

BLOCK_1D = (256, 1, 1)
BLOCK_2D = (32, 8, 1)
HISTOGRAM_BLOCKS = 64
"""Enough to fill the GPUs of Jetsons and RTX cards, and few enough that merging costs nothing."""


def grid_1d(count: int) -> tuple[int, int]:
    """Count the blocks that give each of ``count`` elements a thread."""
    return -(-count // BLOCK_1D[0]), 1


def grid_2d(width: int, height: int) -> tuple[int, int]:
    """Count the blocks that give each pixel a thread."""
    return -(-width // BLOCK_2D[0]), -(-height // BLOCK_2D[1])


def interpolation_code(interpolation: str, scale_xy: tuple[float, float]) -> int:
    """Choose the kernel's way of resizing.

    Args:
        interpolation: ``nearest``, ``bilinear``, ``bicubic`` or ``area``.
        scale_xy: Source pixels a network pixel. Like OpenCV, ``area`` averages where neither
            axis is enlarged, and else interpolates between the pixels' areas.
    """
    if interpolation == 'area':
        return 2 if min(scale_xy) >= 1 else 3
    return {'nearest': 0, 'bilinear': 1, 'bicubic': 4}[interpolation]
