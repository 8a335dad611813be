# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""YOLOX as it is exported by default: boxes relative to the cells of three grids."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...cards.box_table import BoxTable
from ...errors import DecodeError
from ..detection import Candidates, as_candidates
from .arrays import cell_count, cells, centre_to_edges
from .shapes import Pattern, take
from .yolov5 import best_classes

SHAPES: dict[str, Pattern] = {'predictions': ('N', '5+C')}

STRIDES = (8, 16, 32)
"""Pixels a cell of each grid, in the order of the rows."""


def edges(
    coordinates: NDArray[Any], rows: NDArray[Any], network_wh: tuple[int, int]
) -> NDArray[np.float32]:
    """Apply YOLOX's rule; see ``decode`` and ``BoxTable.edges``."""
    grid = cells(network_wh, STRIDES)[rows]
    boxes, cell, stride = coordinates.astype(np.float32), grid[:, :2], grid[:, 2:]
    with np.errstate(over='ignore', invalid='ignore'):
        centres = (boxes[:, :2] + cell) * stride
        sides = np.exp(boxes[:, 2:]) * stride
    return centre_to_edges(np.concatenate([centres, sides], axis=1))


TABLE = BoxTable(
    scores='predictions',
    boxes='predictions',
    edges=edges,
    first_class=5,
    objectness=4,
    best_only=True,
    rows=partial(cell_count, strides=STRIDES),
)


def decode(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs.

    YOLOX's rule: centre = (value + cell) * stride, side = exp(value) * stride, score =
    objectness * probability of the likeliest class. An export with ``--decode_in_inference`` has
    done the first two already: that is what the decoder ``yolov5`` reads.

    Args:
        outputs: By tensor name: ``predictions`` of shape (N, 5 + C), a row a cell of the grids
            with strides 8, 16 and 32: cx, cy, w, h, objectness 0..1 and a probability 0..1 a
            class.
        roles: The tensor name of ``predictions``.
        network_wh: Width and height of the network's input in pixels.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The array has another shape, or not a row a cell.
    """
    (rows,) = take('yolox', SHAPES, outputs, roles)
    grid = cells(network_wh, STRIDES)
    if len(rows) != len(grid):
        msg = (
            f'decoder yolox expects predictions ({len(grid)}, 5+C) for an input of '
            f'{network_wh[0]}x{network_wh[1]}; the network gives {roles["predictions"]!r} '
            f'{rows.shape}'
        )
        raise DecodeError(msg)
    kept, scores, class_ids = best_classes(rows, score_threshold)
    return as_candidates(edges(rows[kept, :4], kept, network_wh), scores, class_ids)
