# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the decoder of Azure Custom Vision's grids, against its formulas cell by cell."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ros_deep_learning.errors import DecodeError
from ros_deep_learning.tasks.decoders import custom_vision_grid

ANCHORS = [[0.573, 0.677], [1.87, 2.06], [3.34, 5.47], [7.88, 3.53], [9.77, 9.17]]


def decode(grid, network_wh, threshold):
    return custom_vision_grid.decode({'o': grid}, {'predictions': 'o'}, network_wh, threshold)


def reference(grid, network_wh, threshold):
    grid = grid.astype(np.float64)
    _, rows, columns = grid.shape
    fields = len(grid) // 5
    found = []
    for k, (anchor_w, anchor_h) in enumerate(ANCHORS):
        for row in range(rows):
            for column in range(columns):
                x, y, w, h, objectness, *logits = grid[k * fields : (k + 1) * fields, row, column]
                powers = [math.exp(one) for one in logits]
                best = int(np.argmax(powers))
                score = powers[best] / sum(powers) / (1 + math.exp(-objectness))
                if score < threshold:
                    continue
                cx, cy = (x + column) / columns, (y + row) / rows
                width, height = math.exp(w) * anchor_w / columns, math.exp(h) * anchor_h / rows
                edges = [cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2]
                pixels = [edge * network_wh[axis % 2] for axis, edge in enumerate(edges)]
                found.append([*pixels, score, best])
    return found


@pytest.mark.parametrize(('classes', 'shape'), [(1, (13, 13)), (4, (6, 9))])
def test_random_grids(check, classes, shape):
    grid = np.random.default_rng(classes).normal(0, 1, (5 * (5 + classes), *shape))
    grid = grid.astype(np.float32)
    found = reference(grid, (416, 320), 0.3)
    assert len(found) > 10
    check(decode(grid, (416, 320), 0.3), found)


def test_other_fields_are_refused():
    with pytest.raises(DecodeError, match=r'expects predictions \(5\*\(5\+C\), H, W\)'):
        decode(np.zeros((31, 13, 13), np.float32), (416, 416), 0.5)
