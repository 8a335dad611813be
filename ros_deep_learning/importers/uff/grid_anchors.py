# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Compute the anchors of an SSD from the parameters in a UFF file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FIRST_SCALE = 0.1
"""Scale of the square anchor of the first map, from create_ssd_anchors in TensorFlow's
multiple_grid_anchor_generator.py; the other anchors of that map have the minimum scale."""

_FIRST_RATIOS = 3


def grid_anchors(
    map_sizes: Sequence[int],
    min_scale: float,
    max_scale: float,
    aspect_ratios: Sequence[float],
) -> NDArray[np.float64]:
    """Compute the anchors of square feature maps, as TensorRT's plugin ``GridAnchor_TRT``.

    Args:
        map_sizes: Rows (and columns) of each map.
        min_scale: Side of the anchors of the first map, as a share of the image.
        max_scale: Side of the anchors of the last map; the scales between are evenly spaced.
        aspect_ratios: Width divided by height. The first map uses the first three only; each
            other map has one more square, with a scale between its own and the next.

    Returns:
        Shape (N, 4), float64, yxyx in 0..1 of the image: map by map, row by row, cell by cell.

    Raises:
        ValueError: There are fewer than two maps or three ratios, or a number is not above 0.
    """
    ratios = [float(ratio) for ratio in aspect_ratios]
    numbers = [*map_sizes, min_scale, max_scale, *ratios]
    if len(map_sizes) < 2 or len(ratios) < _FIRST_RATIOS or not all(n > 0 for n in numbers):
        msg = f'no anchors for maps {list(map_sizes)[:8]} and aspect ratios {ratios[:8]}'
        raise ValueError(msg)
    scales = [*np.linspace(min_scale, max_scale, len(map_sizes)).tolist(), 1.0]
    maps = []
    for index, size in enumerate(map_sizes):
        if index == 0:
            shapes = list(zip([FIRST_SCALE, min_scale, min_scale], ratios, strict=False))
        else:
            between = float(np.sqrt(scales[index] * scales[index + 1]))
            shapes = [(scales[index], ratio) for ratio in ratios] + [(between, 1.0)]
        centers = (np.arange(size) + 0.5) / size
        y, x = np.meshgrid(centers, centers, indexing='ij')
        half_h = np.array([scale / np.sqrt(ratio) / 2 for scale, ratio in shapes])
        half_w = np.array([scale * np.sqrt(ratio) / 2 for scale, ratio in shapes])
        y, x = y[..., None], x[..., None]
        maps.append(np.stack([y - half_h, x - half_w, y + half_h, x + half_w], -1).reshape(-1, 4))
    return np.concatenate(maps)
