# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Finished rows of box, score and class: YOLOv10, YOLO26, exports with NMS, CenterNet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...detection import Candidates
from ..arrays import centre_to_edges, finished_candidates, whole_classes
from ..shapes import Pattern, take

SHAPES: dict[str, Pattern] = {'predictions': ('N', '6+A')}
SHARE_SHAPES: dict[str, Pattern] = {'predictions': ('N', 6)}
CLASS = 5
"""Column of the class."""


def decode(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs.

    Args:
        outputs: By tensor name: ``predictions`` of shape (N, 6) or wider, rows of edges
            (x1, y1, x2, y2) in input pixels, score 0..1 and class from 0; rows of padding have
            score 0. Further columns, such as key points, are ignored.
        roles: The tensor name of ``predictions``.
        network_wh: Width and height of the network's input in pixels; not used.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The array has another shape.
    """
    (rows,) = take('end_to_end', SHAPES, outputs, roles)
    return finished_candidates(
        rows[:, :4], rows[:, 4], whole_classes(rows[:, CLASS]), score_threshold
    )


def decode_shares(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs of RT-DETR as Ultralytics exports it since 2026.

    As ``decode``, but the box is (cx, cy, w, h) as shares of the input.

    Raises:
        DecodeError: The array has another shape.
    """
    (rows,) = take('rtdetr_end_to_end', SHARE_SHAPES, outputs, roles)
    with np.errstate(over='ignore', invalid='ignore'):
        edges = centre_to_edges(rows[:, :4]) * np.array(network_wh * 2, np.float32)
    return finished_candidates(edges, rows[:, 4], whole_classes(rows[:, CLASS]), score_threshold)
