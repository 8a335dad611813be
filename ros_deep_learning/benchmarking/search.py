# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Find the highest input rate of which little is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .trial import Trial

Run = Callable[[float, float], Trial]
"""Send frames at a rate in Hz for some seconds, and measure."""

_GROWTH = 2
_CONFIRMATIONS = 6


@dataclass(frozen=True, slots=True)
class Span:
    """Where a rate is searched.

    Attributes:
        start_hz: The first rate.
        lowest_hz: Where the search gives up.
        highest_hz: Above which nothing is tried.
        tolerance: Least distance of the rate found and the next one that is too high, as a share
            of the former.
    """

    start_hz: float = 10.0
    lowest_hz: float = 0.25
    highest_hz: float = 2000.0
    tolerance: float = 0.04


def highest_rate(is_kept: Callable[[float], bool], span: Span) -> float | None:
    """Find the highest rate that is kept, by doubling or halving and then by bisection.

    Returns:
        A rate that was kept, while one at most ``span.tolerance`` above it was not, or
        ``span.highest_hz``; None if ``span.lowest_hz`` is too high.
    """
    good = bad = None
    rate = min(max(span.start_hz, span.lowest_hz), span.highest_hz)
    while good is None or bad is None:
        if is_kept(rate):
            good = rate
            if rate >= span.highest_hz:
                return good
            rate = min(rate * _GROWTH, span.highest_hz)
        else:
            bad = rate
            if rate <= span.lowest_hz:
                return None
            rate = max(rate / _GROWTH, span.lowest_hz)
    while bad > good * (1 + span.tolerance):
        rate = (good + bad) / 2
        if is_kept(rate):
            good = rate
        else:
            bad = rate
    return good


@dataclass(frozen=True, slots=True)
class Found:
    """The end of a search.

    Attributes:
        best: The trial at the highest rate that is kept; None if there is none.
        trials: All of them, in order, with that one.
    """

    best: Trial | None
    trials: tuple[Trial, ...]


def search(run: Run, span: Span, *, short_s: float, long_s: float) -> Found:
    """Search the highest rate with short trials, and confirm it with a long one.

    A rate that seems too high is tried twice, since what else the machine does may cost some
    frames. If the long trial fails, the rate is lowered by ``span.tolerance``, then by twice as
    much and so on, some times.

    Args:
        run: Measures at a rate.
        span: Where to search.
        short_s: Seconds of each trial of the search.
        long_s: Seconds of the trial that confirms it.
    """
    trials: list[Trial] = []

    def is_kept(rate_hz: float) -> bool:
        for _ in range(2):
            trials.append(run(rate_hz, short_s))
            if trials[-1].is_kept:
                return True
        return False

    rate_hz = highest_rate(is_kept, span)
    step = 1 + span.tolerance
    for _ in range(_CONFIRMATIONS):
        if rate_hz is None or rate_hz < span.lowest_hz:
            break
        trials.append(run(rate_hz, long_s))
        if trials[-1].is_kept:
            return Found(trials[-1], tuple(trials))
        rate_hz /= step
        step *= step
    return Found(None, tuple(trials))
