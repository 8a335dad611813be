# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the YOLOv5 decoder: objectness times class probability."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.tasks.decoders import yolov5

ROLES = {'predictions': 'output0'}


def decode(rows, threshold=0.5):
    return yolov5.decode({'output0': rows}, ROLES, (640, 640), threshold)


def reference(rows, threshold):
    found = []
    for row in rows.astype(np.float64):
        cx, cy, w, h, objectness = row[:5]
        k = int(np.argmax(row[5:]))
        # The product is rounded to float32 before it meets the threshold.
        score = np.float32(objectness) * np.float32(row[5 + k])
        if score >= threshold:
            found.append([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2, score, k])
    return found


def test_hand_made(check):
    rows = np.array(
        [
            [100, 50, 20, 10, 0.9, 0.1, 0.8],  # 0.72
            [100, 50, 20, 10, 0.6, 0.8, 0.1],  # 0.48: objectness alone is enough, the score not
            [100, 50, 20, 10, 0.4, 1.0, 1.0],
        ],
        np.float32,
    )
    check(decode(rows), [[90, 45, 110, 55, 0.72, 1]])


def test_a_row_is_one_object_however_many_of_its_classes_are_likely(check):
    rows = np.array([[8, 8, 4, 4, 1, 0.8, 0.9, 0.7]], np.float32)
    check(decode(rows), [[6, 6, 10, 10, 0.9, 1]])


@pytest.mark.parametrize(('seed', 'classes'), [(0, 1), (1, 3), (2, 80)])
def test_random(check, seed, classes):
    rng = np.random.default_rng(seed)
    rows = rng.random((2520, 5 + classes), np.float32)
    rows[:, :4] *= 600
    expected = reference(rows, 0.6)
    assert len(expected) > 50
    check(decode(rows, 0.6), expected)
