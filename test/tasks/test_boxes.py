# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the arithmetic on boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ros_deep_learning.tasks.boxes import areas, finite, intersections, iou_matrix

NONE = np.zeros((0, 4), np.float32)

# Few whole numbers, so that edges meet, sides have no length and corners are swapped; and all
# others that an image may have.
EDGES = st.one_of(
    st.integers(0, 4).map(float), st.floats(-32768, 32768, width=32, allow_subnormal=False)
)
SETS = arrays(np.float32, st.tuples(st.integers(0, 5), st.just(4)), elements=EDGES)


def reference(first, second):
    """Compute an intersection over union with plain Python floats."""
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = map(float, first), map(float, second)
    across, down = min(ax2, bx2) - max(ax1, bx1), min(ay2, by2) - max(ay1, by1)
    shared = across * down if across > 0 and down > 0 else 0.0
    union = -shared
    for width, height in ((ax2 - ax1, ay2 - ay1), (bx2 - bx1, by2 - by1)):
        union += width * height if width > 0 and height > 0 else 0.0
    return shared / union if union > 0 else 0.0


def test_empty():
    box = np.array([[0, 0, 1, 1]], np.float32)
    assert areas(NONE).shape == (0,)
    assert iou_matrix(NONE, NONE).shape == (0, 0)
    assert intersections(NONE, box).shape == (0, 1)
    assert iou_matrix(NONE, box).shape == (0, 1)
    assert iou_matrix(box, NONE).shape == (1, 0)
    assert finite(NONE, np.zeros(0)).shape == (0,)


@pytest.mark.parametrize(
    ('box', 'area'),
    [((1, 2, 4, 6), 12), ((0, 0, 0, 5), 0), ((4, 6, 1, 2), 0), ((4, 0, 1, 9), 0)],
)
def test_areas(box, area):
    assert areas(np.array([box], np.float32))[0] == area


@pytest.mark.parametrize(
    ('first', 'second', 'iou'),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1),
        ((0, 0, 10, 10), (10, 0, 20, 10), 0),
        ((0, 0, 10, 10), (20, 20, 30, 30), 0),
        ((0, 0, 10, 10), (5, 0, 15, 10), 1 / 3),
        ((0, 0, 10, 10), (0, 0, 5, 5), 1 / 4),
        ((3, 3, 3, 3), (3, 3, 3, 3), 0),
        ((10, 10, 0, 0), (0, 0, 10, 10), 0),
        ((0, 0, 3e38, 3e38), (0, 0, 3e38, 3e38), 1),
    ],
)
def test_iou(first, second, iou):
    pair = np.array([first, second], np.float32)
    assert iou_matrix(pair[:1], pair[1:])[0, 0] == pytest.approx(iou)
    assert iou_matrix(pair[1:], pair[:1])[0, 0] == pytest.approx(iou)


@pytest.mark.parametrize(
    ('first', 'second', 'area'),
    [
        ((0, 0, 10, 10), (5, 2, 15, 8), 30),
        ((0, 0, 10, 10), (10, 0, 20, 10), 0),
        ((0, 0, 10, 10), (-5, -5, 20, 20), 100),
        ((0, 0, 10, 10), (12, 12, 8, 8), 0),
    ],
)
def test_intersections(first, second, area):
    pair = np.array([first, second], np.float32)
    assert intersections(pair[:1], pair[1:])[0, 0] == area
    assert intersections(pair[1:], pair[:1])[0, 0] == area


@given(SETS, SETS)
def test_iou_equals_a_scalar_reference(first, second):
    found = iou_matrix(first, second)
    assert (found.shape, found.dtype) == ((len(first), len(second)), np.float64)
    wanted = [[reference(a, b) for b in second] for a in first]
    np.testing.assert_allclose(found, np.reshape(wanted, found.shape), rtol=1e-12)


@given(SETS, SETS)
def test_iou_is_a_symmetric_share(first, second):
    found = iou_matrix(first, second)
    assert ((found >= 0) & (found <= 1)).all()
    np.testing.assert_array_equal(found, iou_matrix(second, first).T)


@given(SETS)
def test_iou_of_a_box_with_itself(boxes):
    filled = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    diagonal = iou_matrix(boxes, boxes).diagonal()
    np.testing.assert_allclose(diagonal, filled, rtol=1e-12)
    assert not iou_matrix(boxes, boxes)[~filled].any()


def test_iou_of_small_boxes_far_from_the_origin():
    pair = np.array([[16000, 9000, 16002, 9001], [16001, 9000, 16003, 9001]], np.float32)
    assert iou_matrix(pair[:1], pair[1:])[0, 0] == pytest.approx(1 / 3)


def test_finite():
    boxes = np.ones((5, 4), np.float32)
    scores = np.ones(5, np.float32)
    boxes[1, 2], boxes[2, 0], scores[3] = np.nan, -np.inf, np.nan
    assert finite(boxes, scores).tolist() == [True, False, False, False, True]
