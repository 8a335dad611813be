# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""YOLO with objectness: YOLOv5, YOLOv6, YOLOv7, and YOLOX exported with its boxes decoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...cards.box_table import BoxTable
from ..detection import Candidates, as_candidates
from .arrays import centre_to_edges, edges_of_centres
from .shapes import Pattern, take

SHAPES: dict[str, Pattern] = {'predictions': ('N', '5+C')}
TABLE = BoxTable(
    scores='predictions',
    boxes='predictions',
    edges=edges_of_centres,
    first_class=5,
    objectness=4,
    best_only=True,
)


def decode(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs.

    As these networks' own predictors do, a row is one object: its class is the likeliest one,
    and its score the product of objectness and class probability.

    Args:
        outputs: By tensor name: ``predictions`` of shape (N, 5 + C), rows of (cx, cy, w, h) in
            input pixels, objectness 0..1 and a probability 0..1 a class.
        roles: The tensor name of ``predictions``.
        network_wh: Width and height of the network's input in pixels; not used.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The array has another shape.
    """
    (rows,) = take('yolov5', SHAPES, outputs, roles)
    kept, scores, class_ids = best_classes(rows, score_threshold)
    return as_candidates(centre_to_edges(rows[kept, :4]), scores, class_ids)


def best_classes(
    rows: NDArray[Any], score_threshold: float
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    """Find the rows with a score at or above the threshold; also return scores and classes.

    The objectness bounds the score, so the classes of most rows are never looked at.
    """
    kept = np.flatnonzero(rows[:, 4] >= score_threshold)
    likely = rows[kept, 4:].astype(np.float32)
    class_ids = likely[:, 1:].argmax(axis=1)
    with np.errstate(over='ignore', invalid='ignore'):
        scores = likely[:, 0] * likely[np.arange(len(kept)), class_ids + 1]
    good = scores >= score_threshold
    return kept[good], scores[good], class_ids[good]
