# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the proof by the cells of a grid, for boxes written in every way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ros_deep_learning.errors import CardError
from ros_deep_learning.networks.grid_proof import check_grid
from ros_deep_learning.tasks.decoders.registry import find_decoder

WH = (320, 256)


def boxes(strides: tuple[int, ...], anchors: int) -> Any:
    """Return centres and sides of boxes near their cells, as a network makes them of noise."""
    rng = np.random.default_rng(3)
    centres, sides = [], []
    for stride in strides:
        for _ in range(anchors):
            y, x = np.mgrid[: -(-WH[1] // stride), : -(-WH[0] // stride)]
            grid = np.stack([x.ravel(), y.ravel()], axis=1)
            centres.append((grid + rng.uniform(-0.5, 1.5, grid.shape)) * stride)
            sides.append(rng.uniform(1, 12, grid.shape) * stride)
    return np.concatenate(centres), np.concatenate(sides)


def as_centres(centres: Any, sides: Any) -> Any:
    return np.concatenate([centres, sides], axis=1)


def as_corners(centres: Any, sides: Any) -> Any:
    return np.concatenate([centres - sides / 2, sides], axis=1)


def as_edges(centres: Any, sides: Any) -> Any:
    return np.concatenate([centres - sides / 2, centres + sides / 2], axis=1)


def as_turned_edges(centres: Any, sides: Any) -> Any:
    return as_edges(centres, sides)[:, [1, 0, 3, 2]]


FORMS = {
    as_centres: 'centre, width and height,',
    as_corners: 'corner, width and height,',
    as_edges: r'edges \(x1, y1, x2, y2\),',
    as_turned_edges: 'with y before x,',
}


@pytest.mark.parametrize(
    ('decoder', 'right', 'strides', 'anchors'),
    [
        ('yolov8', as_centres, (8, 16, 32), 1),
        ('yolov8', as_centres, (4, 8, 16, 32), 1),
        ('yolov5', as_centres, (8, 16, 32), 3),
        ('yolov5', as_centres, (8, 16, 32, 64), 3),
        ('boxes_scores', as_edges, (8, 16, 32), 1),
    ],
)
@pytest.mark.parametrize('form', FORMS)
def test_boxes_are_written_as_they_are_read_or_refused(
    decoder: str, right: Any, strides: tuple[int, ...], anchors: int, form: Any
) -> None:
    rows = np.pad(form(*boxes(strides, anchors)), ((0, 0), (0, 3)))
    for table in (rows, rows.T):
        if form is right:
            assert check_grid(table, WH, find_decoder(decoder))
        else:
            with pytest.raises(CardError, match=f'if their numbers are .*{FORMS[form]} but'):
                check_grid(table, WH, find_decoder(decoder))


@pytest.mark.parametrize(
    'table',
    [
        np.zeros((1680, 6)),
        np.pad(as_edges(*boxes((8, 16, 32), 1))[:20], ((0, 1660), (0, 2))),
        np.full((1680, 6), np.nan),
        np.ones((300, 6)),
        np.ones((1680, 3)),
        np.ones(1680),
        np.random.default_rng(0).uniform(0, 256, (1680, 6)),
    ],
)
def test_what_belongs_to_no_grid_proves_nothing(table: Any) -> None:
    assert len(boxes((8, 16, 32), 1)[0]) == 1680
    assert not check_grid(table, WH, find_decoder('yolov5'))


def test_cells_themselves_are_not_looked_at() -> None:
    assert not check_grid(as_edges(*boxes((8, 16, 32), 1)), WH, find_decoder('yolox'))
