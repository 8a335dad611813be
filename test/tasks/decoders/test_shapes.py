# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the patterns of shapes."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.errors import DecodeError
from ros_deep_learning.tasks.decoders.shapes import bind, class_count, take


@pytest.mark.parametrize(
    ('shapes', 'patterns', 'sizes'),
    [
        ({}, {}, {}),
        ({'a': (5, 4)}, {'a': ('A', 4)}, {'A': 5}),
        ({'a': (0, 4)}, {'a': ('A', 4)}, {'A': 0}),
        ({'a': (5, 3)}, {'a': ('A', 4)}, None),
        ({'a': (5, 4, 1)}, {'a': ('A', 4)}, None),
        ({}, {'a': ('A', 4)}, None),
        ({'a': (5, 4), 'b': (5,)}, {'a': ('A', 4), 'b': ('A',)}, {'A': 5}),
        ({'a': (5, 4), 'b': (6,)}, {'a': ('A', 4), 'b': ('A',)}, None),
        ({'a': (12, 4)}, {'a': ('4*C', 4)}, {'C': 3}),
        ({'a': (13, 4)}, {'a': ('4*C', 4)}, None),
        ({'a': (9, 84)}, {'a': ('N', '4+C')}, {'N': 9, 'C': 80}),
        ({'a': (9, 4)}, {'a': ('N', '4+C')}, None),
        ({'a': (9, 0)}, {'a': ('N', 'C')}, None),
        ({'a': (-1, 4)}, {'a': ('N', 4)}, {}),
        ({'a': (-1, -1)}, {'a': ('N', 4)}, {}),
        ({'a': (3, 1), 'other': (7,)}, {'a': ('N', 'C')}, {'N': 3, 'C': 1}),
    ],
)
def test_bind(shapes, patterns, sizes):
    assert bind(shapes, patterns) == sizes


def test_take_gives_arrays_in_the_patterns_order():
    one, two = np.zeros((3, 4)), np.zeros(3)
    patterns = {'boxes': ('N', 4), 'scores': ('N',)}
    taken = take('x', patterns, {'s': two, 'b': one}, {'scores': 's', 'boxes': 'b'})
    assert taken[0] is one
    assert taken[1] is two


def test_take_tells_all_there_is_to_know():
    patterns = {'boxes': ('N', 4), 'scores': ('N', '1+C')}
    with pytest.raises(DecodeError) as caught:
        take('x', patterns, {'b': np.zeros((3, 5))}, {'boxes': 'b', 'scores': 's'})
    assert str(caught.value) == (
        "decoder x expects boxes (N, 4), scores (N, 1+C); the network gives boxes = 'b' (3, 5), "
        'no scores'
    )


def test_class_count():
    assert class_count({'a': (3, 9)}, patterns={'a': ('N', '4+C')}) == 5
    assert class_count({'a': (3, -1)}, patterns={'a': ('N', '4+C')}) is None
    assert class_count({'a': (3, 2)}, patterns={'a': ('N', '4+C')}) is None
    assert class_count({'a': (3,)}, patterns={'a': ('N',)}) is None
