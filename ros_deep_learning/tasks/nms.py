# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Non-maximum suppression: of boxes on the same object, keep the best."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .boxes import finite, iou_matrix

CANDIDATE_LIMIT = 1000
"""Candidates that enter suppression unless the settings say otherwise."""


def nms(
    boxes_xyxy: NDArray[Any],
    scores: NDArray[Any],
    class_ids: NDArray[Any],
    iou_threshold: float,
    max_detections: int,
    *,
    class_agnostic: bool = False,
    candidate_limit: int = CANDIDATE_LIMIT,
) -> NDArray[np.int64]:
    """Suppress each box that overlaps a better one, as TensorFlow and OpenCV do.

    Greedy, best first: a box is dropped when its intersection over union with a kept box of its
    class is greater than the threshold. Boxes or scores that are NaN or infinite are dropped
    first. Equal scores are ordered by class and edges, so that the order of the input never
    matters.

    Args:
        boxes_xyxy: Shape (N, 4).
        scores: Shape (N,).
        class_ids: Shape (N,), integers.
        iou_threshold: 0..1.
        max_detections: Most boxes to keep, over all classes.
        class_agnostic: Whether boxes also suppress those of other classes.
        candidate_limit: Only so many of the best candidates enter, which bounds the time of a
            frame with hundreds of thousands above a low threshold.

    Returns:
        Indices of the kept boxes, shape (K,), best score first.
    """
    rest = best_first(boxes_xyxy, scores, class_ids, candidate_limit)
    kept: list[int] = []
    while rest.size and len(kept) < max_detections:
        best, rest = rest[0], rest[1:]
        kept.append(int(best))
        overlap = iou_matrix(boxes_xyxy[best : best + 1], boxes_xyxy[rest])[0]
        stays = overlap <= iou_threshold
        if not class_agnostic:
            stays |= class_ids[rest] != class_ids[best]
        rest = rest[stays]
    return np.array(kept, np.int64)


def strongest(scores: NDArray[Any], limit: int) -> NDArray[np.intp]:
    """Find the best so many scores, and any that are equal to the last of them.

    Args:
        scores: Shape (N,), finite.
        limit: At least 1.

    Returns:
        Indices in rising order; all N when there are no more than the limit.
    """
    if scores.size <= limit:
        return np.arange(scores.size)
    return np.flatnonzero(scores >= np.partition(scores, -limit)[-limit])


def best_first(
    boxes_xyxy: NDArray[Any], scores: NDArray[Any], class_ids: NDArray[Any], limit: int
) -> NDArray[np.intp]:
    """Order candidates by falling score; equal scores by class and edges.

    Args:
        boxes_xyxy: Shape (N, 4).
        scores: Shape (N,).
        class_ids: Shape (N,), integers.
        limit: Most candidates to answer, at least 1.

    Returns:
        Indices of the best candidates, without those that have a NaN or infinite score or edge.
    """
    index = np.flatnonzero(finite(boxes_xyxy, scores))
    index = index[strongest(scores[index], limit)]
    boxes = boxes_xyxy[index]
    keys = (*boxes.T[::-1], class_ids[index], -scores[index].astype(np.float64))
    order: NDArray[np.intp] = index[np.lexsort(keys)][:limit]
    return order
