# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""YOLOv5-face: rows of a box, an objectness, five landmarks and class scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..detection import Candidates, as_candidates
from .arrays import centre_to_edges
from .shapes import Pattern, take
from .yolov5 import best_classes

LANDMARKS = 10
"""Numbers of a row's landmarks: x and y of eyes, nose and corners of the mouth."""

SHAPES: dict[str, Pattern] = {'predictions': ('N', f'{5 + LANDMARKS}+C')}


def decode(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs; the landmarks are ignored.

    Args:
        outputs: By tensor name: ``predictions`` of shape (N, 15 + C), rows of (cx, cy, w, h) in
            input pixels, objectness 0..1, ten coordinates of landmarks and a probability 0..1 a
            class.
        roles: The tensor name of ``predictions``.
        network_wh: Width and height of the network's input in pixels; not used.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The array has another shape.
    """
    (rows,) = take('yolov5_face', SHAPES, outputs, roles)
    likely = np.delete(rows, np.s_[5 : 5 + LANDMARKS], axis=1)
    kept, scores, class_ids = best_classes(likely, score_threshold)
    return as_candidates(centre_to_edges(rows[kept, :4]), scores, class_ids)
