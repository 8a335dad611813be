# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of exponential smoothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.tasks.classification import ClassificationSettings, classification_from
from ros_deep_learning.tasks.smoothing import Smoother, smoothing_factor


@pytest.mark.parametrize(
    ('number', 'factor'), [(0, 1), (0.25, 0.25), (1, 1), (2, 0.5), (15, 1 / 15), (1e-6, 1e-6)]
)
def test_the_two_meanings_of_the_number(number, factor):
    assert smoothing_factor(number) == pytest.approx(factor)


@pytest.mark.parametrize('number', [-1, -0.1, float('nan'), float('inf')])
def test_numbers_without_a_meaning(number):
    with pytest.raises(SettingsError, match=r'^smoothing: expected 0 for none'):
        smoothing_factor(number)


def test_no_scores():
    assert Smoother(0.5).smooth(np.zeros(0, np.float32)).shape == (0,)


@pytest.mark.parametrize('number', [0.3, 4])
def test_equals_the_formula_in_float64(number):
    frames = np.random.default_rng(0).random((50, 10)).astype(np.float32)
    smoother, factor = Smoother(number), number if number <= 1 else 1 / number
    state = frames[0].astype(np.float64)
    np.testing.assert_array_equal(smoother.smooth(frames[0]), frames[0])
    for frame in frames[1:]:
        state = state + factor * (frame - state)
        np.testing.assert_allclose(smoother.smooth(frame), state, rtol=1e-6)


@given(
    st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20),
    st.floats(0, 30, exclude_min=True),
)
def test_stays_between_the_least_and_the_greatest(values, number):
    smoother = Smoother(number)
    for value in values:
        smoothed = smoother.smooth(np.array([value], np.float32))
    assert min(values) - 1e-6 <= smoothed[0] <= max(values) + 1e-6


def test_what_is_not_finite_changes_nothing():
    smoother = Smoother(0.5)
    smoother.smooth(np.array([0.5, 0.5, 0.5], np.float32))
    bad = np.array([np.nan, np.inf, 1.0], np.float32)
    np.testing.assert_array_equal(smoother.smooth(bad), np.array([0.5, 0.5, 0.75]))


def test_starts_anew():
    smoother = Smoother(0.1)
    smoother.smooth(np.ones(2, np.float32))
    assert smoother.smooth(np.zeros(3, np.float32)).tolist() == [0, 0, 0]
    smoother.reset()
    assert smoother.smooth(np.ones(3, np.float32)).tolist() == [1, 1, 1]


def test_answers_and_state_are_apart():
    smoother = Smoother(0.5)
    frame = np.array([0.5], np.float32)
    first = smoother.smooth(frame)
    frame[0] = first[0] = 9
    assert smoother.smooth(np.array([0.5], np.float32))[0] == 0.5


def test_a_result_is_picked_again_by_its_own_settings():
    settings = ClassificationSettings(top_k=1, score_threshold=0.3)
    smoother = Smoother(2)
    rows = [np.array(row, np.float32) for row in ([0.9, 0.1], [0.0, 1.0], [0.0, 1.0])]
    seen = [
        smoother.update(classification_from(row, (8, 6), settings, labels=('cat', 'dog')))
        for row in rows
    ]
    assert [[one.label for one in each] for each in seen] == [['cat'], ['dog'], ['dog']]
    np.testing.assert_allclose([each.scores[0] for each in seen], [0.9, 0.55, 0.775])
    assert {each.settings for each in seen} == {settings}
    assert {each.source_wh for each in seen} == {(8, 6)}


def test_without_smoothing_a_result_is_left_and_forgotten():
    smoother = Smoother(2)
    dark, bright = (
        classification_from(np.full(2, level, np.float32), (8, 6), ClassificationSettings())
        for level in (0.2, 0.8)
    )
    smoother.update(dark)
    smoother.number = 0
    assert smoother.update(bright) is bright
    smoother.number = 2
    np.testing.assert_array_equal(smoother.update(bright).scores, bright.scores)
    with pytest.raises(SettingsError, match='smoothing'):
        smoother.number = -1
    assert smoother.number == 2
