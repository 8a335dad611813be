# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of pairing tracks and detections."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from ros_deep_learning.tasks.tracking.association import greedy, optimal, overlaps


@pytest.mark.parametrize('pair', [greedy, optimal])
@pytest.mark.parametrize('shape', [(0, 0), (0, 3), (3, 0), (2, 3)])
def test_nothing(pair, shape):
    found = pair(np.zeros(shape), 0.0)
    assert found.shape == (0, 2)
    assert found.dtype == np.intp


def test_the_best_pair_goes_first():
    likeness = np.array([[0.9, 0.8], [0.85, 0.0]])
    assert greedy(likeness, 0.5).tolist() == [[0, 0]]
    assert sorted(optimal(likeness, 0.5).tolist()) == [[0, 1], [1, 0]]


def test_the_least_likeness():
    likeness = np.array([[0.5, 0.49]])
    assert greedy(likeness, 0.5).tolist() == [[0, 0]]
    assert optimal(likeness, 0.5).tolist() == []
    assert optimal(likeness, 0.495).tolist() == [[0, 0]]


def test_equals_go_to_the_lower_track_and_detection():
    assert greedy(np.full((2, 2), 0.7), 0.5).tolist() == [[0, 0], [1, 1]]


def test_nan_pairs_nothing():
    assert len(greedy(np.full((2, 2), np.nan), 0.1)) == 0
    assert len(optimal(np.full((2, 2), np.nan), 0.1)) == 0


@pytest.mark.parametrize('seed', range(20))
def test_optimal_is_the_best_of_all_ways(seed):
    """With a cost limit, each pair is worth what it is above the limit, and may be left out."""
    rng = np.random.default_rng(seed)
    likeness = rng.random((4, 5)) * (rng.random((4, 5)) < 0.6)
    best = max(
        sum(max(likeness[t, d] - 0.3, 0.0) for t, d in enumerate(way))
        for way in permutations(range(5), 4)
    )
    found = optimal(likeness, 0.3)
    assert len(set(found[:, 0])) == len(set(found[:, 1])) == len(found)
    worth = likeness[found[:, 0], found[:, 1]] - 0.3
    assert (worth > 0).all()
    np.testing.assert_allclose(worth.sum(), best)


def test_overlaps_only_within_a_class():
    boxes = np.array([[0, 0, 10, 10]], np.float32)
    same, other = np.array([1]), np.array([2])
    assert overlaps(boxes, same, boxes, same, class_agnostic=False).tolist() == [[1]]
    assert overlaps(boxes, same, boxes, other, class_agnostic=False).tolist() == [[0]]
    assert overlaps(boxes, same, boxes, other, class_agnostic=True).tolist() == [[1]]
