# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Non-maximum suppression: of boxes on the same object, the best one stays."""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .boxes import CANDIDATE_LIMIT, all_finite, best_first, finite, iou_matrix

_FEW = 32
"""Boxes up to which Python's numbers are quicker than NumPy's arrays."""
_TOGETHER = 64
"""Boxes that are compared with each other at once."""


def nms(
    boxes_xyxy: NDArray[Any],
    scores: NDArray[Any],
    class_ids: NDArray[Any],
    iou_threshold: float,
    max_detections: int,
    *,
    class_agnostic: bool = False,
    candidate_limit: int = CANDIDATE_LIMIT,
    groups: NDArray[Any] | None = None,
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
        groups: Shape (N,), integers: boxes of one group do not suppress each other; None is no
            group.

    Returns:
        Indices of the kept boxes, shape (K,), best score first.
    """
    if groups is None and len(scores) <= min(_FEW, candidate_limit):
        kept_few = _few(
            boxes_xyxy, scores, class_ids, iou_threshold, class_agnostic=class_agnostic
        )
        return np.array(kept_few[:max_detections], np.int64)
    order = best_first(boxes_xyxy, scores, class_ids, candidate_limit)
    kept = order[:0]
    # A matrix for some boxes at a time costs little more than a row for one.
    for start in range(0, len(order), _TOGETHER):
        block = order[start : start + _TOGETHER]
        better = np.concatenate([kept, block]) if len(kept) else block
        boxes, classes = boxes_xyxy[block], class_ids[block]
        stays = iou_matrix(boxes_xyxy[better] if len(kept) else boxes, boxes) <= iou_threshold
        if not class_agnostic:
            stays |= class_ids[better][:, None] != classes
        if groups is not None:
            stays |= groups[better][:, None] == groups[block]
        # A row as the bits of a number: a loop over numbers takes half the time of one over rows.
        bits = np.packbits(stays, axis=1, bitorder='little')
        data, width = bits.tobytes(), bits.shape[1]
        rows = [
            int.from_bytes(data[at : at + width], 'little') for at in range(0, len(data), width)
        ]
        left = reduce(and_, rows[: len(kept)], -1)
        best = []
        for k, row in enumerate(rows[len(kept) :]):
            if left >> k & 1:
                best.append(k)
                left &= row
        chosen = block[best]
        kept = (np.concatenate([kept, chosen]) if len(kept) else chosen)[:max_detections]
        if len(kept) == max_detections:
            break
    return kept.astype(np.int64, copy=False)


def _few(
    boxes_xyxy: NDArray[Any],
    scores: NDArray[Any],
    class_ids: NDArray[Any],
    iou_threshold: float,
    *,
    class_agnostic: bool,
) -> list[int]:
    """Do the same for a few boxes, by the same arithmetic, number by number."""
    places = range(len(scores))
    rows = zip((-scores).tolist(), class_ids.tolist(), boxes_xyxy.tolist(), places, strict=True)
    if all_finite(boxes_xyxy, scores):
        ranked = sorted(rows)
    else:
        good = finite(boxes_xyxy, scores).tolist()
        ranked = sorted(row for row in rows if good[row[3]])
    kept = []
    others: dict[int, list[tuple[float, float, float, float, float]]] = {}
    for _, class_id, (x1, y1, x2, y2), k in ranked:
        area = (x2 - x1) * (y2 - y1) if x2 > x1 and y2 > y1 else 0.0
        key = 0 if class_agnostic else class_id
        better = others.get(key)
        if better is None:
            others[key] = [(x1, y1, x2, y2, area)]
            kept.append(k)
            continue
        for left, top, right, bottom, its_area in better:
            # Most pairs lie apart, and are passed by at once.
            if left >= x2 or x1 >= right or top >= y2 or y1 >= bottom:
                continue
            wide = (x2 if x2 < right else right) - (x1 if x1 > left else left)
            high = (y2 if y2 < bottom else bottom) - (y1 if y1 > top else top)
            shared = wide * high if wide > 0 and high > 0 else 0.0
            union = its_area + area - shared
            if not shared / (union if union > 0 else 1.0) <= iou_threshold:
                break
        else:
            kept.append(k)
            better.append((x1, y1, x2, y2, area))
    return kept
