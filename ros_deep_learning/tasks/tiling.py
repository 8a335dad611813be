# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Make one result of what was found in the parts of an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .boxes import areas, intersections
from .detection import Detections
from .nms import nms
from .parts import Box, Parts
from .suppression import DetectionSettings, largest_first

BORDER = 0.01
"""Share of a tile's side within which a box's edge counts as lying on the tile's border."""

COVERED = 0.5
"""Share of a cut box that another one must cover to stand for it."""


def joined(
    found: Sequence[Detections],
    parts: Parts,
    source_wh: tuple[int, int],
    settings: DetectionSettings,
) -> Detections:
    """Make one result of what was found in each part of an image, in pixels of the image."""
    one = found[0]
    if len(parts.tiles) > 1:
        one = merge(found, parts.tiles, parts.region_wh, settings)
        if settings.only.order == 'area':
            one = largest_first(one)
    return placed(one, parts.region, source_wh)


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

    Boxes that are whole are suppressed by better ones of other tiles as usual; those of one tile
    are not compared again, since its network may tell two objects at nearly one place apart.

    A box that ends at a tile's border inside the image shows a part of an object only, and its
    score says little about how much: it is dropped where a box of another tile overlaps it as
    usual, or covers half of it, be it whole or, where the object is whole in no tile, a larger
    part.

    Add the whole image to the parts to find objects that are larger than a tile: what is found in
    it is dropped where it is whole in a tile, which sees it better. A network that has only a few
    pixels of it would report it a second time, a little aside or as something else.

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
        groups=owner[whole],
    )
    index = [int(k) for k in whole[kept]]
    for piece in _largest_first(every, np.flatnonzero(cut)):
        if not _is_shown(every, owner, int(piece), np.array(index, np.intp), settings):
            index.append(int(piece))
    best = sorted(index, key=lambda k: -float(every.scores[k]))[: settings.max_detections]
    return every.take(np.array(best, np.intp))


def _is_left_to_tiles(
    boxes_xyxy: NDArray[Any],
    owner: NDArray[np.intp],
    parts: Sequence[Box],
    source_wh: tuple[int, int],
) -> NDArray[np.bool_]:
    """Find the boxes of larger parts are whole in one of the smallest parts."""
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
    """Return whether a box of another tile, among those of an index, stands for a cut one."""
    others = index[owner[index] != owner[piece]]
    if not settings.class_agnostic:
        others = others[every.class_ids[others] == every.class_ids[piece]]
    box = every.boxes_xyxy[piece : piece + 1]
    shared = intersections(box, every.boxes_xyxy[others])[0]
    area = areas(box)
    union = area + areas(every.boxes_xyxy[others]) - shared
    return bool(((shared > settings.iou_threshold * union) | (shared > COVERED * area)).any())
