# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""SSD with its anchors already applied: a box and one score a class for each anchor."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...cards.box_table import BoxTable
from ...errors import DecodeError
from ..detection import Candidates, as_candidates

ROLES = ('boxes', 'scores')


@lru_cache(maxsize=64)
def _sides(network_wh: tuple[int, int]) -> NDArray[np.float32]:
    return np.array(network_wh * 2, np.float32)


def edges(
    coordinates: NDArray[Any], rows: NDArray[Any], network_wh: tuple[int, int]
) -> NDArray[np.float32]:
    """Turn shares of the input into its pixels, both (x1, y1, x2, y2); see ``BoxTable.edges``."""
    with np.errstate(over='ignore'):
        return coordinates.astype(np.float32) * _sides(network_wh)


TABLE = BoxTable(scores='scores', boxes='boxes', edges=edges)


def decode(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs.

    Like TensorFlow's post-processing, each class of an anchor at or above the threshold is a
    candidate of its own, since suppression goes class by class.

    Args:
        outputs: By tensor name: ``boxes`` of shape (A, 4), edges (x1, y1, x2, y2) as shares of
            the input's width and height; ``scores`` of shape (A, C), 0..1, without a background
            class.
        roles: The tensor name of ``boxes`` and of ``scores``.
        network_wh: Width and height of the network's input in pixels.
        score_threshold: Least score, 0..1; NaN scores never reach it.

    Raises:
        DecodeError: The arrays have other shapes, or belong to different anchors.
    """
    boxes, scores = outputs[roles['boxes']], outputs[roles['scores']]
    if boxes.ndim != 2 or scores.ndim != 2 or boxes.shape[1] != 4 or len(boxes) != len(scores):
        msg = (
            f'decoder ssd expects boxes (A, 4) and scores (A, C), got {roles["boxes"]!r} '
            f'{boxes.shape} and {roles["scores"]!r} {scores.shape}'
        )
        raise DecodeError(msg)
    # On a flat array NumPy finds the few that are True thirty times faster.
    hits = np.flatnonzero(scores >= score_threshold)
    anchors, class_ids = np.divmod(hits, max(1, scores.shape[1]))
    return as_candidates(
        edges(boxes[anchors], anchors, network_wh), scores[anchors, class_ids], class_ids
    )


def class_count(shapes: Mapping[str, tuple[int, ...]]) -> int | None:
    """Read the number of classes from the shape of ``scores``; None where it is open."""
    shape = shapes['scores']
    return shape[-1] if shape and shape[-1] > 0 else None
