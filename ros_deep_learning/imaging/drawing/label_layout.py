# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Place the labels of boxes so that they stay readable."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Largest share of a label that others may cover: beyond that it is only clutter.
_MAX_HIDDEN = 0.25


def place_labels(
    boxes_xyxy: NDArray[np.int64],
    sizes_wh: Sequence[tuple[int, int]],
    image_wh: tuple[int, int],
) -> list[tuple[int, int] | None]:
    """Find a place for each label, next to its box and clear of the labels before it.

    Args:
        boxes_xyxy: Shape (N, 4), pixel edges inside the image, most important first.
        sizes_wh: Width and height of the N labels in pixels.
        image_wh: Width and height of the image in pixels.

    Returns:
        Left and top of each label. A label lies inside the image, or starts at its left or top
        edge if it is larger than the image. None if more than a quarter of it would be hidden.
    """
    taken = np.empty((len(sizes_wh), 4), np.int64)
    count = 0
    places: list[tuple[int, int] | None] = []
    for box, (w, h) in zip(boxes_xyxy, sizes_wh, strict=True):
        spots = _spots(box, (w, h), image_wh)
        hidden = _covered(spots, taken[:count])
        best = int(hidden.argmin())
        if hidden[best] > _MAX_HIDDEN * w * h:
            places.append(None)
            continue
        places.append((int(spots[best, 0]), int(spots[best, 1])))
        taken[count] = spots[best]
        count += 1
    return places


def _spots(
    box: NDArray[np.int64], size_wh: tuple[int, int], image_wh: tuple[int, int]
) -> NDArray[np.int64]:
    """List the places, shape (8, 4), best first: above, inside, below; left, then right."""
    (w, h), (x1, y1, x2, y2) = size_wh, box.tolist()
    lefts = (x1, x2 - w)
    tops = (y1 - h, y1, y2, y2 - h) if y1 >= h else (y1, y2, y2 - h, 0)
    max_x, max_y = max(0, image_wh[0] - w), max(0, image_wh[1] - h)
    corners = [(min(max(x, 0), max_x), min(max(y, 0), max_y)) for x in lefts for y in tops]
    return np.array([(x, y, x + w, y + h) for x, y in corners], np.int64)


def _covered(spots: NDArray[np.int64], taken: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the pixels of each spot that taken places cover, shape (len(spots),)."""
    upper = np.minimum(spots[:, None, 2:], taken[:, 2:])
    lower = np.maximum(spots[:, None, :2], taken[:, :2])
    sides = np.maximum(upper - lower, 0)
    covered: NDArray[np.int64] = (sides[..., 0] * sides[..., 1]).sum(axis=1)
    return covered
