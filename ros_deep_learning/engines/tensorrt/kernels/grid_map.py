# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Which cells of a score grid the pixels of a mask show."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ....imaging.placement import Placement


@dataclass(frozen=True, slots=True)
class GridMap:
    """Which cells of a score grid the pixels of a mask show, along one axis.

    Attributes:
        factor: Grid coordinate of pixel p = (p + 0.5) * factor + shift.
        shift: See ``factor``.
        first: First cell that shows the image.
        last: Last cell that shows the image.
        begin: First pixel that the network saw.
        end: First pixel after those.
    """

    factor: float
    shift: float
    first: int
    last: int
    begin: int
    end: int


@lru_cache(maxsize=64)
def grid_maps(
    placement: Placement, grid_wh: tuple[int, int], mask_wh: tuple[int, int]
) -> tuple[GridMap, GridMap]:
    """Undo a placement: where the pixels of a mask over the source lie on the network's grid.

    Args:
        placement: How the source was laid into the network's input.
        grid_wh: Size of the score grid in cells; it spans the whole network input.
        mask_wh: Size of the mask in pixels; it spans the whole source image.

    Returns:
        The map along x and the map along y.
    """
    maps = []
    for axis in (0, 1):
        source, network = placement.source_wh[axis], placement.network_wh[axis]
        crop, paste = placement.crop_xyxy[axis::2], placement.paste_xyxy[axis::2]
        cells, pixels = grid_wh[axis], mask_wh[axis]
        scale = (paste[1] - paste[0]) / (crop[1] - crop[0])
        maps.append(
            GridMap(
                factor=source / pixels * scale * cells / network,
                shift=(paste[0] - crop[0] * scale) * cells / network,
                first=paste[0] * cells // network,
                last=-(-paste[1] * cells // network) - 1,
                begin=_first_pixel_from(crop[0], source, pixels),
                end=_first_pixel_from(crop[1], source, pixels),
            )
        )
    return maps[0], maps[1]


def _first_pixel_from(edge: int, source: int, pixels: int) -> int:
    """Find the first mask pixel with its centre, (p + 0.5) * source / pixels, at or after edge."""
    return max(0, -(-(2 * pixels * edge - source) // (2 * source)))
