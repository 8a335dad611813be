# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""NanoDet-Plus, and NanoDet's first form of export: distributions of distances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DecodeError
from ..activation import softmax
from ..detection import Candidates, as_candidates
from .arrays import cells, reaching
from .shapes import Pattern, take

BINS = 8
"""Values of a distribution, reg_max + 1, with NanoDet's usual reg_max of 7."""

STRIDES = ((8, 16, 32, 64), (8, 16, 32))

SHAPES: dict[str, Pattern] = {'predictions': ('N', 'F')}
USUAL_SHAPES: dict[str, Pattern] = {'predictions': ('N', f'{4 * BINS}+C')}
LEVELS = (8, 16, 32)
LEVEL_SHAPES: dict[str, Pattern] = {
    'scores_8': ('A', 'C'),
    'scores_16': ('N', 'C'),
    'scores_32': ('Q', 'C'),
    'boxes_8': ('A', '4*B'),
    'boxes_16': ('N', '4*B'),
    'boxes_32': ('Q', '4*B'),
}


def decode(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
    *,
    classes: int | None = None,
) -> Candidates:
    """Read one image's outputs of NanoDet-Plus.

    As ``nanodet_raw``, but a cell's point is its upper left corner, on three grids as on four.

    Args:
        outputs: By tensor name: ``predictions`` of shape (N, C + 4 * B), a row a cell: a score
            0..1 a class, then B logits an edge, in the order left, top, right, bottom.
        roles: The tensor name of ``predictions``.
        network_wh: Width and height of the network's input in pixels.
        score_threshold: Least score, 0..1; NaN never reaches it.
        classes: Number of classes C; None is what eight logits an edge leave.

    Raises:
        DecodeError: The array has another shape, or not a row a cell.
    """
    (table,) = take('nanodet_plus', SHAPES, outputs, roles)
    fields = table.shape[1]
    count = fields - 4 * BINS if classes is None else classes
    grid = _grid(len(table), network_wh)
    if count < 1 or (fields - count) % 4 or fields - count < 8 or grid is None:
        counts = ' or '.join(str(len(cells(network_wh, strides))) for strides in STRIDES)
        msg = (
            f'decoder nanodet_plus expects predictions ({counts}, C+4*B) for an input of '
            f'{network_wh[0]}x{network_wh[1]}; the network gives {roles["predictions"]!r} '
            f'{table.shape}'
        )
        raise DecodeError(msg)
    rows, class_ids = reaching(table[:, :count], score_threshold)
    edges = _edges(table[rows, count:], grid[rows], 0.0, network_wh)
    return as_candidates(edges, table[rows, class_ids], class_ids)


def decode_levels(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs of NanoDet as its first versions export them, a pair a grid.

    A cell's point is its centre.

    Args:
        outputs: By tensor name, for each of the strides 8, 16 and 32: ``scores_8`` of shape
            (N, C), 0..1, and ``boxes_8`` of shape (N, 4 * B), logits.
        roles: The tensor name of each.
        network_wh: Width and height of the network's input in pixels.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The arrays have other shapes, or not a row a cell.
    """
    tensors = take('nanodet_levels', LEVEL_SHAPES, outputs, roles)
    scores, logits = np.concatenate(tensors[:3]), np.concatenate(tensors[3:])
    grid = cells(network_wh, LEVELS)
    if len(scores) != len(grid):
        msg = (
            f'decoder nanodet_levels expects {len(grid)} cells for an input of '
            f'{network_wh[0]}x{network_wh[1]}; the network gives {len(scores)}'
        )
        raise DecodeError(msg)
    rows, class_ids = reaching(scores, score_threshold)
    edges = _edges(logits[rows], grid[rows], 0.5, network_wh)
    return as_candidates(edges, scores[rows, class_ids], class_ids)


def _grid(rows: int, network_wh: tuple[int, int]) -> NDArray[np.float32] | None:
    grids = (cells(network_wh, strides) for strides in STRIDES)
    return next((grid for grid in grids if len(grid) == rows), None)


def _edges(
    logits: NDArray[Any],
    grid: NDArray[np.float32],
    place: float,
    network_wh: tuple[int, int],
) -> NDArray[np.float32]:
    bins = logits.shape[1] // 4
    cell, stride = grid[:, :2], grid[:, 2:]
    shares = softmax(logits.reshape(-1, 4, bins), axis=-1)
    reach = shares @ np.arange(bins, dtype=np.float32) * stride
    points = (cell + np.float32(place)) * stride
    edges = np.concatenate([points - reach[:, :2], points + reach[:, 2:]], axis=1)
    clipped: NDArray[np.float32] = np.clip(edges, 0, np.array(network_wh * 2, np.float32))
    return clipped
