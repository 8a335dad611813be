# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a detector found, and how candidates become it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingsError
from ..imaging.placement import Placement
from .boxes import areas, finite
from .clustering import cluster
from .filters import DetectionFilter, filtered, of_wanted_class, of_wanted_size
from .nms import CANDIDATE_LIMIT, nms, strongest


@dataclass(frozen=True, slots=True)
class Candidates:
    """Boxes as a decoder reads them, before suppression.

    Attributes:
        boxes_xyxy: Shape (N, 4), float32, pixel edges in the network's input.
        scores: Shape (N,), float32, 0..1, all at or above the threshold.
        class_ids: Shape (N,), int32, index into the card's labels.
    """

    boxes_xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Detections:
    """Objects found in one image, best score first unless the settings order them otherwise.

    Attributes:
        boxes_xyxy: Shape (N, 4), float32, pixel edges in the source image, inside it.
        scores: Shape (N,), float32, 0..1.
        class_ids: Shape (N,), int32, index into the card's labels.
        source_wh: Size of the source image in pixels.
        track_ids: Shape (N,), int64, number of each object's track, -1 where it has none yet;
            None where objects are not tracked.
    """

    boxes_xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int32]
    source_wh: tuple[int, int]
    track_ids: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        """Count the objects."""
        return len(self.scores)

    def take(self, index: NDArray[Any]) -> Detections:
        """Take some of the objects, in the order of an index array."""
        return Detections(
            self.boxes_xyxy[index],
            self.scores[index],
            self.class_ids[index],
            self.source_wh,
            None if self.track_ids is None else self.track_ids[index],
        )


@dataclass(frozen=True, slots=True)
class DetectionSettings:
    """Which candidates become detections; may change between frames.

    Attributes:
        score_threshold: Least score, 0..1.
        iou_threshold: Overlap 0..1 above which the weaker of two boxes is suppressed.
        max_detections: Most objects in one image, at least 1.
        class_agnostic: Whether boxes also suppress those of other classes.
        candidate_limit: Most candidates, best first, that enter suppression, at least 1; it
            bounds the time of a frame under a low score threshold.
        cluster_overlap: Share 0..1 of the larger of two boxes above which they are merged into
            one that holds both, as jetson-inference does (0.75), in place of suppression; None
            suppresses.
        only: Which classes and sizes are wanted, and in which order.

    The values are those of TensorFlow's SSD networks (IoU 0.6, 100 objects), but for the score
    threshold.

    Raises:
        SettingsError: A value is out of its range.
    """

    score_threshold: float = 0.5
    iou_threshold: float = 0.6
    max_detections: int = 100
    class_agnostic: bool = False
    candidate_limit: int = CANDIDATE_LIMIT
    cluster_overlap: float | None = None
    only: DetectionFilter = field(default_factory=DetectionFilter)

    def __post_init__(self) -> None:
        for name in ('score_threshold', 'iou_threshold', 'cluster_overlap'):
            share = getattr(self, name)
            if share is not None and not 0.0 <= share <= 1.0:
                msg = f'{name}: want 0 to 1, not {share!r}'
                raise SettingsError(msg)
        for name in ('max_detections', 'candidate_limit'):
            count = getattr(self, name)
            if count < 1:
                msg = f'{name}: want 1 or more, not {count!r}'
                raise SettingsError(msg)


def detections_from(
    candidates: Candidates, placement: Placement, settings: DetectionSettings
) -> Detections:
    """Turn candidates into detections in the source image.

    Candidates with a NaN or infinite score or edge are dropped. Boxes are clipped to the source,
    and those with nothing inside it are dropped, as TensorFlow does; then the weaker ones on the
    same object are suppressed, or merged with the best one. Objects of other classes than the
    wanted ones are out before that, so that they suppress nothing and use up no place, and so are
    too small ones; boxes that are merged are measured afterwards.
    """
    only = settings.only
    good = np.flatnonzero(
        finite(candidates.boxes_xyxy, candidates.scores)
        & of_wanted_class(candidates.class_ids, only)
    )
    good = good[strongest(candidates.scores[good], settings.candidate_limit)]
    found = Detections(
        placement.boxes_to_source(candidates.boxes_xyxy[good]),
        candidates.scores[good],
        candidates.class_ids[good],
        placement.source_wh,
    )
    found = found.take(np.flatnonzero(areas(found.boxes_xyxy) > 0))
    if settings.cluster_overlap is None:
        found = _suppressed(found, settings)
    else:
        found = _merged(found, settings.cluster_overlap, settings)
    return filtered(found, only)


def _suppressed(found: Detections, settings: DetectionSettings) -> Detections:
    large = found.take(np.flatnonzero(of_wanted_size(found.boxes_xyxy, settings.only)))
    kept = nms(
        large.boxes_xyxy,
        large.scores,
        large.class_ids,
        settings.iou_threshold,
        settings.max_detections,
        class_agnostic=settings.class_agnostic,
        candidate_limit=settings.candidate_limit,
    )
    return large.take(kept)


def _merged(found: Detections, overlap: float, settings: DetectionSettings) -> Detections:
    boxes_xyxy, scores, class_ids = cluster(
        found.boxes_xyxy,
        found.scores,
        found.class_ids,
        overlap,
        class_agnostic=settings.class_agnostic,
        candidate_limit=settings.candidate_limit,
    )
    large = np.flatnonzero(of_wanted_size(boxes_xyxy, settings.only))
    merged = Detections(boxes_xyxy, scores, class_ids, found.source_wh)
    return merged.take(large[: settings.max_detections])
