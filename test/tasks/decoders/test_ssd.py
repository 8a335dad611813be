# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the SSD decoder on hand-made and random tensors."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.errors import DecodeError
from ros_deep_learning.tasks.decoders import ssd

ROLES = {'boxes': 'b', 'scores': 's'}


def decode(boxes, scores, threshold=0.5, network_wh=(300, 200)):
    return ssd.decode({'b': boxes, 's': scores, 'other': scores}, ROLES, network_wh, threshold)


@pytest.mark.parametrize('anchors', [0, 7])
def test_nothing_above_the_threshold(anchors):
    found = decode(np.zeros((anchors, 4), np.float32), np.full((anchors, 3), 0.49, np.float32))
    assert (found.boxes_xyxy.shape, found.boxes_xyxy.dtype) == ((0, 4), np.float32)
    assert (found.scores.shape, found.scores.dtype) == ((0,), np.float32)
    assert (found.class_ids.shape, found.class_ids.dtype) == ((0,), np.int32)


def test_hand_made():
    boxes = np.array([[0, 0, 0.5, 0.5], [0.1, 0.2, 0.3, 0.4], [0, 0, 1, 1]], np.float32)
    scores = np.array([[0.1, 0.6, 0.7], [0.5, 0.2, 0.3], [0.4, 0.4, 0.4]], np.float32)
    found = decode(boxes, scores)
    np.testing.assert_allclose(
        found.boxes_xyxy, [[0, 0, 150, 100], [0, 0, 150, 100], [30, 40, 90, 80]], rtol=1e-6
    )
    np.testing.assert_array_equal(found.scores, np.array([0.6, 0.7, 0.5], np.float32))
    assert found.class_ids.tolist() == [1, 2, 0]


@pytest.mark.parametrize('dtype', [np.float32, np.float16])
def test_equals_loop(dtype):
    rng = np.random.default_rng(3)
    boxes = rng.uniform(-0.2, 1.2, (200, 4)).astype(dtype)
    scores = rng.uniform(0, 1, (200, 11)).astype(dtype)
    wanted = [
        (*(boxes[a].astype(np.float64) * (300, 200, 300, 200)), scores[a, c], c)
        for a in range(200)
        for c in range(11)
        if scores[a, c] >= dtype(0.9)
    ]
    found = decode(boxes, scores, 0.9)
    table = np.column_stack([found.boxes_xyxy, found.scores, found.class_ids])
    np.testing.assert_allclose(table, np.array(wanted, np.float64), rtol=1e-6)
    assert found.boxes_xyxy.dtype == found.scores.dtype == np.float32


def test_nan_scores_are_below_every_threshold():
    found = decode(np.zeros((2, 4), np.float32), np.full((2, 3), np.nan, np.float32), 0.0)
    assert len(found.scores) == 0


@pytest.mark.filterwarnings('error')
def test_huge_edges_do_not_warn():
    found = decode(np.full((1, 4), 3e38, np.float32), np.ones((1, 1), np.float32))
    assert np.isinf(found.boxes_xyxy).all()


@pytest.mark.parametrize(
    ('boxes', 'scores'),
    [((5, 5), (5, 3)), ((5, 4), (6, 3)), ((1, 5, 4), (5, 3)), ((5, 4), (5,)), ((20,), (5, 3))],
)
def test_other_shapes_are_refused(boxes, scores):
    with pytest.raises(DecodeError, match=r"expects boxes \(A, 4\).*'b'.*'s'"):
        decode(np.zeros(boxes, np.float32), np.zeros(scores, np.float32))


@pytest.mark.parametrize(('shape', 'count'), [((1917, 90), 90), ((-1, -1), None), ((), None)])
def test_class_count(shape, count):
    assert ssd.class_count({'boxes': (1917, 4), 'scores': shape}) == count
