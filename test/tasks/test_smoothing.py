# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of exponential smoothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.tasks.smoothing import Smoothing, smoothing_factor


@pytest.mark.parametrize(
    ('number', 'factor'), [(0, 1), (0.25, 0.25), (1, 1), (2, 0.5), (15, 1 / 15), (1e-6, 1e-6)]
)
def test_the_two_meanings_of_the_number(number, factor):
    assert smoothing_factor(number) == pytest.approx(factor)


@pytest.mark.parametrize('number', [-1, -0.1, float('nan'), float('inf')])
def test_numbers_without_a_meaning(number):
    with pytest.raises(SettingsError, match=r'^smoothing: want 0 for none'):
        smoothing_factor(number)


def test_no_scores():
    assert Smoothing().update(np.zeros(0, np.float32), 0.5).shape == (0,)


@pytest.mark.parametrize('number', [0.3, 4])
def test_equals_the_formula_in_float64(number):
    frames = np.random.default_rng(0).random((50, 10)).astype(np.float32)
    smoothing, factor = Smoothing(), number if number <= 1 else 1 / number
    state = frames[0].astype(np.float64)
    np.testing.assert_array_equal(smoothing.update(frames[0], number), frames[0])
    for frame in frames[1:]:
        state = state + factor * (frame - state)
        np.testing.assert_allclose(smoothing.update(frame, number), state, rtol=1e-6)


@given(
    st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20),
    st.floats(0, 30, exclude_min=True),
)
def test_stays_between_the_least_and_the_greatest(values, number):
    smoothing = Smoothing()
    for value in values:
        smoothed = smoothing.update(np.array([value], np.float32), number)
    assert min(values) - 1e-6 <= smoothed[0] <= max(values) + 1e-6


def test_what_is_not_finite_changes_nothing():
    smoothing = Smoothing()
    smoothing.update(np.array([0.5, 0.5, 0.5], np.float32), 0.5)
    bad = np.array([np.nan, np.inf, 1.0], np.float32)
    np.testing.assert_array_equal(smoothing.update(bad, 0.5), np.array([0.5, 0.5, 0.75]))


def test_starts_anew():
    smoothing = Smoothing()
    smoothing.update(np.ones(2, np.float32), 0.1)
    assert smoothing.update(np.zeros(3, np.float32), 0.1).tolist() == [0, 0, 0]
    smoothing.reset()
    assert smoothing.update(np.ones(3, np.float32), 0.1).tolist() == [1, 1, 1]


def test_answers_and_state_are_apart():
    smoothing = Smoothing()
    frame = np.array([0.5], np.float32)
    first = smoothing.update(frame, 0.5)
    frame[0] = first[0] = 9
    assert smoothing.update(np.array([0.5], np.float32), 0.5)[0] == 0.5
