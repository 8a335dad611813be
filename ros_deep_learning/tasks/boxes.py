# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Arithmetic on boxes given by their edges, (x1, y1, x2, y2), and their order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

CANDIDATE_LIMIT = 1000
"""Candidates that enter suppression or clustering unless the settings say otherwise."""


def areas(boxes_xyxy: NDArray[Any]) -> NDArray[np.float64]:
    """Compute the area of each box.

    Args:
        boxes_xyxy: Shape (N, 4).

    Returns:
        Shape (N,), float64; 0 for a box with swapped edges.
    """
    return _areas(_rows_of_edges(boxes_xyxy))


def intersections(first_xyxy: NDArray[Any], second_xyxy: NDArray[Any]) -> NDArray[np.float64]:
    """Compute the area that each box of one set shares with each of another.

    Args:
        first_xyxy: Shape (N, 4), finite.
        second_xyxy: Shape (M, 4), finite.

    Returns:
        Shape (N, M), float64.
    """
    return _shared(_rows_of_edges(first_xyxy), _rows_of_edges(second_xyxy))


def iou_matrix(first_xyxy: NDArray[Any], second_xyxy: NDArray[Any]) -> NDArray[np.float64]:
    """Compute the intersection over union of each box of one set with each of another.

    Args:
        first_xyxy: Shape (N, 4), finite.
        second_xyxy: Shape (M, 4), finite.

    Returns:
        Shape (N, M), float64, 0..1; 0 where neither box has an area.
    """
    second = first = _rows_of_edges(second_xyxy)
    second_areas = first_areas = _areas(second)
    if first_xyxy is not second_xyxy:
        first = _rows_of_edges(first_xyxy)
        first_areas = _areas(first)
    shared = _shared(first, second)
    union = first_areas[:, None] + second_areas
    union -= shared
    ratio: NDArray[np.float64] = shared / np.where(union > 0, union, 1.0)
    return ratio


def _rows_of_edges(boxes_xyxy: NDArray[Any]) -> NDArray[np.float64]:
    """Return a row for each of the four edges, shape (4, N): NumPy is quick along a row."""
    edges: NDArray[np.float64] = boxes_xyxy.T.astype(np.float64, order='C')
    return edges


def _areas(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    sides = np.maximum(edges[2:] - edges[:2], 0.0)
    product: NDArray[np.float64] = sides[0] * sides[1]
    return product


def _shared(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    first, second = first[:, :, None], second[:, None]
    sides = np.minimum(first[2:], second[2:])
    sides -= np.maximum(first[:2], second[:2])
    np.maximum(sides, 0.0, out=sides)
    product: NDArray[np.float64] = sides[0] * sides[1]
    return product


def all_finite(boxes_xyxy: NDArray[Any], scores: NDArray[Any]) -> bool:
    """Return whether all edges of all boxes are finite, and all scores."""
    # Counted: ndarray.all() takes five times as long for a few boxes.
    count = np.count_nonzero
    finite_edges, finite_scores = count(np.isfinite(boxes_xyxy)), count(np.isfinite(scores))
    return bool(finite_edges == boxes_xyxy.size and finite_scores == scores.size)


def finite(boxes_xyxy: NDArray[Any], scores: NDArray[Any]) -> NDArray[np.bool_]:
    """Find the boxes with four finite edges and a finite score; a mask of shape (N,)."""
    good: NDArray[np.bool_] = np.isfinite(boxes_xyxy).all(axis=1) & np.isfinite(scores)
    return good


def strongest(scores: NDArray[Any], limit: int) -> NDArray[np.intp]:
    """Find the best scores up to a limit, and any that are equal to the last of them.

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
        limit: Most candidates to return, at least 1.

    Returns:
        Indices of the best candidates, without those that have a NaN or infinite score or edge.
    """
    if scores.size <= limit and all_finite(boxes_xyxy, scores):
        return _by_score(boxes_xyxy, scores, class_ids)
    index = np.flatnonzero(finite(boxes_xyxy, scores))
    index = index[strongest(scores[index], limit)]
    order = index[_by_score(boxes_xyxy[index], scores[index], class_ids[index])]
    return order[:limit]


def _by_score(
    boxes_xyxy: NDArray[Any], scores: NDArray[Any], class_ids: NDArray[Any]
) -> NDArray[np.intp]:
    return np.lexsort((*boxes_xyxy.T[::-1], class_ids, -scores.astype(np.float64)))
