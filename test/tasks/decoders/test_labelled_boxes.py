# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the decoder of finished boxes with labels and scores."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.tasks.decoders.finished import labelled_boxes


def decode(boxes, classes, scores, threshold=0.5, **more):
    outputs = {'boxes': boxes, 'labels': classes, 'scores': scores, **more}
    roles = {'boxes': 'boxes', 'classes': 'labels', 'scores': 'scores', **{k: k for k in more}}
    return labelled_boxes.decode(outputs, roles, (640, 480), threshold)


@pytest.mark.parametrize('dtype', [np.int64, np.int32, np.float32, np.uint8])
def test_hand_made(check, dtype):
    boxes = np.array([[1, 2, 30, 40], [5, 6, 7, 8], [0, 0, 9, 9]], np.float32)
    found = decode(boxes, np.array([0, 7, 1], dtype), np.array([0.9, 0.4, 0.5], np.float32))
    check(found, [[1, 2, 30, 40, 0.9, 0], [0, 0, 9, 9, 0.5, 1]])


def test_rows_from_the_count_on_are_padding(check):
    boxes, ones = np.ones((3, 4), np.float32), np.ones(3, np.float32)
    found = decode(boxes, ones, ones, count=np.array([2], np.int32))
    check(found, [[1, 1, 1, 1, 1, 1]] * 2)


@pytest.mark.parametrize('seed', range(3))
def test_random(check, seed):
    rng = np.random.default_rng(seed)
    boxes = rng.normal(300, 200, (300, 4)).astype(np.float32)
    classes, scores = rng.integers(-2, 80, 300), rng.random(300, np.float32)
    expected = [
        [*box, score, k]
        for box, score, k in zip(boxes, scores, classes, strict=True)
        if score >= 0.7 and k >= 0
    ]
    check(decode(boxes, classes, scores, 0.7), expected)
