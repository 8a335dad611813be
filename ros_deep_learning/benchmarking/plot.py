# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The trials of a benchmark as diagrams over the input rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, log10
from typing import Any

import numpy as np

from ..evaluation.charts import svg_file
from ..evaluation.scores import Curve
from .trial import MOST_LOST


def plot(report: Mapping[str, Any]) -> str:
    """Draw losses and latency over the input rate, as an SVG file.

    Args:
        report: As of ``read_report``.
    """
    trials = [*report['searched'], *report['fixed']]
    trials.sort(key=lambda one: one['rate_hz'] or one['sent_hz'] or 0.0)
    rates = np.array([one['rate_hz'] or one['sent_hz'] or 0.0 for one in trials])
    x_end = round_end(rates)
    lost = np.array([one['lost_share'] for one in trials])
    limit = np.array([MOST_LOST, MOST_LOST])
    losses = Curve(
        f'{report["model"]}: frames lost',
        'input rate, Hz',
        'share of the frames',
        {'lost': (rates, lost), '5 %': (np.array([0.0, x_end]), limit)},
        x_end,
    )
    lines = {}
    for key, name in (('latency_ms', 'latency'), ('peak_age_ms', 'peak age')):
        for part in ('p50', 'p95'):
            values = [one[key][part] if one[key] else np.nan for one in trials]
            lines[f'{name}, {part}'] = (rates, np.array(values))
    y_end = round_end([value for _, values in lines.values() for value in values])
    times = Curve(
        f'{report["model"]}: time to the result', 'input rate, Hz', 'ms', lines, x_end, y_end
    )
    return svg_file([losses, times])


def round_end(values: Sequence[float] | np.ndarray[Any, Any]) -> float:
    """Return a number of one digit and a half for the end of an axis, not below any value."""
    highest = float(np.nanmax(values, initial=0.0))
    if highest <= 0:
        return 1.0
    unit = 10.0 ** (ceil(log10(highest)) - 1) / 2
    return ceil(highest / unit) * unit
