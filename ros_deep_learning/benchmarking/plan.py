# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a benchmark does: search the highest rate, then measure at usual ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .search import Found, Span, search
from .trial import Trial

_RATES_HZ = (10.0, 30.0, 60.0)
"""At which r2b measures beside the highest rate."""
_LONG = 3
"""How much longer the trial that confirms a rate is than those of the search."""
_SPAN = Span()
_MOST_ON_THE_WAY = 0.01
_FIRST_SHARE = 0.75
"""Of the rate that single runs suggest, where the search starts."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured.

    Attributes:
        seconds: Of each trial of the search; the others are three times as long.
        rates_hz: Rates to measure at; empty searches the highest one, and measures at 10, 30 and
            60 Hz where that is above them.
        span: Where the search looks.
    """

    seconds: float = 3.0
    rates_hz: tuple[float, ...] = ()
    span: Span = _SPAN


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of a plan.

    Attributes:
        best: The trial at the highest rate with less than 5 % lost; None if none was searched,
            or even the lowest one was too high.
        fixed: The trials at given rates, or at a camera's own.
        searched: All trials of the search.
    """

    best: Trial | None
    fixed: tuple[Trial, ...]
    searched: tuple[Trial, ...] = ()

    @property
    def shown(self) -> tuple[Trial, ...]:
        """Those that a report lists: at fixed rates, and the best."""
        return (*self.fixed, *([self.best] if self.best else []))


def carry_out(
    plan: Plan,
    run: Callable[[float | None, float], Trial],
    say: Callable[[str], None],
    *,
    own_rate: bool = False,
) -> Measured:
    """Measure what a plan says.

    Args:
        plan: What is to be measured.
        run: Measures at a rate in Hz, or at a camera's own (None), for some seconds.
        say: Told of each trial.
        own_rate: Whether a camera sends at its own rate, so that nothing is searched.
    """

    def told(rate_hz: float | None, seconds: float) -> Trial:
        trial = run(rate_hz, seconds)
        say(trial_line(trial))
        return trial

    long_s = _LONG * plan.seconds
    if own_rate:
        return Measured(None, (told(None, long_s),))
    if plan.rates_hz:
        return Measured(None, tuple(told(rate, long_s) for rate in plan.rates_hz))
    found: Found = search(told, plan.span, short_s=plan.seconds, long_s=long_s)
    best_hz = found.best.rate_hz if found.best else None
    usual = [rate for rate in _RATES_HZ if best_hz is not None and rate < best_hz]
    return Measured(found.best, tuple(told(rate, long_s) for rate in usual), found.trials)


def span_around(rate_hz: float) -> Span:
    """Return where to search if single runs suggest a rate."""
    return Span(start_hz=_FIRST_SHARE * rate_hz)


def trial_line(trial: Trial) -> str:
    """Return one line on a trial, as it is told while others follow."""
    rate = 'own rate' if trial.rate_hz is None else f'{trial.rate_hz:.4g} Hz'
    if not trial.camera_kept_rate:
        return f'{rate}: only {trial.sent_hz or 0.0:.4g} Hz could be sent'
    text = f'{rate}: {trial.sent - trial.answered} of {trial.sent} frames lost'
    if trial.latency_ms:
        text += f', latency {trial.latency_ms.p50:.1f} ms'
    return text


def trial_warnings(measured: Measured, is_enough: int = 100) -> Sequence[str]:
    """Return what in the trials makes their figures doubtful.

    Args:
        measured: The trials.
        is_enough: Results from which on a 99th percentile is not their maximum.
    """
    warnings = []
    if measured.searched and measured.best is None:
        warnings.append(
            'no rate was kept in a long trial: the machine is too busy, or too slow for this '
            'network; stop what else runs, or measure at a low --rate'
        )
    elif measured.best and not any(
        (one.rate_hz or 0.0) > (measured.best.rate_hz or 0.0) for one in measured.searched
    ):
        warnings.append(
            f'nothing above {measured.best.rate_hz:.4g} Hz was tried, so that the highest rate is '
            'that or more; to fix: a higher --most-hz'
        )
    limited = [one for one in measured.searched if not one.camera_kept_rate]
    best_hz = measured.best.rate_hz if measured.best else None
    if limited and best_hz and min(one.rate_hz or 0.0 for one in limited) < 2 * best_hz:
        warnings.append(
            'the camera could not send faster, so that the highest rate may be its limit: smaller '
            'frames (--size) show whether it is'
        )
    trials = (*measured.searched, *measured.fixed)
    lost = max(((one.lost_on_the_way or 0) / max(1, one.sent) for one in trials), default=0.0)
    if lost > _MOST_ON_THE_WAY:
        warnings.append(
            f'up to {lost:.0%} of the frames of a trial never reached the node: the transport '
            'lost them, or the processor was too busy; to fix: --large-images, smaller frames, or '
            'docs/transport.md'
        )
    few = min((one.answered for one in measured.shown), default=is_enough)
    if few < is_enough:
        warnings.append(
            f'one trial has only {few} results, of which the 99th percentile is about the '
            'maximum; to fix: more --seconds'
        )
    return warnings
