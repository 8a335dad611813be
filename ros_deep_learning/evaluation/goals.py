# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Figures that a network has to reach, for continuous integration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import SettingsError
from .run import Run


@dataclass(frozen=True, slots=True)
class Goal:
    """A metric and the least that it may be.

    Attributes:
        metric: Its name, in lower case.
        least: The least value that is enough.
    """

    metric: str
    least: float


def parse_goals(texts: Sequence[str]) -> tuple[Goal, ...]:
    """Read goals such as ``mAP=0.3``, several in one text separated by commas.

    Raises:
        SettingsError: A text has another form.
    """
    goals = []
    for text in (part for whole in texts for part in whole.split(',')):
        name, equals, value = text.partition('=')
        try:
            least = float(value)
        except ValueError:
            least = float('nan')
        if not equals or not name.strip() or not abs(least) < float('inf'):
            msg = f'--at-least: expected METRIC=NUMBER such as mAP=0.3, got {text!r}'
            raise SettingsError(msg)
        goals.append(Goal(name.strip().casefold(), least))
    return tuple(goals)


def missed_goals(runs: Sequence[Run], goals: Sequence[Goal]) -> list[str]:
    """Return a line for each goal that a run misses; a metric that is undefined misses it.

    Raises:
        SettingsError: A run has no such metric; the message lists those that it has.
    """
    lines = []
    for run in runs:
        metrics: Mapping[str, float] = run.seen.scores.metrics
        by_name = {name.casefold(): name for name in metrics}
        for goal in goals:
            if goal.metric not in by_name:
                known = ', '.join(metrics)
                msg = f'--at-least: there is no {goal.metric!r}; expected one of {known}'
                raise SettingsError(msg)
            name = by_name[goal.metric]
            if not metrics[name] >= goal.least:
                lines.append(
                    f'{run.name}: {name} is {metrics[name]:.4f}, less than {goal.least:g}'
                )
    return lines
