# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what is read from the files beside a network, which anybody may have written."""

from __future__ import annotations

import math

import pytest

from ros_deep_learning.recognition.evidence import mean_and_std
from ros_deep_learning.recognition.families import huggingface, mmdeploy, paddle

HOSTILE = [None, 'x', 3, [], [1, 2], [1, 2, 'x'], [1, 2, None], [1, 2, math.nan], {'a': 1}]


def test_three_numbers_are_read():
    assert mean_and_std({'mean': [1, 2, 3], 'std': (4, 5.5, 6)}) == {
        'mean': (1.0, 2.0, 3.0),
        'std': (4.0, 5.5, 6.0),
    }
    assert mean_and_std({}) == {}


@pytest.mark.parametrize('value', [*HOSTILE, [1, 2, math.inf]])
def test_what_is_no_mean_is_not_read(value):
    config = {'mean': value, 'std': [0, 1, 1]}
    assert mean_and_std(config) == {}
    scale = huggingface._stated({'image_mean': value, 'rescale_factor': value})['scale']
    assert scale == (3.0 if value == 3 else pytest.approx(1 / 255))
    steps = [{'type': 'NormalizeImage', **config}, {'type': 'Resize', 'keep_ratio': value}]
    assert {'mean', 'std'}.isdisjoint(paddle._stated({'Preprocess': steps}))
    steps = [{'type': 'Normalize', **config}, {'type': 'Pad', 'pad_val': value}]
    stated = mmdeploy._stated({'pipeline': {'tasks': [{'transforms': steps}]}})
    assert stated['mean'] == (0.0, 0.0, 0.0)
    assert 0 <= stated['pad_value'] <= 3
