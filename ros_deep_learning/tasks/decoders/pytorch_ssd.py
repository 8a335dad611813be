# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""SSD of pytorch-ssd: softmax scores; the first class is the background."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from ...cards.box_table import BoxTable
from ..detection import Candidates
from . import ssd
from .shapes import Pattern, take

SHAPES: dict[str, Pattern] = {'boxes': ('A', 4), 'scores': ('A', 'C')}
TABLE = BoxTable(scores='scores', boxes='boxes', edges=ssd.edges, background=0)


def decode(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs.

    As pytorch-ssd's predictor does, each class of an anchor at or above the threshold, but the
    background, is a candidate of its own. Class numbers keep their place in the scores: the
    first of the labels is ``BACKGROUND``, as in the labels.txt that its training writes.

    Args:
        outputs: By tensor name: ``boxes`` of shape (A, 4), edges (x1, y1, x2, y2) as shares of
            the input's width and height; ``scores`` of shape (A, C), 0..1, class 0 being the
            background.
        roles: The tensor name of ``boxes`` and of ``scores``.
        network_wh: Width and height of the network's input in pixels.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The arrays have other shapes.
    """
    boxes, scores = take('pytorch_ssd', SHAPES, outputs, roles)
    found = ssd.decode(
        {'boxes': boxes, 'scores': scores[:, 1:]},
        {'boxes': 'boxes', 'scores': 'scores'},
        network_wh,
        score_threshold,
    )
    return replace(found, class_ids=found.class_ids + 1)
