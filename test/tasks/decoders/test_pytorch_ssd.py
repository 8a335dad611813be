# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the pytorch-ssd decoder: a background class, and class numbers that count it."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.tasks.decoders import pytorch_ssd

ROLES = {'boxes': 'boxes', 'scores': 'scores'}


def decode(boxes, scores, threshold=0.5, network_wh=(300, 200)):
    outputs = {'boxes': boxes, 'scores': scores}
    return pytorch_ssd.decode(outputs, ROLES, network_wh, threshold)


def test_hand_made(check):
    boxes = np.array([[0, 0, 0.5, 0.5], [0.1, 0.2, 0.3, 0.4]], np.float32)
    scores = np.array([[0.9, 0.05, 0.05], [0.1, 0.2, 0.7]], np.float32)
    check(decode(boxes, scores), [[30, 40, 90, 80, 0.7, 2]])


def test_the_background_is_never_found():
    scores = np.array([[1.0, 0.0]], np.float32)
    assert decode(np.zeros((1, 4), np.float32), scores).scores.size == 0


def test_a_network_with_nothing_but_background():
    assert decode(np.zeros((2, 4), np.float32), np.ones((2, 1), np.float32)).scores.size == 0


@pytest.mark.parametrize('seed', range(3))
def test_random(check, seed):
    rng = np.random.default_rng(seed)
    boxes = rng.random((3000, 4), np.float32)
    powers = np.exp(rng.normal(0, 2, (3000, 21)))
    scores = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    expected = [
        [x1 * 300, y1 * 200, x2 * 300, y2 * 200, scores[a, c], c]
        for a, (x1, y1, x2, y2) in enumerate(boxes.astype(np.float64))
        for c in range(1, 21)
        if scores[a, c] >= 0.25
    ]
    assert len(expected) > 1000
    check(decode(boxes, scores, 0.25), expected)
