# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Which detection continues which track."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..boxes import iou_matrix

Pairs = NDArray[np.intp]
"""Shape (K, 2): rows (track, detection); no track and no detection occurs twice."""


def overlaps(
    track_boxes: NDArray[Any],
    track_classes: NDArray[Any],
    boxes_xyxy: NDArray[Any],
    class_ids: NDArray[Any],
    *,
    class_agnostic: bool,
) -> NDArray[np.float64]:
    """Compute the intersection over union of tracks and detections, 0 across classes.

    Args:
        track_boxes: Shape (T, 4).
        track_classes: Shape (T,).
        boxes_xyxy: Shape (D, 4).
        class_ids: Shape (D,).
        class_agnostic: Whether classes do not matter.

    Returns:
        Shape (T, D), 0..1.
    """
    overlap = iou_matrix(track_boxes, boxes_xyxy)
    if not class_agnostic:
        overlap[track_classes[:, None] != class_ids[None, :]] = 0
    return overlap


def greedy(likeness: NDArray[np.float64], least: float) -> Pairs:
    """Pair the most alike first; of equals, the lower track and detection.

    Args:
        likeness: Shape (T, D), 0 where a pair is out of the question.
        least: Least likeness of a pair.
    """
    pairs = np.argwhere((likeness >= least) & (likeness > 0))
    order = np.argsort(-likeness[pairs[:, 0], pairs[:, 1]], kind='stable')
    tracks: set[int] = set()
    detections: set[int] = set()
    chosen = []
    for track, detection in pairs[order].tolist():
        if track not in tracks and detection not in detections:
            tracks.add(track)
            detections.add(detection)
            chosen.append((track, detection))
    return np.array(chosen, np.intp).reshape(-1, 2)


def optimal(likeness: NDArray[np.float64], least: float) -> Pairs:
    """Choose the pairs with the greatest sum of what is above the least likeness.

    That is the assignment with a cost limit which ByteTrack asks of ``lap``.

    Args:
        likeness: Shape (T, D), 0 where a pair is out of the question.
        least: A pair must be more alike than this.
    """
    from scipy.optimize import linear_sum_assignment

    gain = np.where(likeness > least, likeness - least, 0.0)
    tracks, detections = linear_sum_assignment(gain, maximize=True)
    pairs: Pairs = np.stack([tracks, detections], axis=1)[gain[tracks, detections] > 0]
    return pairs
