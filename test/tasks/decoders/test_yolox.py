# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the YOLOX decoder: boxes relative to the cells of three grids."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ros_deep_learning.errors import DecodeError
from ros_deep_learning.tasks.decoders import yolov5, yolox

ROLES = {'predictions': 'output'}


def decode(rows, network_wh, threshold=0.5):
    return yolox.decode({'output': rows}, ROLES, network_wh, threshold)


def decoded(rows, network_wh):
    """Apply the published rule cell by cell: what ``--decode_in_inference`` puts in the graph."""
    rows, place = rows.astype(np.float64), 0
    for stride in (8, 16, 32):
        for y in range(network_wh[1] // stride):
            for x in range(network_wh[0] // stride):
                dx, dy, w, h = rows[place, :4]
                centre = [(dx + x) * stride, (dy + y) * stride]
                rows[place, :4] = [*centre, math.exp(w) * stride, math.exp(h) * stride]
                place += 1
    assert place == len(rows)
    return rows


def reference(rows, network_wh, threshold):
    found = []
    for row in decoded(rows, network_wh):
        cx, cy, w, h, objectness = row[:5]
        k = int(np.argmax(row[5:]))
        score = np.float32(objectness) * np.float32(row[5 + k])
        if score >= threshold:
            found.append([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2, score, k])
    return found


def test_hand_made(check):
    # 64x32: grids of 8x4, 4x2 and 2x1 cells; the second cell of the second row of the second.
    rows = np.zeros((32 + 8 + 2, 7), np.float32)
    rows[32 + 4 + 1] = [0.5, -0.25, math.log(2), 0, 0.9, 0.2, 1]
    check(decode(rows, (64, 32)), [[8, 4, 40, 20, 0.9, 1]])


def test_rows_of_another_input():
    words = r'yolox expects predictions \(42, 5\+C\).*64x32.*\(41, 7'
    with pytest.raises(DecodeError, match=words):
        decode(np.zeros((41, 7), np.float32), (64, 32))


@pytest.mark.parametrize('network_wh', [(416, 416), (640, 352)])
@pytest.mark.parametrize(('seed', 'classes'), [(0, 1), (1, 80)])
def test_random(check, network_wh, seed, classes):
    rng = np.random.default_rng(seed)
    count = sum((network_wh[0] // s) * (network_wh[1] // s) for s in (8, 16, 32))
    rows = rng.random((count, 5 + classes), np.float32)
    rows[:, :4] = rng.normal(0, 1, (count, 4))
    expected = reference(rows, network_wh, 0.7)
    assert len(expected) > 50
    check(decode(rows, network_wh, 0.7), expected)
    # The other export of the same network, read by the other decoder.
    table = decoded(rows, network_wh).astype(np.float32)
    check(yolov5.decode({'output': table}, ROLES, network_wh, 0.7), expected)
