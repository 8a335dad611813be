# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Which parts of an image a detector looks at."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import SettingsError
from ..tasks.tiling import Box, region, tiles

Region = tuple[float, float, float, float]

MAX_TILES = 1024
"""More inferences than that for one image are a mistake in the settings."""


@dataclass(frozen=True, slots=True)
class TilingSettings:
    """How an image is cut into overlapping tiles, for objects that are small in it.

    Attributes:
        tile_wh: Width and height of a tile in pixels of the source image, each at least 1; best
            no larger than the network's input by much.
        overlap: Least share 0..0.9 of a tile that it has in common with its neighbour.
        whole: Whether the whole image is looked at too, for objects that are whole in no tile;
            what is whole in one is left to it.

    Raises:
        SettingsError: A value is out of its range.
    """

    tile_wh: tuple[int, int]
    overlap: float = 0.2
    whole: bool = True

    def __post_init__(self) -> None:
        if len(self.tile_wh) != 2 or min(self.tile_wh) < 1:
            msg = f'tile size: want width and height, 1 pixel or more, not {self.tile_wh!r}'
            raise SettingsError(msg)
        if not 0.0 <= self.overlap <= 0.9:
            msg = f'tile overlap: want 0 to 0.9, not {self.overlap!r}'
            raise SettingsError(msg)


def region_box(size_wh: tuple[int, int], shares_xyxy: Region | None) -> Box:
    """Find the pixels of a region of interest; None is the whole image.

    Raises:
        SettingsError: It is not a region of shares 0..1.
    """
    return (0, 0, *size_wh) if shares_xyxy is None else region(size_wh, shares_xyxy)


def parts_of(size_wh: tuple[int, int], settings: TilingSettings | None) -> list[Box]:
    """List the parts of an image that are looked at, one by one.

    Args:
        size_wh: Size of the image in pixels.
        settings: How it is cut; None is not at all.

    Raises:
        SettingsError: There would be more than ``MAX_TILES``.
    """
    whole = (0, 0, *size_wh)
    if settings is None:
        return [whole]
    columns, rows = (
        max(1.0, side / (tile * (1 - settings.overlap)))
        for side, tile in zip(size_wh, settings.tile_wh, strict=True)
    )
    if columns * rows > MAX_TILES:
        width, height = settings.tile_wh
        msg = (
            f'tiles of {width}x{height} that overlap by {settings.overlap:g} are about '
            f'{columns * rows:.0f} for an image of {size_wh[0]}x{size_wh[1]}; want larger tiles, '
            f'up to {MAX_TILES} of them'
        )
        raise SettingsError(msg)
    boxes = tiles(size_wh, settings.tile_wh, settings.overlap)
    return [*boxes, whole] if settings.whole and len(boxes) > 1 else boxes
