# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the NanoDet decoders: finished boxes, and the distributions they come from."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ros_deep_learning.errors import DecodeError
from ros_deep_learning.tasks.decoders import nanodet


def decode(boxes, scores, threshold=0.5):
    roles = {'boxes': 'b', 'scores': 's'}
    return nanodet.decode({'b': boxes, 's': scores}, roles, (416, 416), threshold)


def decode_raw(table, network_wh, threshold=0.5):
    return nanodet.decode_raw({'output': table}, {'predictions': 'output'}, network_wh, threshold)


def grid_rows(network_wh, strides):
    return sum(math.ceil(network_wh[0] / s) * math.ceil(network_wh[1] / s) for s in strides)


def raw_reference(table, network_wh, threshold, strides, place):
    classes, width, height = table.shape[1] - 32, *network_wh
    found, row = [], 0
    for stride in strides:
        for y in range(math.ceil(height / stride)):
            for x in range(math.ceil(width / stride)):
                reach = []
                for edge in range(4):
                    logits = table[row, classes + 8 * edge :][:8].astype(np.float64)
                    powers = [math.exp(v) for v in logits]
                    mean = sum(k * p for k, p in enumerate(powers)) / sum(powers)
                    reach.append(mean * stride)
                px, py = (x + place) * stride, (y + place) * stride
                box = [px - reach[0], py - reach[1], px + reach[2], py + reach[3]]
                limits = [width, height, width, height]
                box = [min(max(v, 0), limit) for v, limit in zip(box, limits, strict=True)]
                for c in range(classes):
                    if table[row, c] >= threshold:
                        found.append([*box, table[row, c], c])
                row += 1
    assert row == len(table)
    return found


def test_finished_hand_made(check):
    boxes = np.array([[1, 2, 30, 40], [5, 6, 7, 8]], np.float32)
    scores = np.array([[0.6, 0.7], [0.4, 0.1]], np.float32)
    check(decode(boxes, scores), [[1, 2, 30, 40, 0.6, 0], [1, 2, 30, 40, 0.7, 1]])


@pytest.mark.parametrize('seed', range(3))
def test_finished_random(check, seed):
    rng = np.random.default_rng(seed)
    boxes = rng.normal(200, 99, (355, 4)).astype(np.float32)
    scores = rng.random((355, 8), np.float32)
    expected = [
        [*boxes[n], scores[n, c], c] for n in range(355) for c in range(8) if scores[n, c] >= 0.8
    ]
    check(decode(boxes, scores, 0.8), expected)


@pytest.mark.parametrize(
    ('rows', 'point'), [(64 + 16 + 4, (8 * 3.5, 8 * 2.5)), (64 + 16 + 4 + 1, (8 * 3, 8 * 2))]
)
def test_raw_hand_made(check, rows, point):
    # One bin far above the rest is the distance: 1, 2, 3 and 4 strides of 8 pixels.
    table = np.zeros((rows, 33), np.float32)
    table[2 * 8 + 3, 0] = 0.9
    for edge in range(4):
        table[2 * 8 + 3, 1 + 8 * edge + edge + 1] = 50
    x, y = point
    box = [max(x - 8, 0), max(y - 16, 0), min(x + 24, 64), min(y + 32, 64)]
    check(decode_raw(table, (64, 64)), [[*box, 0.9, 0]])


@pytest.mark.parametrize('network_wh', [(320, 320), (416, 256), (100, 70)])
@pytest.mark.parametrize(('strides', 'place'), [((8, 16, 32), 0.5), ((8, 16, 32, 64), 0.0)])
def test_raw_random(check, network_wh, strides, place):
    rng = np.random.default_rng(len(strides))
    table = rng.normal(0, 2, (grid_rows(network_wh, strides), 32 + 5)).astype(np.float32)
    table[:, :5] = rng.random((len(table), 5))
    expected = raw_reference(table, network_wh, 0.9, strides, place)
    assert len(expected) > 20
    check(decode_raw(table, network_wh, 0.9), expected)


def test_rows_of_another_input():
    with pytest.raises(DecodeError, match=r'expects predictions \(84, 32\+C\) or \(85, 32\+C\)'):
        decode_raw(np.zeros((83, 40), np.float32), (64, 64))
