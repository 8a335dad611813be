# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""YOLO without objectness, coordinates first: YOLOv8, YOLOv9, YOLO11 and YOLO12."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...cards.box_table import BoxTable
from ..detection import Candidates, as_candidates
from .arrays import centre_to_edges, edges_of_centres
from .shapes import Pattern, take

SHAPES: dict[str, Pattern] = {'predictions': ('4+C', 'N')}
ROW_SHAPES: dict[str, Pattern] = {'predictions': ('N', '4+C')}
TABLE = BoxTable(
    scores='predictions',
    boxes='predictions',
    edges=edges_of_centres,
    fields_first=True,
    first_class=4,
    best_only=True,
)


def decode(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs.

    As these networks' own predictor does, a column is one object: its class is the likeliest
    one, and its score that class's probability.

    Args:
        outputs: By tensor name: ``predictions`` of shape (4 + C, N): planes of cx, cy, w, h in
            input pixels, then a plane of probabilities 0..1 a class.
        roles: The tensor name of ``predictions``.
        network_wh: Width and height of the network's input in pixels; not used.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The array has another shape.
    """
    (planes,) = take('yolov8', SHAPES, outputs, roles)
    probabilities = planes[4:]
    best = probabilities.max(axis=0)
    kept = np.flatnonzero(best >= score_threshold)
    class_ids = probabilities[:, kept].argmax(axis=0)
    return as_candidates(centre_to_edges(planes[:4, kept].T), best[kept], class_ids)


def decode_rows(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs where a user has turned them: a row an object.

    Args:
        outputs: By tensor name: ``predictions`` of shape (N, 4 + C), else as for ``decode``.
        roles: The tensor name of ``predictions``.
        network_wh: Width and height of the network's input in pixels; not used.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The array has another shape.
    """
    (rows,) = take('yolov8_rows', ROW_SHAPES, outputs, roles)
    turned = {roles['predictions']: rows.T}
    return decode(turned, roles, network_wh, score_threshold)
