# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""From candidates to detections: of boxes on the same object, keep the best."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingsError
from ..imaging.placement import Placement
from .boxes import CANDIDATE_LIMIT, areas, finite, strongest
from .clustering import cluster
from .detection import Candidates, Detections
from .nms import nms
from .parts import Region, TilingSettings, region_box

Order = Literal['score', 'area']
Nms = Literal['auto', 'always', 'never']


@dataclass(frozen=True, slots=True)
class DetectionFilter:
    """Which detections are wanted; may change between frames.

    Attributes:
        class_ids: Only these classes; None is all of them, an empty set lets nothing through.
        min_width_px: Least width in pixels of the source image.
        min_height_px: Least height in pixels of the source image.
        order: ``score`` (best first), or ``area`` (largest first, as jetson-inference has it).

    Raises:
        SettingsError: A value is out of its range.
    """

    class_ids: frozenset[int] | None = None
    min_width_px: float = 0.0
    min_height_px: float = 0.0
    order: Order = 'score'

    def __post_init__(self) -> None:
        for name in ('min_width_px', 'min_height_px'):
            side = getattr(self, name)
            if not 0.0 <= side < float('inf'):
                msg = f'{name}: expected 0 or more pixels, got {side!r}'
                raise SettingsError(msg)
        if self.order not in get_args(Order):
            msg = f'order: expected one of {", ".join(get_args(Order))}, got {self.order!r}'
            raise SettingsError(msg)

    def keeps_class(self, class_ids: NDArray[Any]) -> NDArray[np.bool_]:
        """Find the boxes of a wanted class, both of shape (N,)."""
        if self.class_ids is None:
            return np.ones(len(class_ids), np.bool_)
        return np.isin(class_ids, np.fromiter(self.class_ids, np.int64))

    def keeps_size(self, boxes_xyxy: NDArray[Any]) -> NDArray[np.bool_]:
        """Find the boxes, shape (N, 4) in source pixels, that are large enough; shape (N,)."""
        sides = boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]
        good: NDArray[np.bool_] = (sides[:, 0] >= self.min_width_px) & (
            sides[:, 1] >= self.min_height_px
        )
        return good


@dataclass(frozen=True, slots=True)
class DetectionSettings:
    """Which candidates become detections; may change between frames.

    Attributes:
        score_threshold: Least score, 0..1.
        iou_threshold: Overlap 0..1 above which the weaker of two boxes is suppressed.
        nms: When duplicates are suppressed (non-maximum suppression): ``auto`` does so unless the
            network does it itself or makes none, as those of the DETR family; ``always``;
            ``never``.
        max_detections: Most objects in one image, at least 1.
        class_agnostic: Whether boxes also suppress those of other classes.
        candidate_limit: Most candidates, best first, that enter suppression, at least 1; it
            bounds the time of a frame under a low score threshold.
        cluster_overlap: Share 0..1 of the larger of two boxes above which they are merged into
            one that holds both, as jetson-inference does (0.75), in place of suppression; None
            suppresses.
        only: Which classes and sizes are wanted, and in which order.
        region: The part of images that is looked at: edges x1, y1, x2, y2 as shares 0..1 of the
            image; None is all of it.
        tiling: How the region is cut into tiles; None is not at all.

    The values are those of TensorFlow's SSD networks (IoU 0.6, 100 objects), except for the score
    threshold.

    Raises:
        SettingsError: A value is out of its range.
    """

    score_threshold: float = 0.5
    iou_threshold: float = 0.6
    nms: Nms = 'auto'
    max_detections: int = 100
    class_agnostic: bool = False
    candidate_limit: int = CANDIDATE_LIMIT
    cluster_overlap: float | None = None
    only: DetectionFilter = field(default_factory=DetectionFilter)
    region: Region | None = None
    tiling: TilingSettings | None = None

    def __post_init__(self) -> None:
        for name in ('score_threshold', 'iou_threshold', 'cluster_overlap'):
            share = getattr(self, name)
            if share is not None and not 0.0 <= share <= 1.0:
                msg = f'{name}: expected 0 to 1, got {share!r}'
                raise SettingsError(msg)
        if self.nms not in get_args(Nms):
            msg = f'nms: expected one of {", ".join(get_args(Nms))}, got {self.nms!r}'
            raise SettingsError(msg)
        for name in ('max_detections', 'candidate_limit'):
            count = getattr(self, name)
            if count < 1:
                msg = f'{name}: expected 1 or more, got {count!r}'
                raise SettingsError(msg)
        region_box((1, 1), self.region)


