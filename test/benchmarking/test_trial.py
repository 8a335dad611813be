# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the figures of a trial, compared with NumPy and with sums by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_deep_learning.benchmarking.distribution import distribution_of
from ros_deep_learning.benchmarking.trial import Traffic, Trial, trial_of
from ros_deep_learning.benchmarking.usage import Usage

MS = 1_000_000


def traffic(
    sent_ms: list[int], answered: list[int], received_ms: list[int], work: tuple[float, ...] = ()
) -> Traffic:
    return Traffic(
        np.array(sent_ms, np.int64) * MS,
        np.array(answered, np.int64),
        np.array(received_ms, np.int64) * MS,
        work,
    )


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300))
def test_percentiles_are_those_of_numpy(samples: list[float]) -> None:
    found = distribution_of(samples)
    assert found is not None
    array = np.array(samples)
    percentiles = np.percentile(array, (50, 95, 99))
    assert (found.p50, found.p95, found.p99) == tuple(percentiles)
    assert (found.max, found.mean, found.std) == (array.max(), array.mean(), array.std())
    assert found.count == len(samples)


def test_nothing_has_no_distribution() -> None:
    assert distribution_of([]) is None


def test_the_figures_of_five_frames() -> None:
    # Frame 2 is lost.
    given = traffic([0, 10, 20, 30, 40], [0, 1, 3, 4], [5, 17, 36, 48], (4.0, 6.0, 5.0, 7.0))
    one = trial_of(100.0, given, Usage())
    assert (one.sent, one.answered, one.lost_share) == (5, 4, pytest.approx(0.2))
    assert one.sent_hz == 100.0
    assert one.fps == pytest.approx(3 / 0.043)
    # 5, 7, 6 and 8 ms.
    assert one.latency_ms is not None
    assert (one.latency_ms.p50, one.latency_ms.max) == (6.5, 8.0)
    # Result 0 is replaced at 17, result 1 (of 10) at 36, result 3 (of 30) at 48.
    assert one.peak_age_ms is not None
    assert (one.peak_age_ms.p50, one.peak_age_ms.max) == (18.0, 26.0)
    # Intervals of 12, 19 and 12 ms.
    assert one.jitter_ms is not None
    assert (one.jitter_ms.mean, one.jitter_ms.count) == (7.0, 2)
    assert one.work_ms is not None
    assert one.work_ms.p50 == 5.5
    assert not one.is_kept
    assert one.lost_on_the_way is None
    # The counter of the node may also have an image that was on its way before the trial.
    for reached, lost in ((3, 2), (5, 0), (6, 0)):
        assert trial_of(100.0, replace(given, reached=reached), Usage()).lost_on_the_way == lost


def test_nothing_came_back() -> None:
    one = trial_of(30.0, traffic([0, 33], [], []), Usage())
    assert (one.answered, one.lost_share, one.fps, one.latency_ms) == (0, 1.0, None, None)
    assert not one.is_kept


def test_nothing_was_sent() -> None:
    one = trial_of(30.0, traffic([], [], []), Usage())
    assert (one.sent, one.sent_hz, one.lost_share, one.is_kept) == (0, None, 0.0, False)


@pytest.mark.parametrize(
    ('rate_hz', 'sent_hz', 'answered', 'is_kept'),
    [
        (100.0, 100.0, 96, True),
        (100.0, 100.0, 95, False),
        (100.0, 95.0, 100, True),
        (100.0, 94.0, 100, False),
        (100.0, None, 100, False),
        (None, 12.0, 100, True),
    ],
)
def test_a_rate_is_kept_if_it_was_sent_and_little_was_lost(
    rate_hz: float | None, sent_hz: float | None, answered: int, is_kept: bool
) -> None:
    one = Trial(rate_hz, 100, answered, sent_hz, None, None, None, None, None, Usage())
    assert one.is_kept == is_kept
