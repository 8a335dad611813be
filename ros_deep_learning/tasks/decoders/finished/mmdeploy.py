# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""MMDeploy's exports of MMDetection: finished boxes with their scores, and classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from ...detection import Candidates
from ..arrays import finished_candidates, whole_classes
from ..shapes import Pattern, take

SHAPES: dict[str, Pattern] = {'boxes': ('N', 5), 'classes': ('N',)}


def decode(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs.

    Args:
        outputs: By tensor name: ``boxes`` (dets) of shape (N, 5), edges (x1, y1, x2, y2) in input
            pixels and a score 0..1; ``classes`` (labels) of shape (N,), from 0. Rows of padding
            have score 0 or class -1.
        roles: The tensor name of ``boxes`` and of ``classes``.
        network_wh: Width and height of the network's input in pixels; not used.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The arrays have other shapes.
    """
    boxes, classes = take('mmdeploy', SHAPES, outputs, roles)
    return finished_candidates(boxes[:, :4], boxes[:, 4], whole_classes(classes), score_threshold)
