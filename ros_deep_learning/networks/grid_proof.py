# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Decide by the cells of a grid what the four numbers of a box are.

A detector with a box for each cell of its grids puts the box's centre near the cell, whatever is
in the picture: of YOLOX and YOLOv8, half of the boxes are within 0.2 to 0.8 cells of theirs, and
3 or more cells away where corners are read as centres, edges as centres, or x as y.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CardError
from ..tasks.decoders.arrays import cell_count, cells
from ..tasks.decoders.registry import Decoder

_GRIDS = ((8, 16, 32), (8, 16, 32, 64), (4, 8, 16, 32))
_ANCHORS = (1, 3)
_NEAR = 1.5
"""Cells that the centre of a box is away from its cell, in the median, where it is read right."""

_EDGES, _CENTRES = 'edges (x1, y1, x2, y2)', 'centre, width and height'
_READ = {'edges': _EDGES, 'centres': _CENTRES}


def check_grid(boxes: NDArray[Any], network_wh: tuple[int, int], decoder: Decoder) -> bool:
    """Check that boxes are written as their decoder reads them.

    Args:
        boxes: A table whose first four fields are the boxes in pixels, a row or a column each;
            in the order of grids, anchors, rows and columns.
        network_wh: Size of the network's input in pixels.
        decoder: What reads them.

    Returns:
        Whether they are near their cells; False where they belong to no grid, or nothing tells.

    Raises:
        CardError: They are near their cells only if they are read in another way.
    """
    own = _READ.get(decoder.boxes)
    found = _on_grid(boxes, network_wh)
    if own is None or found is None:
        return False
    numbers, points, stride = found
    away = {
        name: float(np.median(np.abs(centres - points).max(axis=1) / stride))
        for name, centres in _centres(numbers).items()
    }
    best = min(away, key=away.__getitem__)
    if away[best] <= _NEAR and away[own] > 2 * away[best] and away[own] - away[best] > 0.2:
        msg = (
            f'half of the {len(numbers)} boxes are within {away[best]:.1f} cells of their cell of '
            f'the grid if their numbers are {best}, but {away[own]:.1f} cells away as {own}; to '
            f'fix: export them as {own}'
        )
        raise CardError(msg)
    return away[own] <= _NEAR


def _on_grid(
    boxes: NDArray[Any], network_wh: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] | None:
    """Return boxes (N, 4), the centres of their cells (N, 2), and strides (N,), or None."""
    if boxes.ndim != 2:
        return None
    for strides in _GRIDS:
        for anchors in _ANCHORS:
            count = anchors * cell_count(network_wh, strides)
            if count not in boxes.shape:
                continue
            table = boxes if boxes.shape[0] == count else boxes.T
            if table.shape[1] < 4:
                continue
            grids = [cells(network_wh, (stride,)) for stride in strides]
            grid = np.concatenate([one for one in grids for _ in range(anchors)])
            numbers = table[:, :4].astype(np.float64)
            used = np.isfinite(numbers).all(axis=1) & (numbers != 0).any(axis=1)
            if 2 * np.count_nonzero(used) < count:
                return None
            grid = grid[used].astype(np.float64)
            return numbers[used], (grid[:, :2] + 0.5) * grid[:, 2:], grid[:, 2]
    return None


def _centres(numbers: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return the centres of boxes, (N, 2), by what their numbers may be."""
    first, second = numbers[:, :2], numbers[:, 2:]
    ways = {
        _CENTRES: first,
        'corner, width and height': first + second / 2,
        _EDGES: (first + second) / 2,
    }
    turned = {f'{name} with y before x': centres[:, ::-1] for name, centres in ways.items()}
    return ways | turned
