# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the arithmetic on boxes."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.tasks.boxes import areas, finite, intersections, iou_matrix

NONE = np.zeros((0, 4), np.float32)


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


def test_iou_of_small_boxes_far_from_the_origin():
    pair = np.array([[16000, 9000, 16002, 9001], [16001, 9000, 16003, 9001]], np.float32)
    assert iou_matrix(pair[:1], pair[1:])[0, 0] == pytest.approx(1 / 3)


def test_finite():
    boxes = np.ones((5, 4), np.float32)
    scores = np.ones(5, np.float32)
    boxes[1, 2], boxes[2, 0], scores[3] = np.nan, -np.inf, np.nan
    assert finite(boxes, scores).tolist() == [True, False, False, False, True]
