# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a network costs on this machine: time and memory."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import nan
from pathlib import Path

import numpy as np

from ..engines.device_readings import open_gauge
from ..tasks.times import StageTimes

_CLEAR = Path('/proc/self/clear_refs')
_RESET_PEAK = '5'


@dataclass(frozen=True, slots=True)
class Cost:
    """Time and memory of a network, one picture at a time.

    Attributes:
        ms: Median time of a picture from pixels to result, milliseconds.
        p95_ms: 95th percentile of it.
        preprocess_ms: Median time of preparing the input.
        inference_ms: Median time of the engine.
        postprocess_ms: Median time from outputs to the result.
        memory_mb: Most memory of the process above what it had before the network was loaded,
            MiB; NaN where it cannot be read.
        gpu_memory_mb: Memory of the GPU in use by all processes after the last picture, MiB; NaN
            where it cannot be read.
    """

    ms: float
    p95_ms: float
    preprocess_ms: float
    inference_ms: float
    postprocess_ms: float
    memory_mb: float
    gpu_memory_mb: float

    @property
    def fps(self) -> float:
        """Pictures a second, one after the other."""
        return 1e3 / self.ms if self.ms else nan


class MemoryGauge:
    """Measures how much memory a network takes, from its creation on."""

    def __init__(self) -> None:
        # Linux since 4.0; without it, the peak is that of the process so far.
        with suppress(OSError):
            _CLEAR.write_text(_RESET_PEAK)
        self._before = status_mb('VmRSS')

    def growth_mb(self) -> float:
        """Return the highest growth so far in MiB; NaN where it cannot be read."""
        return max(0.0, status_mb('VmHWM') - self._before)


def gpu_memory_mb(device: str) -> float:
    """Return the used memory of a GPU in MiB; NaN of a CPU, or where it cannot be read."""
    if device == 'CPU':
        return nan
    with suppress(LookupError):
        used = open_gauge(device).read().memory_used_mb
        return nan if used is None else used
    return nan


def cost_of(times: Sequence[StageTimes], memory_mb: float, gpu_mb: float) -> Cost:
    """Summarise the stage times of all pictures; NaN if there are none."""
    rows = [(t.preprocess_ms, t.inference_ms, t.postprocess_ms) for t in times]
    stages = np.array(rows or [(nan, nan, nan)])
    total = stages.sum(axis=1)
    preprocess_ms, inference_ms, postprocess_ms = map(float, np.median(stages, axis=0))
    return Cost(
        ms=float(np.median(total)),
        p95_ms=float(np.percentile(total, 95)),
        preprocess_ms=preprocess_ms,
        inference_ms=inference_ms,
        postprocess_ms=postprocess_ms,
        memory_mb=memory_mb,
        gpu_memory_mb=gpu_mb,
    )


def status_mb(key: str, pid: int | str = 'self') -> float:
    """Return a size of ``/proc/PID/status``, such as ``VmRSS``, in MiB; NaN without it."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path(f'/proc/{pid}/status').read_text().splitlines()
        return int(next(line for line in lines if line.startswith(f'{key}:')).split()[1]) / 1024
    return nan
