# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""DetectNet_v2 of NVIDIA TAO: a grid of cells, each with a coverage and a box a class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..detection import Candidates, as_candidates
from .arrays import reaching
from .detectnet import cell_corners
from .shapes import Pattern, take

SHAPES: dict[str, Pattern] = {'coverage': ('C', 'H', 'W'), 'boxes': ('4*C', 'H', 'W')}

BOX_NORM = 35.0
"""Input pixels a unit of the boxes, as TAO trains them."""

CELL_OFFSET = 0.5
"""Pixels from a cell's upper left corner to the point that its box is measured from."""


def decode(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs.

    TAO's rule: a box is given by how far its edges are from the cell's point, left and up for
    the first two, right and down for the others, in units of 35 pixels.

    Args:
        outputs: By tensor name: ``coverage`` of shape (C, H, W), 0..1; ``boxes`` of shape
            (4 * C, H, W), four planes a class.
        roles: The tensor name of ``coverage`` and of ``boxes``.
        network_wh: Width and height of the network's input in pixels.
        score_threshold: Least coverage, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The arrays have other shapes.
    """
    coverage, boxes = take('detectnet_v2', SHAPES, outputs, roles)
    classes, height, width = coverage.shape
    class_ids, rows, columns = reaching(coverage, score_threshold)
    points = cell_corners(rows, columns, (height, width), network_wh) + CELL_OFFSET
    by_class = boxes.reshape(classes, 4, height, width)
    reach = by_class[class_ids, :, rows, columns].astype(np.float32)
    with np.errstate(over='ignore', invalid='ignore'):
        edges = points + reach * np.array([-BOX_NORM] * 2 + [BOX_NORM] * 2, np.float32)
    return as_candidates(edges, coverage[class_ids, rows, columns], class_ids)
