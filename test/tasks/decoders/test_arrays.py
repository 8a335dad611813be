# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the arithmetic that decoders share."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ros_deep_learning.tasks.activation import softmax
from ros_deep_learning.tasks.decoders.arrays import (
    cell_count,
    cells,
    reaching,
    sigmoid,
    whole_classes,
)


def test_cells_are_listed_stride_by_stride_and_row_by_row():
    listed = cells((32, 16), (8, 16))
    first = [[x, y, 8] for y in range(2) for x in range(4)]
    assert listed.tolist() == [*first, [0, 0, 16], [1, 0, 16]]
    assert not listed.flags.writeable


@pytest.mark.parametrize(
    ('network_wh', 'strides', 'count'),
    [
        ((640, 640), (8, 16, 32), 8400),
        ((416, 416), (8, 16, 32), 3549),
        ((416, 416), (8, 16, 32, 64), 3598),  # NanoDet-Plus: 6.5 cells are 7
        ((640, 480), (4,), 19200),
        ((1, 1), (8,), 1),
    ],
)
def test_cell_count(network_wh, strides, count):
    assert cell_count(network_wh, strides) == len(cells(network_wh, strides)) == count


@pytest.mark.parametrize('shape', [(0,), (0, 3), (5,), (4, 3), (2, 3, 4)])
def test_reaching_is_nonzero(shape):
    scores = np.random.default_rng(1).random(shape)
    for one, other in zip(reaching(scores, 0.4), np.nonzero(scores >= 0.4), strict=True):
        np.testing.assert_array_equal(one, other)


def test_reaching_takes_the_threshold_itself_and_never_nan():
    assert reaching(np.array([0.5, np.nan, 0.4, np.inf]), 0.5)[0].tolist() == [0, 3]


@pytest.mark.filterwarnings('error')
def test_sigmoid():
    x = np.linspace(-20, 20, 401)
    expected = [1 / (1 + math.exp(-v)) for v in x]
    np.testing.assert_allclose(sigmoid(x), expected, atol=1e-7)
    assert sigmoid(np.array([-np.inf, np.inf, -1e30])).tolist() == [0, 1, 0]
    assert np.isnan(sigmoid(np.array([np.nan]))).all()


def test_softmax():
    x = np.random.default_rng(2).normal(0, 9, (50, 7))
    expected = [[math.exp(v) / sum(math.exp(u) for u in row) for v in row] for row in x]
    np.testing.assert_allclose(softmax(x, axis=-1), expected, rtol=2e-5, atol=1e-7)
    assert softmax(np.zeros((0, 3)), axis=-1).shape == (0, 3)


@pytest.mark.parametrize('dtype', [np.float16, np.float32, np.int64])
def test_whole_classes(dtype):
    np.testing.assert_array_equal(whole_classes(np.array([0, 1, 90], dtype)), [0, 1, 90])
    np.testing.assert_array_equal(whole_classes(np.array([0, 1, 90], dtype), 1), [np.nan, 0, 89])


def test_whole_classes_that_are_none():
    given = np.array([-1, np.nan, np.inf, 2.0**31, 1.9999])
    np.testing.assert_array_equal(whole_classes(given), [np.nan] * 4 + [2])
