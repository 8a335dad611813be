# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the frame counters."""

from __future__ import annotations

import pytest

from ros_deep_learning.nodes import statistics
from ros_deep_learning.nodes.statistics import FrameStatistics


def test_nothing_happened() -> None:
    counts = FrameStatistics().snapshot()
    assert (counts.received, counts.done, counts.dropped, counts.invalid, counts.failed) == (
        0, 0, 0, 0, 0,
    )  # fmt: skip
    assert counts.fps == 0.0
    assert counts.last_error == ''


def test_every_event_has_its_count() -> None:
    counters = FrameStatistics()
    for replaced in (False, True, True):
        counters.received(replaced=replaced)
    counters.limited()
    counters.invalid('short data')
    assert [counters.failed('boom'), counters.failed('bang')] == [1, 2]
    counters.done()
    counts = counters.snapshot()
    assert (counts.received, counts.dropped, counts.invalid) == (4, 2, 1)
    assert counts.limited == 1
    assert (counts.failed, counts.failures_in_a_row, counts.last_error) == (2, 0, 'bang')


def test_the_rate_forgets_what_is_older_than_its_window(monkeypatch: pytest.MonkeyPatch) -> None:
    clock_s = [100.0]
    monkeypatch.setattr(statistics.time, 'monotonic', lambda: clock_s[0])
    counters = FrameStatistics()
    for _ in range(40):
        clock_s[0] += 0.1
        counters.done()
    assert counters.snapshot().fps == pytest.approx(10.0, abs=0.5)
    clock_s[0] += 10
    assert counters.snapshot().fps == 0.0