def detections_from(
    candidates: Candidates,
    placement: Placement,
    settings: DetectionSettings,
    *,
    suppressed: bool = False,
) -> Detections:
    """Turn candidates into detections in the source image.

    Candidates with a NaN or infinite score or edge are dropped, and so are boxes with nothing
    inside the source. Then the weaker ones on the same object are suppressed, or merged with the
    best one, and what is left is clipped to the source: boxes that were clipped before would
    overlap more at its borders than they do. Classes and sizes that are not wanted are dropped
    before that, so that they suppress nothing and use up no place; boxes that are merged are
    measured afterwards.

    Args:
        candidates: Boxes in pixels of the network's input.
        placement: How the source image lies in that.
        settings: Which candidates become detections; ``region`` and ``tiling`` play no part.
        suppressed: Whether the network has suppressed duplicates itself, or makes none.
    """
    if not len(candidates.scores):
        return Detections(
            candidates.boxes_xyxy, candidates.scores, candidates.class_ids, placement.source_wh
        )
    only = settings.only
    overlap = settings.cluster_overlap
    by_size = overlap is None and (only.min_width_px > 0 or only.min_height_px > 0)
    if not by_size:
        candidates = _limited(candidates, placement, settings)
    boxes_xyxy = placement.boxes_to_source(candidates.boxes_xyxy)
    clipped = placement.clipped(boxes_xyxy)
    # Both of its sides: where they are not, nothing of it is inside, or an edge is NaN.
    has_sides = clipped[:, 2:] > clipped[:, :2]
    scores, class_ids = candidates.scores, candidates.class_ids
    some = only.class_ids is not None or overlap is not None or by_size
    if some or np.count_nonzero(has_sides) < has_sides.size:
        good = np.logical_and.reduce(has_sides, axis=1)
        if only.class_ids is not None:
            good &= only.keeps_class(class_ids)
        if overlap is not None:
            # Clipping has hidden infinite edges; suppression drops what is not finite itself.
            good &= finite(candidates.boxes_xyxy, scores)
            boxes_xyxy = clipped
        elif by_size:
            good &= only.keeps_size(clipped)
        boxes_xyxy, clipped = boxes_xyxy[good], clipped[good]
        scores, class_ids = scores[good], class_ids[good]
    if overlap is not None:
        whole = Detections(boxes_xyxy, scores, class_ids, placement.source_wh)
        found = _merged(whole, overlap, settings)
    else:
        keeps_all = settings.nms == 'never' or (settings.nms == 'auto' and suppressed)
        kept = nms(
            boxes_xyxy,
            scores,
            class_ids,
            # No overlap is greater than 1.
            1.0 if keeps_all else settings.iou_threshold,
            settings.max_detections,
            class_agnostic=settings.class_agnostic,
            candidate_limit=settings.candidate_limit,
        )
        # Not by clipped[kept], which takes four times as long for a few rows.
        boxes_xyxy = clipped.take(kept, axis=0)
        found = Detections(boxes_xyxy, scores[kept], class_ids[kept], placement.source_wh)
    return largest_first(found) if only.order == 'area' else found


def _limited(
    candidates: Candidates, placement: Placement, settings: DetectionSettings
) -> Candidates:
    """Leave out the weaker candidates, where there are more than may enter.

    Suppression does so too, but by then all of them would have been mapped to the source.
    """
    if len(candidates.scores) <= settings.candidate_limit:
        return candidates
    good = finite(candidates.boxes_xyxy, candidates.scores)
    good &= placement.shows(candidates.boxes_xyxy)
    index = np.flatnonzero(good & settings.only.keeps_class(candidates.class_ids))
    index = index[strongest(candidates.scores[index], settings.candidate_limit)]
    return Candidates(
        candidates.boxes_xyxy[index], candidates.scores[index], candidates.class_ids[index]
    )


def largest_first(found: Detections) -> Detections:
    """Order detections by falling area; ties stay as they are."""
    return found.take(np.argsort(-areas(found.boxes_xyxy), kind='stable'))


def _merged(found: Detections, overlap: float, settings: DetectionSettings) -> Detections:
    boxes_xyxy, scores, class_ids = cluster(
        found.boxes_xyxy,
        found.scores,
        found.class_ids,
        overlap,
        class_agnostic=settings.class_agnostic,
        candidate_limit=settings.candidate_limit,
    )
    large = np.flatnonzero(settings.only.keeps_size(boxes_xyxy))
    merged = Detections(boxes_xyxy, scores, class_ids, found.source_wh)
    return merged.take(large[: settings.max_detections])
