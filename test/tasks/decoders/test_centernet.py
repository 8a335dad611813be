# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the CenterNet decoder against the published rule, cell by cell."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.errors import DecodeError
from ros_deep_learning.recognition.decoder_choice import choose
from ros_deep_learning.tasks.decoders import centernet

ROLES = {'heatmap': 'hm', 'size': 'wh', 'offset': 'reg'}


def decode(heatmap, size, offset, network_wh, threshold=0.5, *, raw=False):
    outputs = {'hm': heatmap, 'wh': size, 'reg': offset}
    rule = centernet.decode_raw if raw else centernet.decode
    return rule(outputs, ROLES, network_wh, threshold)


def reference(heatmap, size, offset, network_wh, threshold):
    """ctdet_decode without its top-k: a pooled map that equals the map marks a centre."""
    classes, height, width = heatmap.shape
    stride_x, stride_y = network_wh[0] / width, network_wh[1] / height
    rows = []
    for c, y, x in np.ndindex(classes, height, width):
        around = heatmap[c, max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
        if heatmap[c, y, x] < threshold or heatmap[c, y, x] < around.max():
            continue
        cx, cy = x + float(offset[0, y, x]), y + float(offset[1, y, x])
        w, h = float(size[0, y, x]), float(size[1, y, x])
        edges = [(cx - w / 2) * stride_x, (cy - h / 2) * stride_y]
        edges += [(cx + w / 2) * stride_x, (cy + h / 2) * stride_y]
        rows.append([*edges, heatmap[c, y, x], c])
    return rows


def test_hand_made(check):
    heatmap, size, offset = (np.zeros((n, 8, 16), np.float32) for n in (3, 2, 2))
    heatmap[2, 5, 10] = 0.75
    # A cooler neighbour is no object of its own; in another class it is.
    heatmap[2, 5, 11] = 0.7
    heatmap[1, 5, 11] = 0.6
    size[:, 5, 10:12] = [[4, 2], [6, 2]]
    offset[:, 5, 10] = 0.5, 0.25
    # Stride 4: centre (42, 21), 16 wide and 24 high; then centre (44, 20), 8 wide and 8 high.
    expected = [[34, 9, 50, 33, 0.75, 2], [40, 16, 48, 24, 0.6, 1]]
    check(decode(heatmap, size, offset, (64, 32)), expected)


def test_equally_hot_neighbours_are_both_centres(check):
    heatmap, size, offset = (np.zeros((n, 1, 2), np.float32) for n in (1, 2, 2))
    heatmap[:] = 0.5
    check(decode(heatmap, size, offset, (8, 4)), [[0, 0, 0, 0, 0.5, 0], [4, 0, 4, 0, 0.5, 0]])


@pytest.mark.parametrize('network_wh', [(160, 120), (512, 512)])
@pytest.mark.parametrize('seed', range(3))
def test_random(check, network_wh, seed):
    rng = np.random.default_rng(seed)
    heatmap = rng.random((80, 30, 40), np.float32)
    size = rng.uniform(0, 20, (2, 30, 40)).astype(np.float32)
    offset = rng.random((2, 30, 40), np.float32)
    expected = reference(heatmap, size, offset, network_wh, 0.9)
    assert len(expected) > 1000
    check(decode(heatmap, size, offset, network_wh, 0.9), expected)


@pytest.mark.parametrize('threshold', [0.0, 0.3, 0.9])
def test_logits(check, threshold):
    rng = np.random.default_rng(4)
    logits = rng.normal(0, 2, (5, 30, 40)).astype(np.float32)
    size, offset = (rng.uniform(0, 9, (2, 30, 40)).astype(np.float32) for _ in range(2))
    shares = 1 / (1 + np.exp(-logits.astype(np.float64)))
    expected = reference(shares, size, offset, (160, 120), threshold)
    assert len(expected) > 50
    check(decode(logits, size, offset, (160, 120), threshold, raw=True), expected)


def test_logits_at_both_ends(check):
    logits, size, offset = (np.zeros((n, 1, 4), np.float32) for n in (1, 2, 2))
    logits[0, 0] = [-np.inf, np.inf, np.nan, 3]
    found = decode(logits, size, offset, (16, 4), 1.0, raw=True)
    check(found, [[4, 0, 4, 0, 1, 0]])
    assert len(decode(logits, size, offset, (16, 4), 0.0, raw=True).scores) >= 1


def test_by_name_it_is_a_centernet_but_of_which_kind_must_be_told():
    shapes = {'hm': (80, 128, 128), 'wh': (2, 128, 128), 'reg': (2, 128, 128)}
    with pytest.raises(DecodeError, match=r'read as centernet \(.* or centernet_raw \('):
        choose(shapes, (512, 512))
    choice = choose(shapes, (512, 512), decoder='centernet_raw')
    assert choice.roles == ROLES
    # The names of the other family are still its own.
    faces = {'heatmap': (1, 8, 8), 'scale': (2, 8, 8), 'offset': (2, 8, 8)}
    assert choose(faces, (32, 32)).decoder == 'centerface'
