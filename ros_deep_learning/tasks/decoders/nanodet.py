# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""NanoDet: boxes in pixels with a score a class, or the distributions that they come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...cards.box_table import BoxTable
from ...errors import DecodeError
from ..activation import softmax
from ..detection import Candidates, as_candidates
from .arrays import cells, reaching
from .shapes import Pattern, take

SHAPES: dict[str, Pattern] = {'boxes': ('N', 4), 'scores': ('N', 'C')}
TABLE = BoxTable(scores='scores', boxes='boxes')

BINS = 8
"""Values of a distribution: reg_max + 1, with NanoDet's usual reg_max of 7."""

RAW_SHAPES: dict[str, Pattern] = {'predictions': ('N', f'{4 * BINS}+C')}

GRIDS = (((8, 16, 32), 0.5), ((8, 16, 32, 64), 0.0))
"""Strides, and where in a cell its point lies, of NanoDet and of NanoDet-Plus."""


def decode(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
    *,
    decoder: str = 'nanodet',
) -> Candidates:
    """Read one image's outputs where the boxes are finished.

    As NanoDet's own post-processing does, each class of a box at or above the threshold is a
    candidate of its own.

    Args:
        outputs: By tensor name: ``boxes`` of shape (N, 4), edges (x1, y1, x2, y2) in input
            pixels; ``scores`` of shape (N, C), 0..1.
        roles: The tensor name of ``boxes`` and of ``scores``.
        network_wh: Width and height of the network's input in pixels; not used.
        score_threshold: Least score, 0..1; NaN never reaches it.
        decoder: Name of the decoder, for its errors.

    Raises:
        DecodeError: The arrays have other shapes.
    """
    boxes, scores = take(decoder, SHAPES, outputs, roles)
    rows, class_ids = reaching(scores, score_threshold)
    return as_candidates(boxes[rows], scores[rows, class_ids], class_ids)


def decode_raw(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs as NanoDet exports them.

    Generalised focal loss: the distance from a cell's point to each edge of its box is the mean
    of a softmax distribution over 0 to 7 strides. Boxes are clipped to the input, as NanoDet
    does. The number of rows separates NanoDet (three grids) from NanoDet-Plus (four).

    Args:
        outputs: By tensor name: ``predictions`` of shape (N, C + 32), a row a cell: a score
            0..1 a class, then eight logits an edge, in the order left, top, right, bottom.
        roles: The tensor name of ``predictions``.
        network_wh: Width and height of the network's input in pixels.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The array has another shape, or not a row a cell.
    """
    (table,) = take('nanodet_raw', RAW_SHAPES, outputs, roles)
    grid, place = _grid(table.shape, network_wh)
    rows, class_ids = reaching(table[:, : -4 * BINS], score_threshold)
    logits = table[rows, -4 * BINS :].reshape(-1, 4, BINS)
    cell, stride = grid[rows, :2], grid[rows, 2:]
    reach = softmax(logits, axis=-1) @ np.arange(BINS, dtype=np.float32) * stride
    points = (cell + place) * stride
    edges = np.concatenate([points - reach[:, :2], points + reach[:, 2:]], axis=1)
    edges = np.clip(edges, 0, np.array(network_wh * 2, np.float32))
    return as_candidates(edges, table[rows, class_ids], class_ids)


def _grid(
    shape: tuple[int, ...], network_wh: tuple[int, int]
) -> tuple[NDArray[np.float32], np.float32]:
    grids = [(cells(network_wh, strides), place) for strides, place in GRIDS]
    for grid, place in grids:
        if len(grid) == shape[0]:
            return grid, np.float32(place)
    wanted = ' or '.join(f'({len(grid)}, {4 * BINS}+C)' for grid, _ in grids)
    msg = (
        f'decoder nanodet_raw expects predictions {wanted} for an input of '
        f'{network_wh[0]}x{network_wh[1]}; the network gives {shape}'
    )
    raise DecodeError(msg)
