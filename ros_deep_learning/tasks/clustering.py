# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Overlap-union clustering: of boxes on the same object, make one that holds them all."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .boxes import CANDIDATE_LIMIT, areas, best_first


class Clusters(NamedTuple):
    """Boxes that hold the boxes of an object, best score first.

    Attributes:
        boxes_xyxy: Shape (K, 4), float32.
        scores: Shape (K,), float32, the best of each cluster.
        class_ids: Shape (K,), int32.
    """

    boxes_xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int32]


def cluster(
    boxes_xyxy: NDArray[Any],
    scores: NDArray[Any],
    class_ids: NDArray[Any],
    overlap_threshold: float,
    *,
    class_agnostic: bool = False,
    candidate_limit: int = CANDIDATE_LIMIT,
) -> Clusters:
    """Merge each box into the first cluster that it overlaps, as jetson-inference does.

    Two boxes belong together when their intersection is greater than the threshold times the
    area of the larger; the cluster then grows to hold both and keeps the better score.
    jetson-inference takes the boxes in the network's order; here they come best first, with ties
    ordered by class and edges, so that the order of the input never matters. A threshold of 0
    merges whatever overlaps at all, as jetson-inference does for DetectNet.

    Args:
        boxes_xyxy: Shape (N, 4); boxes or scores that are NaN or infinite are dropped.
        scores: Shape (N,).
        class_ids: Shape (N,), integers.
        overlap_threshold: 0..1.
        class_agnostic: Whether boxes of different classes merge too; the best one's class stays.
        candidate_limit: Only so many of the best candidates enter, which bounds the time.
    """
    order = best_first(boxes_xyxy, scores, class_ids, candidate_limit)
    boxes = boxes_xyxy[order].astype(np.float64)
    classes = class_ids[order].astype(np.int32)
    box_areas = areas(boxes)
    held, held_areas = np.empty_like(boxes), np.empty_like(box_areas)
    firsts = np.empty(len(order), np.intp)
    count = 0
    for k, (box, area) in enumerate(zip(boxes, box_areas, strict=True)):
        low = np.maximum(held[:count, :2], box[:2])
        sides = np.minimum(held[:count, 2:], box[2:]) - low
        shared = np.maximum(sides[:, 0], 0) * np.maximum(sides[:, 1], 0)
        joins = shared > overlap_threshold * np.maximum(held_areas[:count], area)
        if not class_agnostic:
            joins &= classes[firsts[:count]] == classes[k]
        if joins.any():
            first = int(joins.argmax())
            held[first, :2] = np.minimum(held[first, :2], box[:2])
            held[first, 2:] = np.maximum(held[first, 2:], box[2:])
            held_areas[first] = areas(held[first : first + 1])[0]
        else:
            held[count], held_areas[count], firsts[count] = box, area, k
            count += 1
    members = order[firsts[:count]]
    return Clusters(
        held[:count].astype(np.float32),
        scores[members].astype(np.float32),
        classes[firsts[:count]],
    )
