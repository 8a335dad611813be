# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Small objects in large images: overlapping tiles, and one result from those of the tiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingsError
from ..imaging.pixels import Pixels
from .boxes import areas, intersections
from .detection import Detections, DetectionSettings
from .nms import nms

Box = tuple[int, int, int, int]

BORDER = 0.01
"""Share of a tile's side within which a box's edge counts as lying on the tile's border."""

COVERED = 0.5
"""Share of a cut box that another one must cover to stand for it."""


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
        msg = f'tile size: want 1 pixel or more, not {tile_wh[0]}x{tile_wh[1]}'
        raise SettingsError(msg)
    if not 0.0 <= overlap < 1.0:
        msg = f'tile overlap: want 0 or more and less than 1, not {overlap!r}'
        raise SettingsError(msg)
    (columns, width), (rows, height) = (
        _spread(side, tile, overlap) for side, tile in zip(source_wh, tile_wh, strict=True)
    )
    return [(x, y, x + width, y + height) for y in rows for x in columns]


def region(source_wh: tuple[int, int], shares_xyxy: Sequence[float]) -> Box:
    """Turn a region given as shares of an image into whole pixels: those that it touches.

    Args:
        source_wh: Size of the image in pixels, each at least 1.
        shares_xyxy: Edges (x1, y1, x2, y2), 0..1.

    Raises:
        SettingsError: There are not four edges within 0..1, or they hold nothing.
    """
    if len(shares_xyxy) != 4 or not all(0.0 <= share <= 1.0 for share in shares_xyxy):
        msg = f'region: want four edges x1, y1, x2, y2 from 0 to 1, not {list(shares_xyxy)}'
        raise SettingsError(msg)
    x1, y1, x2, y2 = shares_xyxy
    if x1 >= x2 or y1 >= y2:
        msg = f'region: want x1 < x2 and y1 < y2, not {list(shares_xyxy)}'
        raise SettingsError(msg)
    (left, right), (top, bottom) = (
        _touched(side, low, high)
        for side, low, high in zip(source_wh, (x1, y1), (x2, y2), strict=True)
    )
    return left, top, right, bottom


def crop(pixels: Pixels, box: Box) -> Pixels:
    """Take a part of an image, as a view."""
    x1, y1, x2, y2 = box
    return Pixels(pixels.array[y1:y2, x1:x2], pixels.order)


def placed(detections: Detections, box: Box, source_wh: tuple[int, int]) -> Detections:
    """Move detections found in a part of an image to where they are in the whole of it."""
    origin = np.array(box[:2] * 2, np.float32)
    return Detections(
        detections.boxes_xyxy + origin, detections.scores, detections.class_ids, source_wh
    )


def merge(
    found: Sequence[Detections],
    parts: Sequence[Box],
    source_wh: tuple[int, int],
    settings: DetectionSettings,
) -> Detections:
    """Make one result from those of an image's tiles.

    Boxes that are whole are suppressed by better ones as usual. A box that ends at a tile's
    border inside the image shows a part of an object only, and its score says little about how
    much: it is dropped where a box of another tile overlaps it as usual, or covers half of it,
    be it whole or, where the object is whole in no tile, a larger part. Add the whole image to
    the parts to find objects that are larger than a tile: what is found in it is dropped where it
    is whole in a tile, which sees it better. A network that has only a few pixels of it would
    report it a second time, a little aside or as something else.

    Args:
        found: The detections of each tile, in the tile's own pixels.
        parts: Where the tiles lie in the image.
        source_wh: Size of the image in pixels.
        settings: The overlap, number and classes that suppression goes by.

    Returns:
        Detections in pixels of the image, best score first.
    """
    moved = [placed(f, part, source_wh) for f, part in zip(found, parts, strict=True)]
    every = Detections(
        np.concatenate([np.zeros((0, 4), np.float32), *(m.boxes_xyxy for m in moved)]),
        np.concatenate([np.zeros(0, np.float32), *(m.scores for m in moved)]),
        np.concatenate([np.zeros(0, np.int32), *(m.class_ids for m in moved)]),
        source_wh,
    )
    owner = np.repeat(np.arange(len(moved)), [len(m) for m in moved])
    wanted = np.flatnonzero(~_is_left_to_tiles(every.boxes_xyxy, owner, parts, source_wh))
    every, owner = every.take(wanted), owner[wanted]
    cut = np.zeros(len(every), np.bool_)
    for k, part in enumerate(parts):
        mine = owner == k
        cut[mine] = _is_cut(every.boxes_xyxy[mine], part, source_wh)
    whole = np.flatnonzero(~cut)
    kept = nms(
        every.boxes_xyxy[whole],
        every.scores[whole],
        every.class_ids[whole],
        settings.iou_threshold,
        len(whole),
        class_agnostic=settings.class_agnostic,
        candidate_limit=settings.candidate_limit,
    )
    index = [int(k) for k in whole[kept]]
    for piece in _largest_first(every, np.flatnonzero(cut)):
        if not _is_shown(every, owner, int(piece), np.array(index, np.intp), settings):
            index.append(int(piece))
    best = sorted(index, key=lambda k: -float(every.scores[k]))[: settings.max_detections]
    return every.take(np.array(best, np.intp))


