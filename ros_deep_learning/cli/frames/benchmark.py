# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Time the network of a program on frames that are in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple
from itertools import cycle, islice

import numpy as np
from numpy.typing import NDArray

from ...tasks.times import StageTimes
from .summary import stage_line

DEFAULT_RUNS = 100
MOST_FRAMES = 32
"""Frames that are kept in memory; more runs repeat them."""
_WARM_UP = 5


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
    every = cycle(frames)
    for frame in islice(every, _WARM_UP):
        infer(frame)
    times = [infer(frame) for frame in islice(every, runs)]
    total_ms = np.sum([astuple(each) for each in times])
    rate = 1e3 * runs / max(total_ms, 1e-9)
    height, width = frames[0].shape[:2]
    return [
        stage_line(times),
        f'{runs} runs on {width}x{height} after {_WARM_UP} to warm up: {rate:.3g} fps, '
        'reading, drawing and writing not counted',
    ]
