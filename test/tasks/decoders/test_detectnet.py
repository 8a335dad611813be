# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the DetectNet decoder against the published rule, cell by cell."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.tasks.decoders import detectnet

ROLES = {'coverage': 'coverage', 'boxes': 'bboxes'}


def decode(coverage, boxes, network_wh, threshold=0.5):
    return detectnet.decode({'coverage': coverage, 'bboxes': boxes}, ROLES, network_wh, threshold)


def reference(coverage, boxes, network_wh, threshold):
    classes, height, width = coverage.shape
    rows = []
    for c in range(classes):
        for y in range(height):
            for x in range(width):
                if coverage[c, y, x] >= threshold:
                    corner = (x * network_wh[0] / width, y * network_wh[1] / height)
                    edges = [float(boxes[k, y, x]) + corner[k % 2] for k in range(4)]
                    rows.append([*edges, coverage[c, y, x], c])
    return rows


def test_hand_made(check):
    coverage, boxes = np.zeros((2, 3, 4), np.float32), np.zeros((4, 3, 4), np.float32)
    coverage[1, 2, 3] = 0.75
    boxes[:, 2, 3] = [-10, -20, 30, 40]
    check(decode(coverage, boxes, (64, 48)), [[38, 12, 78, 72, 0.75, 1]])


def test_classes_of_a_cell_share_its_box(check):
    coverage, boxes = np.full((2, 1, 1), 0.5, np.float32), np.ones((4, 1, 1), np.float32)
    check(decode(coverage, boxes, (16, 16)), [[1, 1, 1, 1, 0.5, 0], [1, 1, 1, 1, 0.5, 1]])


def test_cells_of_an_input_that_is_no_multiple_of_the_stride(check):
    # 1/3 of 100 pixels, where whole-number division would give 33 and lose a pixel by cell 3.
    coverage, boxes = np.zeros((1, 1, 3), np.float32), np.zeros((4, 1, 3), np.float32)
    coverage[0, 0, 2] = 1
    check(decode(coverage, boxes, (100, 10)), [[200 / 3, 0, 200 / 3, 0, 1, 0]])


@pytest.mark.parametrize('network_wh', [(640, 368), (1024, 512), (100, 70)])
@pytest.mark.parametrize('seed', range(3))
def test_random(check, network_wh, seed):
    rng = np.random.default_rng(seed)
    coverage = rng.random((3, 23, 40), np.float32)
    boxes = rng.normal(0, 60, (4, 23, 40)).astype(np.float32)
    expected = reference(coverage, boxes, network_wh, 0.9)
    assert len(expected) > 100
    check(decode(coverage, boxes, network_wh, 0.9), expected)
