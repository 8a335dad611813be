# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the decoders of DETR and RT-DETR."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ros_deep_learning.tasks.decoders import detr

ROLES = {'logits': 'pred_logits', 'boxes': 'pred_boxes'}


def decode(kind, logits, boxes, threshold=0.5, network_wh=(800, 600)):
    outputs = {'pred_logits': logits, 'pred_boxes': boxes}
    return getattr(detr, f'decode_{kind}')(outputs, ROLES, network_wh, threshold)


def edges(box, network_wh):
    cx, cy, w, h = (float(v) * side for v, side in zip(box, network_wh * 2, strict=True))
    return [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]


def test_softmax_hand_made(check):
    logits = np.array([[5, 0, 0], [0, 5, 0], [0, 0, 5], [1, 1, 1]], np.float32)
    boxes = np.array([[0.5, 0.5, 0.5, 0.5], [0.1, 0.2, 0.1, 0.2], [0] * 4, [0] * 4], np.float32)
    score = math.exp(5) / (math.exp(5) + 2)
    expected = [[200, 150, 600, 450, score, 0], [40, 60, 120, 180, score, 1]]
    check(decode('softmax', logits, boxes), expected)


def test_no_object_is_never_found():
    logits = np.array([[0, 0, 99]], np.float32)
    assert len(decode('softmax', logits, np.ones((1, 4)), 0.0).scores) == 1
    assert len(decode('softmax', logits, np.ones((1, 4)), 1e-6).scores) == 0


def test_focal_hand_made(check):
    logits = np.array([[2, -2], [3, 1], [-1, -1]], np.float32)
    boxes = np.array([[0.5, 0.5, 0.5, 0.5], [0.1, 0.2, 0.1, 0.2], [0] * 4], np.float32)
    expected = [
        [200, 150, 600, 450, 1 / (1 + math.exp(-2)), 0],
        [40, 60, 120, 180, 1 / (1 + math.exp(-3)), 0],
        [40, 60, 120, 180, 1 / (1 + math.exp(-1)), 1],
    ]
    check(decode('focal', logits, boxes), expected)


def test_focal_takes_no_more_than_a_candidate_a_query(check):
    logits = np.array([[3, 2], [4, -9]], np.float32)
    found = decode('focal', logits, np.zeros((2, 4), np.float32), 0.1)
    np.testing.assert_allclose(found.scores, [1 / (1 + math.exp(-4)), 1 / (1 + math.exp(-3))])
    assert found.class_ids.tolist() == [0, 0]


@pytest.mark.filterwarnings('error')
def test_far_logits_do_not_overflow():
    logits = np.array([[1e4, -1e4, 0]], np.float32)
    for kind in ('softmax', 'focal'):
        found = decode(kind, logits, np.ones((1, 4), np.float32))
        assert found.scores.tolist()[:1] == [1]


@pytest.mark.parametrize('seed', range(3))
def test_softmax_random(check, seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (100, 92)).astype(np.float32)
    boxes = rng.random((100, 4), np.float32)
    expected = []
    for query, box in zip(logits.astype(np.float64), boxes, strict=True):
        powers = [math.exp(v) for v in query]
        shares = [p / sum(powers) for p in powers][:-1]
        k = int(np.argmax(shares))
        if shares[k] >= 0.4:
            expected.append([*edges(box, (800, 600)), shares[k], k])
    assert len(expected) > 20
    check(decode('softmax', logits, boxes, 0.4), expected)


@pytest.mark.parametrize('seed', range(3))
def test_focal_random(check, seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(-2, 2, (300, 80)).astype(np.float32)
    boxes = rng.random((300, 4), np.float32)
    pairs = [
        (1 / (1 + math.exp(-float(logits[q, c]))), q, c) for q in range(300) for c in range(80)
    ]
    best = sorted(pairs, reverse=True)[:300]
    expected = [[*edges(boxes[q], (800, 600)), s, c] for s, q, c in best if s >= 0.5]
    check(decode('focal', logits, boxes, 0.5), expected)
