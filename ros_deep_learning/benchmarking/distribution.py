# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The distribution of a time, in milliseconds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Distribution:
    """How a time was distributed, in milliseconds.

    Attributes:
        p50: Median, by linear interpolation as in ``numpy.percentile``.
        p95: 95th percentile.
        p99: 99th percentile.
        max: Longest.
        mean: Arithmetic mean.
        std: Standard deviation of the samples (divisor N).
        count: How many samples there were.
    """

    p50: float
    p95: float
    p99: float
    max: float
    mean: float
    std: float
    count: int


def distribution_of(samples_ms: Iterable[float]) -> Distribution | None:
    """Summarise times in milliseconds; None if there are none."""
    samples = np.fromiter(samples_ms, np.float64)
    if not samples.size:
        return None
    p50, p95, p99 = map(float, np.percentile(samples, (50, 95, 99)))
    return Distribution(
        p50,
        p95,
        p99,
        float(samples.max()),
        float(samples.mean()),
        float(samples.std()),
        samples.size,
    )
