# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Which parts of an image a detector looks at: a region of interest, and tiles of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import SettingsError
from ..imaging.device_pixels import AnyPixels

Box = tuple[int, int, int, int]
"""Edges x1, y1, x2, y2 in whole pixels."""

Region = tuple[float, float, float, float]
"""Edges x1, y1, x2, y2 as shares 0..1 of an image."""

MAX_TILES = 1024
"""More inferences than that for one image are a mistake in the settings."""


@dataclass(frozen=True, slots=True)
class TilingSettings:
    """How an image is cut into overlapping tiles, for objects that are small in it.

    Attributes:
        tile_wh: Width and height of a tile in pixels of the source image, each at least 1; best
            not much larger than the network's input.
        overlap: Least share 0..0.9 of a tile that it has in common with its neighbour.
        whole: Whether the whole image is looked at too, for objects that are whole in no tile;
            what is whole in a tile is left to that.

    Raises:
        SettingsError: A value is out of its range.
    """

    tile_wh: tuple[int, int]
    overlap: float = 0.2
    whole: bool = True

    def __post_init__(self) -> None:
        if len(self.tile_wh) != 2 or min(self.tile_wh) < 1:
            msg = f'tile size: expected width and height of 1 pixel or more, got {self.tile_wh!r}'
            raise SettingsError(msg)
        if not 0.0 <= self.overlap <= 0.9:
            msg = f'tile overlap: expected 0 to 0.9, got {self.overlap!r}'
            raise SettingsError(msg)


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of an image that a detector looks at.

    Attributes:
        region: The region of interest, in pixels of the image.
        tiles: Each part, in pixels of the region.
    """

    region: Box
    tiles: tuple[Box, ...]

    @property
    def region_wh(self) -> tuple[int, int]:
        """Width and height of the region in pixels."""
        x1, y1, x2, y2 = self.region
        return x2 - x1, y2 - y1

    def views(self, pixels: AnyPixels) -> list[AnyPixels]:
        """Cut an image; the parts are views of it."""
        inside = pixels.part(self.region)
        return [inside.part(tile) for tile in self.tiles]


def parts_of(
    size_wh: tuple[int, int], region: Region | None, tiling: TilingSettings | None
) -> Parts:
    """List the parts of an image that are looked at.

    Args:
        size_wh: Size of the image in pixels.
        region: Where the network looks; None is the whole image.
        tiling: How that is cut; None is not at all.

    Raises:
        SettingsError: There would be more than ``MAX_TILES``.
    """
    box = region_box(size_wh, region)
    inside_wh = (box[2] - box[0], box[3] - box[1])
    whole = (0, 0, *inside_wh)
    if tiling is None:
        return Parts(box, (whole,))
    columns, rows = (
        max(1.0, side / (tile * (1 - tiling.overlap)))
        for side, tile in zip(inside_wh, tiling.tile_wh, strict=True)
    )
    if columns * rows > MAX_TILES:
        width, height = tiling.tile_wh
        msg = (
            f'tiles of {width}x{height} that overlap by {tiling.overlap:g} are about '
            f'{columns * rows:.0f} for an image of {inside_wh[0]}x{inside_wh[1]}, but at most '
            f'{MAX_TILES} are allowed: choose larger tiles'
        )
        raise SettingsError(msg)
    boxes = tiles(inside_wh, tiling.tile_wh, tiling.overlap)
    return Parts(box, (*boxes, whole) if tiling.whole and len(boxes) > 1 else tuple(boxes))


def tiles(source_wh: tuple[int, int], tile_wh: tuple[int, int], overlap: float) -> list[Box]:
    """Cover an image with the least number of equal tiles, row by row.

    Tiles are spread evenly, so they overlap by at least what is asked for. Along a side on which
    the image is no larger than a tile, the tile is as large as the image.

    Args:
        source_wh: Size of the image in pixels, each at least 1.
        tile_wh: Size of a tile in pixels, each at least 1.
        overlap: Least share of a tile, 0 up to but not including 1, that it has in common with
            its neighbour; objects of up to that size are whole in one tile or another.

    Returns:
        Edges (x1, y1, x2, y2) of each tile, in whole pixels.

    Raises:
        SettingsError: A value is out of its range.
    """
    if min(tile_wh) < 1:
        msg = f'tile size: expected 1 pixel or more, got {tile_wh[0]}x{tile_wh[1]}'
        raise SettingsError(msg)
    if not 0.0 <= overlap < 1.0:
        msg = f'tile overlap: expected 0 or more and less than 1, got {overlap!r}'
        raise SettingsError(msg)
    (columns, width), (rows, height) = (
        _spread(side, tile, overlap) for side, tile in zip(source_wh, tile_wh, strict=True)
    )
    return [(x, y, x + width, y + height) for y in rows for x in columns]


def region_box(source_wh: tuple[int, int], shares_xyxy: Sequence[float] | None) -> Box:
    """Turn a region given as shares of an image into whole pixels: those that it touches.

    Args:
        source_wh: Size of the image in pixels, each at least 1.
        shares_xyxy: Edges (x1, y1, x2, y2), 0..1; None is the whole image.

    Raises:
        SettingsError: There are not four edges within 0..1, or they hold nothing.
    """
    if shares_xyxy is None:
        return (0, 0, *source_wh)
    if len(shares_xyxy) != 4 or not all(0.0 <= share <= 1.0 for share in shares_xyxy):
        msg = f'region: expected four edges x1, y1, x2, y2 from 0 to 1, got {list(shares_xyxy)}'
        raise SettingsError(msg)
    x1, y1, x2, y2 = shares_xyxy
    if x1 >= x2 or y1 >= y2:
        msg = f'region: expected x1 < x2 and y1 < y2, got {list(shares_xyxy)}'
        raise SettingsError(msg)
    (left, right), (top, bottom) = (
        _touched(side, low, high)
        for side, low, high in zip(source_wh, (x1, y1), (x2, y2), strict=True)
    )
    return left, top, right, bottom


def _spread(side: int, tile: int, overlap: float) -> tuple[list[int], int]:
    """Place tiles along one side of an image; also return their length."""
    if side <= tile:
        return [0], side
    shared = min(int(np.ceil(tile * overlap)), tile - 1)
    count = -(-(side - shared) // (tile - shared))
    return [k * (side - tile) // (count - 1) for k in range(count)], tile


def _touched(side: int, low: float, high: float) -> tuple[int, int]:
    first = min(int(low * side), side - 1)
    return first, max(first + 1, int(np.ceil(high * side)))