def _spread(side: int, tile: int, overlap: float) -> tuple[list[int], int]:
    """Place tiles along one side of an image; also gives their length."""
    if side <= tile:
        return [0], side
    shared = min(int(np.ceil(tile * overlap)), tile - 1)
    count = -(-(side - shared) // (tile - shared))
    return [k * (side - tile) // (count - 1) for k in range(count)], tile


def _touched(side: int, low: float, high: float) -> tuple[int, int]:
    first = min(int(low * side), side - 1)
    return first, max(first + 1, int(np.ceil(high * side)))


def _is_left_to_tiles(
    boxes_xyxy: NDArray[Any],
    owner: NDArray[np.intp],
    parts: Sequence[Box],
    source_wh: tuple[int, int],
) -> NDArray[np.bool_]:
    """Tell which boxes of larger parts are whole in one of the smallest parts."""
    sizes = [(x2 - x1, y2 - y1) for x1, y1, x2, y2 in parts]
    is_tile = np.array([size == min(sizes) for size in sizes], np.bool_)
    seen = np.zeros(len(boxes_xyxy), np.bool_)
    for k in np.flatnonzero(is_tile):
        seen |= ~_is_cut(boxes_xyxy, parts[int(k)], source_wh)
    return seen & ~is_tile[owner]


def _is_cut(boxes_xyxy: NDArray[Any], part: Box, source_wh: tuple[int, int]) -> NDArray[np.bool_]:
    x1, y1, x2, y2 = part
    cut = np.zeros(len(boxes_xyxy), np.bool_)
    for axis, (low, high) in enumerate(((x1, x2), (y1, y2))):
        border = BORDER * (high - low)
        if low > 0:
            cut |= boxes_xyxy[:, axis] <= low + border
        if high < source_wh[axis]:
            cut |= boxes_xyxy[:, axis + 2] >= high - border
    return cut


def _largest_first(every: Detections, index: NDArray[np.intp]) -> NDArray[np.intp]:
    boxes = every.boxes_xyxy[index]
    order = np.lexsort((*boxes.T[::-1], -every.scores[index], -areas(boxes)))
    return index[order]


def _is_shown(
    every: Detections,
    owner: NDArray[Any],
    piece: int,
    index: NDArray[np.intp],
    settings: DetectionSettings,
) -> bool:
    """Tell whether a box of another tile, among those of an index, stands for a cut one."""
    others = index[owner[index] != owner[piece]]
    if not settings.class_agnostic:
        others = others[every.class_ids[others] == every.class_ids[piece]]
    box = every.boxes_xyxy[piece : piece + 1]
    shared = intersections(box, every.boxes_xyxy[others])[0]
    area = areas(box)
    union = area + areas(every.boxes_xyxy[others]) - shared
    return bool(((shared > settings.iou_threshold * union) | (shared > COVERED * area)).any())
