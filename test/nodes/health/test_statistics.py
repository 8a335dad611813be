# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the frame counters."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.nodes.health import statistics
from ros_deep_learning.nodes.health.statistics import TIMED_FRAMES, FrameStatistics, FrameTimes


def test_nothing_happened() -> None:
    counts = FrameStatistics().snapshot()
    assert (counts.received, counts.done, counts.dropped, counts.invalid, counts.failed) == (
        0, 0, 0, 0, 0,
    )  # fmt: skip
    assert (counts.limited, counts.unwanted) == (0, 0)
    assert (counts.fps, counts.fps_in) == (0.0, 0.0)
    assert (counts.last_error, counts.last_error_s, counts.arrival_age_ms) == ('', None, None)
    assert FrameStatistics().latencies() is None


def test_every_event_has_its_count() -> None:
    counters = FrameStatistics()
    for replaced in (False, True, True):
        counters.received()
        if replaced:
            counters.dropped()
    counters.received(7.0, limited=True)
    counters.unwanted()
    counters.invalid('short data')
    assert counters.snapshot().invalid_in_a_row == 1
    assert [counters.failed('boom'), counters.failed('bang')] == [1, 2]
    assert counters.snapshot().failures_in_a_row == 2
    assert counters.snapshot().invalid_in_a_row == 0
    counters.done()
    counts = counters.snapshot()
    assert (counts.received, counts.dropped, counts.invalid) == (4, 2, 1)
    assert (counts.limited, counts.unwanted, counts.done) == (1, 1, 1)
    assert (counts.failed, counts.failures_in_a_row, counts.last_error) == (2, 0, 'bang')
    assert counts.arrival_age_ms == 7.0


def test_the_rate_forgets_what_is_older_than_its_window(monkeypatch: pytest.MonkeyPatch) -> None:
    clock_s = [100.0]
    monkeypatch.setattr(statistics.time, 'monotonic', lambda: clock_s[0])
    counters = FrameStatistics()
    for _ in range(40):
        clock_s[0] += 0.1
        counters.received()
        counters.received()
        counters.dropped()
        counters.done()
    counters.failed('boom')
    assert counters.snapshot().fps == pytest.approx(10.0, abs=0.5)
    assert counters.snapshot().fps_in == pytest.approx(20.0, abs=1.0)
    assert counters.snapshot().silent_s == 0.0
    clock_s[0] += 10
    counts = counters.snapshot()
    assert (counts.fps, counts.fps_in) == (0.0, 0.0)
    assert (counts.silent_s, counts.last_error_s) == (10.0, 10.0)


def times(age_ms: float, arrival_ns: int | None = None) -> FrameTimes:
    now_ns = statistics.time.monotonic_ns()
    return FrameTimes(1.0, 2.0, 3.0, age_ms, now_ns if arrival_ns is None else arrival_ns)


def test_percentiles_are_those_of_numpy_over_the_last_frames() -> None:
    counters = FrameStatistics()
    ages_ms = np.random.default_rng(5).normal(30, 10, TIMED_FRAMES + 100)
    for age_ms in ages_ms:
        counters.done(times(float(age_ms)))
    latencies = counters.latencies()
    assert latencies is not None
    last = ages_ms[-TIMED_FRAMES:]
    p50, p95 = np.percentile(last, (50, 95))
    assert (latencies.age.p50, latencies.age.p95) == pytest.approx((p50, p95))
    assert latencies.age.max == last.max()
    stages = (latencies.preprocess, latencies.inference, latencies.postprocess)
    assert [stage.max for stage in stages] == [1.0, 2.0, 3.0]
    assert counters.ages() == latencies.age


@pytest.mark.parametrize('count', [1, 2, 3, 255])
def test_percentiles_of_few_samples_are_those_of_numpy(count: int) -> None:
    samples = np.random.default_rng(count).normal(0, 10, count).tolist()
    found = statistics.percentiles(iter(samples))
    expected = (*np.percentile(samples, (50, 95)), max(samples))
    assert (found.p50, found.p95, found.max) == pytest.approx(expected, abs=1e-12)


def test_a_jump_of_the_clock_takes_the_ages_with_it() -> None:
    counters = FrameStatistics()
    counters.received(5.0)
    counters.done(times(30.0))
    in_hand_ns = statistics.time.monotonic_ns()
    counters.clock_jumped()
    assert counters.latencies() is None
    assert counters.ages() is None
    assert counters.snapshot().arrival_age_ms is None
    # It came before the jump and was done after it.
    counters.done(times(-100_000.0, in_hand_ns))
    assert counters.latencies() is None
    counters.done(times(31.0))
    latencies = counters.latencies()
    assert latencies is not None
    assert latencies.age.max == 31.0
    assert counters.snapshot().done == 3
