# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What processes take of the machine while they are measured: CPU, GPU, memory and power."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from types import TracebackType

from ..engines.device_readings import DeviceGauge, DeviceReadings
from ..evaluation.cost import status_mb

_PERIOD_S = 0.2
_TICKS = os.sysconf('SC_CLK_TCK')


@dataclass(frozen=True, slots=True)
class Usage:
    """What was taken of the machine; a value is None where it cannot be read.

    Attributes:
        cpu_cores: CPU time of the measured processes a second: 1.0 is one core.
        memory_mb: Highest resident memory of the measured processes together, MiB.
        others_share: Share of all cores that other processes took, 0 to 1.
        stolen_share: Share of all cores that the host of a virtual machine took, 0 to 1.
        gpu_load: Mean load of the GPU, 0 to 1.
        gpu_memory_mb: Most memory in use on the GPU by all processes, MiB.
        gpu_slowed: Whether the GPU lowered its clock because of heat or power.
        temperature_c: Highest temperature of the GPU, degrees Celsius.
        power_w: Mean power of the GPU, or of the whole board of a Jetson, watts.
    """

    cpu_cores: float | None = None
    memory_mb: float | None = None
    others_share: float | None = None
    stolen_share: float | None = None
    gpu_load: float | None = None
    gpu_memory_mb: float | None = None
    gpu_slowed: bool | None = None
    temperature_c: float | None = None
    power_w: float | None = None


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """CPU time of the machine since its start, in seconds, summed over the cores."""

    total_s: float
    busy_s: float
    stolen_s: float


def cpu_times(stat: str) -> CpuTimes | None:
    """Read the first line of ``/proc/stat`` (proc_stat(5)); None if it is another text."""
    words = stat.split(maxsplit=9)
    if len(words) < 9 or words[0] != 'cpu':
        return None
    user, nice, system, idle, waiting, irq, soft, stolen = (int(word) for word in words[1:9])
    busy = user + nice + system + irq + soft
    total = busy + idle + waiting + stolen
    return CpuTimes(total / _TICKS, busy / _TICKS, stolen / _TICKS)


def process_cpu_s(pid: int, root: Path = Path('/proc')) -> float:
    """Return the CPU time of a process with its ended children, in seconds; 0 if it is gone."""
    with suppress(OSError, ValueError, IndexError):
        # The name, in brackets, may have spaces and brackets.
        words = (root / str(pid) / 'stat').read_text().rpartition(')')[2].split()
        return sum(int(word) for word in words[11:15]) / _TICKS
    return 0.0


class UsageMeter:
    """Measures processes from entering to leaving the block, in a thread of its own.

    Args:
        pids: The processes to be measured.
        helpers: Those that measure, such as a camera's; neither measured nor others.
        gauge: The GPU; None where there is none.
    """

    def __init__(
        self, pids: Sequence[int], helpers: Sequence[int] = (), gauge: DeviceGauge | None = None
    ) -> None:
        self._pids, self._helpers, self._gauge = pids, helpers, gauge
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, name='usage', daemon=True)
        self._readings: list[DeviceReadings] = []
        self._memory_mb: list[float] = []
        self._began = self._read()

    def __enter__(self) -> UsageMeter:
        """Start."""
        self._began = self._read()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self._ended.set()
        self._thread.join()
        self._finished = self._read()

    def usage(self) -> Usage:
        """Return what was measured; only after the block."""
        (before, ours0, helpers0), (after, ours1, helpers1) = self._began, self._finished
        cores = others = stolen = None
        span_s = after.total_s - before.total_s if before and after else 0.0
        if before and after and span_s > 0:
            ours, helpers = ours1 - ours0, helpers1 - helpers0
            cores = ours * (os.cpu_count() or 1) / span_s
            rest = after.busy_s - before.busy_s - ours - helpers
            others = min(1.0, max(0.0, rest / span_s))
            stolen = max(0.0, (after.stolen_s - before.stolen_s) / span_s)
        get = self._readings_of
        slowed = get(lambda one: one.slowed)
        return Usage(
            cores,
            max(self._memory_mb, default=None),
            others,
            stolen,
            _mean(get(lambda one: one.load)),
            max(get(lambda one: one.memory_used_mb), default=None),
            any(slowed) if slowed else None,
            max(get(lambda one: one.temperature_c), default=None),
            _mean(get(lambda one: one.power_w)),
        )

    def _readings_of(self, get: Callable[[DeviceReadings], float | None]) -> list[float]:
        return [value for one in self._readings if (value := get(one)) is not None]

    def _read(self) -> tuple[CpuTimes | None, float, float]:
        machine = None
        with suppress(OSError, ValueError):
            machine = cpu_times(Path('/proc/stat').read_text())
        ours, helpers = (sum(map(process_cpu_s, p)) for p in (self._pids, self._helpers))
        return machine, ours, helpers

    def _sample(self) -> None:
        while True:
            memory = sum(status_mb('VmRSS', pid) for pid in self._pids)
            # NaN of a process that is gone.
            if not isnan(memory):
                self._memory_mb.append(memory)
            if self._gauge is not None:
                self._readings.append(self._gauge.read())
            if self._ended.wait(_PERIOD_S):
                return


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
