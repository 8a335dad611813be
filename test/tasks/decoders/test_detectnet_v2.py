# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the DetectNet_v2 decoder against the published rule, cell by cell."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.tasks.decoders import detectnet_v2

ROLES = {'coverage': 'output_cov/Sigmoid', 'boxes': 'output_bbox/BiasAdd'}


def decode(coverage, boxes, network_wh, threshold=0.5):
    outputs = {ROLES['coverage']: coverage, ROLES['boxes']: boxes}
    return detectnet_v2.decode(outputs, ROLES, network_wh, threshold)


def reference(coverage, boxes, network_wh, threshold):
    """The rule as jetson-inference writes it: centres and boxes in units of 35 pixels."""
    classes, height, width = coverage.shape
    cell_w, cell_h = network_wh[0] / width, network_wh[1] / height
    rows = []
    for c in range(classes):
        for y in range(height):
            for x in range(width):
                if coverage[c, y, x] < threshold:
                    continue
                cx, cy = (x * cell_w + 0.5) / 35.0, (y * cell_h + 0.5) / 35.0
                b = boxes[4 * c : 4 * c + 4, y, x].astype(np.float64)
                edges = [(b[0] - cx) * -35, (b[1] - cy) * -35, (b[2] + cx) * 35, (b[3] + cy) * 35]
                rows.append([*edges, coverage[c, y, x], c])
    return rows


def test_hand_made(check):
    coverage, boxes = np.zeros((2, 34, 60), np.float32), np.zeros((8, 34, 60), np.float32)
    coverage[1, 10, 20] = 0.8
    boxes[4:, 10, 20] = [1, 2, 3, 4]
    boxes[:4, 10, 20] = 99
    expected = [320.5 - 35, 160.5 - 70, 320.5 + 105, 160.5 + 140, 0.8, 1]
    check(decode(coverage, boxes, (960, 544)), [expected])


@pytest.mark.parametrize('network_wh', [(960, 544), (640, 368), (100, 70)])
@pytest.mark.parametrize('seed', range(3))
def test_random(check, network_wh, seed):
    rng = np.random.default_rng(seed)
    coverage = rng.random((3, 23, 40), np.float32)
    boxes = rng.normal(0, 3, (12, 23, 40)).astype(np.float32)
    expected = reference(coverage, boxes, network_wh, 0.9)
    assert len(expected) > 100
    check(decode(coverage, boxes, network_wh, 0.9), expected)
