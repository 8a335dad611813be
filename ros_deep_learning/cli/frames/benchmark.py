# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Time the network of a program on frames that are in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple

import numpy as np
from numpy.typing import NDArray

from ...benchmarking.network_run import WARM_UP, time_frames
from ...tasks.times import StageTimes
from .summary import stage_line

DEFAULT_RUNS = 100
MOST_FRAMES = 32
"""Frames that are kept in memory; more runs repeat them."""


def benchmark(
    infer: Callable[[NDArray[np.uint8]], StageTimes],
    frames: Sequence[NDArray[np.uint8]],
    runs: int,
) -> list[str]:
    """Run a network many times and say how fast it is.

    Args:
        infer: Runs the network on a frame, shape (H, W, 3) uint8 BGR, and returns what it cost.
        frames: One or more; repeated until there are enough.
        runs: How many runs are timed, after those that warm up.

    Returns:
        The rate, and the median and the 95th percentile of each stage.
    """
    times = [stages for _, stages in time_frames(infer, frames, runs)]
    total_ms = np.sum([astuple(each) for each in times])
    rate = 1e3 * runs / max(total_ms, 1e-9)
    height, width = frames[0].shape[:2]
    return [
        stage_line(times),
        f'{runs} runs on {width}x{height} after {WARM_UP} to warm up: {rate:.3g} fps, '
        'reading, drawing and writing not counted',
    ]
