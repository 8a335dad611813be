# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the YOLOv8 decoder: planes of coordinates and class probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.tasks.decoders import yolov8

ROLES = {'predictions': 'output0'}


def decode(planes, threshold=0.5):
    return yolov8.decode({'output0': planes}, ROLES, (640, 640), threshold)


def reference(planes, threshold):
    found = []
    for column in planes.T.astype(np.float64):
        cx, cy, w, h = column[:4]
        k = int(np.argmax(column[4:]))
        if column[4 + k] >= threshold:
            found.append([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2, column[4 + k], k])
    return found


def test_hand_made(check):
    columns = [[100, 50, 20, 10, 0.1, 0.8], [8, 8, 4, 4, 0.6, 0.5], [8, 8, 4, 4, 0.4, 0.2]]
    planes = np.array(columns, np.float32).T
    check(decode(planes), [[90, 45, 110, 55, 0.8, 1], [6, 6, 10, 10, 0.6, 0]])


def test_turned_rows_are_read_alike(check):
    rows = np.array([[100, 50, 20, 10, 0.1, 0.8], [8, 8, 4, 4, 0.4, 0.2]], np.float32)
    found = yolov8.decode_rows({'output0': rows}, ROLES, (640, 640), 0.5)
    check(found, [[90, 45, 110, 55, 0.8, 1]])


@pytest.mark.parametrize(('seed', 'classes'), [(0, 1), (1, 3), (2, 80)])
def test_random(check, seed, classes):
    rng = np.random.default_rng(seed)
    planes = rng.random((4 + classes, 2100), np.float32) ** 4
    planes[:4] *= 600
    expected = reference(planes, 0.8)
    assert len(expected) > 50
    check(decode(planes, 0.8), expected)
