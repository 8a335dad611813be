# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""DetectNet: a grid of cells, each with a coverage a class and one box, before clustering."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..detection import Candidates, as_candidates
from .arrays import reaching
from .shapes import Pattern, take

SHAPES: dict[str, Pattern] = {'coverage': ('C', 'H', 'W'), 'boxes': (4, 'H', 'W')}


def decode(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs.

    NVIDIA DIGITS' rule: a cell's box is given by its four edges, relative to the cell's upper
    left corner, in pixels. jetson-inference divides the input's sides by the grid's as whole
    numbers; here the quotient keeps its fraction, so that the last cells of an input that is no
    multiple of the stride lie where they are.

    Args:
        outputs: By tensor name: ``coverage`` of shape (C, H, W), 0..1; ``boxes`` of shape
            (4, H, W), shared by the classes.
        roles: The tensor name of ``coverage`` and of ``boxes``.
        network_wh: Width and height of the network's input in pixels.
        score_threshold: Least coverage, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The arrays have other shapes.
    """
    coverage, boxes = take('detectnet', SHAPES, outputs, roles)
    class_ids, rows, columns = reaching(coverage, score_threshold)
    corners = cell_corners(rows, columns, coverage.shape[1:], network_wh)
    edges = boxes[:, rows, columns].T.astype(np.float32)
    return as_candidates(edges + corners, coverage[class_ids, rows, columns], class_ids)


def cell_corners(
    rows: NDArray[Any],
    columns: NDArray[Any],
    grid_hw: tuple[int, ...],
    network_wh: tuple[int, int],
) -> NDArray[np.float32]:
    """Return the upper left corner of cells in input pixels, twice: (x, y, x, y), shape (N, 4)."""
    (height, width), (network_w, network_h) = grid_hw, network_wh
    x, y = columns * (network_w / width), rows * (network_h / height)
    return np.stack([x, y, x, y], axis=1).astype(np.float32)
