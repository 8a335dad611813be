# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the search for the highest rate, on a simulated graph with exact arithmetic."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_deep_learning.benchmarking.search import Span, highest_rate, search
from ros_deep_learning.benchmarking.trial import MOST_LOST, Traffic, Trial, trial_of
from ros_deep_learning.benchmarking.usage import Usage

EXACT = Span(Fraction(10), Fraction(1, 4), Fraction(2000), Fraction(1, 25))  # type: ignore[arg-type]


def passed(rate: Fraction, work: Fraction, count: int) -> list[tuple[int, Fraction]]:
    """Frames that a camera sends to a mailbox of one place: number and end of each that is run.

    Frame n is sent at n / rate; the network takes the newest one when it is free.
    """
    ends = []
    free, last = Fraction(0), -1
    while last < count - 1:
        newest = min(int(free * rate), count - 1)
        number = max(newest, last + 1)
        free = max(free, number / rate) + work
        ends.append((number, free))
        last = number
    return ends


def graph(work: Fraction) -> Any:
    """A graph whose network takes so many seconds a frame."""

    def run(rate_hz: float, seconds: float) -> Trial:
        rate = Fraction(rate_hz)
        count = max(25, round(rate * Fraction(seconds)))
        ends = passed(rate, work, count)
        sent_ns = [int(number * 10**9 / rate) for number in range(count)]
        return trial_of(
            rate_hz,
            Traffic(
                np.array(sent_ns, np.int64),
                np.array([number for number, _ in ends], np.int64),
                np.array([int(end * 10**9) for _, end in ends], np.int64),
            ),
            Usage(),
        )

    return run


@given(work=st.fractions(Fraction(1, 900), Fraction(3, 2), max_denominator=5000))
def test_the_highest_rate_is_where_five_percent_are_lost(work: Fraction) -> None:
    """The network runs 1 / work frames a second, so of a higher rate r it loses 1 - 1 / (work r).

    With many frames less than 5 % are lost up to a rate of 1 / (0.95 work).
    """

    def is_kept(rate: float) -> bool:
        return 1 - 1 / (work * Fraction(rate)) < Fraction(1, 20)

    limit = 1 / (work * Fraction(19, 20))
    found = highest_rate(is_kept, EXACT)
    assert isinstance(found, Fraction)
    assert found < limit <= found * (1 + EXACT.tolerance)


@pytest.mark.parametrize('work_ms', [7, 33, 180, 900])
def test_a_simulated_graph(work_ms: int) -> None:
    found = search(graph(Fraction(work_ms, 1000)), Span(), short_s=20, long_s=60)
    limit_hz = 1000 / work_ms / (1 - MOST_LOST)
    assert found.best is not None
    assert found.best is found.trials[-1]
    assert found.best.lost_share < MOST_LOST
    assert found.best.rate_hz == pytest.approx(limit_hz, rel=0.06)
    assert found.best.sent == max(25, round(60 * found.best.rate_hz))
    # Of frames that wait in no queue, none is older than two periods of the network.
    assert found.best.latency_ms is not None
    assert found.best.latency_ms.max <= 2 * work_ms + 0.001


@pytest.mark.parametrize('start_hz', [0.01, 0.25, 3.0, 40.0, 5000.0])
def test_where_it_starts_does_not_matter(start_hz: float) -> None:
    found = highest_rate(lambda rate: rate < 40, Span(start_hz=start_hz))
    assert found is not None
    assert found < 40 <= found * 1.04


def test_the_ends() -> None:
    assert highest_rate(lambda _: True, Span()) == 2000.0
    asked: list[float] = []
    assert highest_rate(lambda rate: bool(asked.append(rate)), Span()) is None
    assert asked == [10, 5, 2.5, 1.25, 0.625, 0.3125, 0.25]
    assert highest_rate(lambda rate: rate <= 0.25, Span()) == pytest.approx(0.25, rel=0.04)
    assert highest_rate(lambda _: True, Span(highest_hz=3.0)) == 3.0


@given(st.lists(st.booleans(), max_size=200))
def test_it_ends_whatever_a_noisy_machine_answers(answers: list[bool]) -> None:
    given = iter(answers)
    kept: list[float] = []

    def is_kept(rate: float) -> bool:
        answer = next(given, False)
        if answer:
            kept.append(rate)
        return answer

    found = highest_rate(is_kept, Span())
    assert found is None or found in kept


def noisy(bad: set[int]) -> Any:
    """A graph that keeps 50 Hz, but for the trials with these numbers."""
    asked: list[tuple[float, float]] = []

    def run(rate_hz: float, seconds: float) -> Trial:
        asked.append((rate_hz, seconds))
        is_good = rate_hz < 50 and len(asked) - 1 not in bad
        return Trial(rate_hz, 100, 100 if is_good else 90, rate_hz, *[None] * 5, Usage())  # type: ignore[arg-type]

    return run, asked


def test_one_bad_trial_is_repeated() -> None:
    run, asked = noisy({0})
    found = search(run, Span(), short_s=1, long_s=3)
    assert asked[:3] == [(10.0, 1), (10.0, 1), (20.0, 1)]
    assert found.best is not None
    assert 48 <= found.best.rate_hz < 50


def test_a_rate_that_a_long_trial_refutes_is_lowered() -> None:
    run, asked = noisy(set())
    search(run, Span(), short_s=1, long_s=3)
    first = len(asked) - 1
    run, asked = noisy({first, first + 1, first + 2})
    found = search(run, Span(), short_s=1, long_s=3)
    rates = [rate for rate, seconds in asked if seconds == 3]
    ratios = [a / b for a, b in pairwise(rates)]
    assert ratios == pytest.approx([1.04, 1.04**2, 1.04**4])
    assert found.best is not None
    assert found.best.rate_hz == rates[-1]


def test_a_machine_that_refutes_every_long_trial_has_no_rate() -> None:
    found = search(
        lambda rate, seconds: Trial(
            rate,
            100,
            100 if seconds == 1 else 50,
            rate,
            *[None] * 5,
            Usage(),  # type: ignore[arg-type]
        ),
        Span(highest_hz=100.0),
        short_s=1,
        long_s=3,
    )
    assert found.best is None
    assert len(found.trials) > 4
