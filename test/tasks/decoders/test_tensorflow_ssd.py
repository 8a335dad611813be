# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the decoder of TensorFlow's four outputs."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.errors import DecodeError
from ros_deep_learning.tasks.decoders.finished import tensorflow_ssd

ROLES = {
    'boxes': 'detection_boxes',
    'classes': 'detection_classes',
    'scores': 'detection_scores',
    'count': 'num_detections',
}


def decode(boxes, classes, scores, count=None, threshold=0.5, network_wh=(300, 200)):
    outputs = dict(zip(ROLES.values(), (boxes, classes, scores, count), strict=True))
    roles = ROLES if count is not None else {r: n for r, n in ROLES.items() if r != 'count'}
    return tensorflow_ssd.decode(outputs, roles, network_wh, threshold)


def reference(boxes, classes, scores, count, network_wh, threshold):
    rows = []
    for k in range(int(count)):
        y1, x1, y2, x2 = (float(v) for v in boxes[k])
        w, h = network_wh
        if scores[k] >= threshold and classes[k] >= 1:
            rows.append([x1 * w, y1 * h, x2 * w, y2 * h, scores[k], int(classes[k]) - 1])
    return rows


def test_hand_made(check):
    boxes = np.array([[0.1, 0.2, 0.3, 0.4], [0, 0, 1, 1], [0, 0, 1, 1]], np.float32)
    classes, scores = np.array([1, 18, 3], np.float32), np.array([0.9, 0.5, 0.4], np.float32)
    expected = [[60, 20, 120, 60, 0.9, 0], [0, 0, 300, 200, 0.5, 17]]
    check(decode(boxes, classes, scores), expected)


@pytest.mark.parametrize('count', [np.float32(1), np.array([1.0]), np.array(1, np.int64)])
def test_rows_from_the_count_on_are_padding(check, count):
    boxes, ones = np.ones((3, 4), np.float32), np.ones(3, np.float32)
    check(decode(boxes, ones, ones, np.asarray(count)), [[300, 200, 300, 200, 1, 0]])


def test_a_count_of_nothing():
    ones = np.ones(3, np.float32)
    assert len(decode(np.ones((3, 4)), ones, ones, np.array([0.0])).scores) == 0


def test_more_than_one_count():
    ones = np.ones(3, np.float32)
    words = r'tensorflow_ssd expects count to be one number, got \(2,\)'
    with pytest.raises(DecodeError, match=words):
        decode(np.ones((3, 4)), ones, ones, np.array([1.0, 2.0]))


@pytest.mark.parametrize('classes', [0, -1, np.nan, 3e9])
def test_there_is_no_such_class(classes):
    found = decode(np.ones((1, 4)), np.array([classes], np.float64), np.ones(1))
    assert len(found.scores) == 0


@pytest.mark.parametrize('seed', range(5))
def test_random(check, seed):
    rng = np.random.default_rng(seed)
    boxes, scores = rng.random((100, 4), np.float32), rng.random(100, np.float32)
    classes = rng.integers(0, 91, 100).astype(np.float32)
    count = np.array([80.0], np.float32)
    expected = reference(boxes, classes, scores, 80, (320, 240), 0.3)
    check(decode(boxes, classes, scores, count, 0.3, (320, 240)), expected)
