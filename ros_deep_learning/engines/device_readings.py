# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read the memory, temperature and load of the GPU.

Discrete GPUs are read through NVML, which needs the optional module ``pynvml`` (PyPI:
nvidia-ml-py); a Jetson is read through sysfs. Neither uses a CUDA context.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

_MIB = 2**20
_SLOWED = 0x4 | 0x8 | 0x20 | 0x40 | 0x80
"""Power cap, slowdown by hardware, heat (software, hardware), power brake: nvml.h."""
_BOARD_RAIL = 'VDD_IN'
"""Input of the whole module in NVIDIA's Jetson Linux guide; modules without it tell no power."""


@dataclass(frozen=True, slots=True)
class DeviceReadings:
    """State of a GPU; a value is None if it cannot be read.

    Attributes:
        memory_used_mb: Memory used by all processes, MiB.
        memory_total_mb: Total memory, MiB; a Jetson shares it between CPU and GPU.
        temperature_c: Temperature, degrees Celsius.
        slowdown_c: Temperature at which the GPU lowers its clock, degrees Celsius.
        load: Fraction of recent time in which the GPU was busy, 0 to 1.
        power_w: Power of the GPU, or of the whole board of a Jetson, watts.
        slowed: Whether the clock is lowered because of heat or a limit of power.
    """

    memory_used_mb: float | None = None
    memory_total_mb: float | None = None
    temperature_c: float | None = None
    slowdown_c: float | None = None
    load: float | None = None
    power_w: float | None = None
    slowed: bool | None = None


class DeviceGauge(Protocol):
    """A source of readings."""

    def read(self) -> DeviceReadings:
        """Read the present state; never raises."""


class NvmlGauge:
    """A discrete NVIDIA GPU.

    Args:
        device: Name of the GPU in CUDA. The first of several GPUs with this name is used.

    Raises:
        LookupError: There is no such GPU, no driver, or no ``pynvml``.
    """

    def __init__(self, device: str) -> None:
        try:
            import pynvml
        except ImportError as err:
            msg = 'pynvml is not installed (pip install nvidia-ml-py)'
            raise LookupError(msg) from err
        self._nvml: Any = pynvml
        try:
            self._nvml.nvmlInit()
            self._gpu = self._find(device)
        except self._nvml.NVMLError as err:
            msg = f'NVML does not answer: {err}'
            raise LookupError(msg) from err

    def _find(self, device: str) -> Any:
        for index in range(self._nvml.nvmlDeviceGetCount()):
            gpu = self._nvml.nvmlDeviceGetHandleByIndex(index)
            name = self._nvml.nvmlDeviceGetName(gpu)
            # pynvml before 11.5 returns bytes.
            if (name.decode() if isinstance(name, bytes) else name) == device:
                return gpu
        msg = f'NVML has no GPU {device!r}'
        raise LookupError(msg)

    def read(self) -> DeviceReadings:
        """Read all values that this GPU and its driver support."""
        nvml, gpu, found = self._nvml, self._gpu, dict[str, Any]()
        with suppress(nvml.NVMLError):
            memory = nvml.nvmlDeviceGetMemoryInfo(gpu)
            found['memory_used_mb'] = memory.used / _MIB
            found['memory_total_mb'] = memory.total / _MIB
        with suppress(nvml.NVMLError):
            sensor = nvml.NVML_TEMPERATURE_GPU
            found['temperature_c'] = float(nvml.nvmlDeviceGetTemperature(gpu, sensor))
        with suppress(nvml.NVMLError):
            limit = nvml.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN
            found['slowdown_c'] = float(nvml.nvmlDeviceGetTemperatureThreshold(gpu, limit))
        with suppress(nvml.NVMLError):
            found['load'] = nvml.nvmlDeviceGetUtilizationRates(gpu).gpu / 100
        with suppress(nvml.NVMLError):
            found['power_w'] = nvml.nvmlDeviceGetPowerUsage(gpu) / 1000
        with suppress(nvml.NVMLError):
            reasons = nvml.nvmlDeviceGetCurrentClocksThrottleReasons(gpu)
            found['slowed'] = bool(reasons & _SLOWED)
        return DeviceReadings(**found)


class JetsonGauge:
    """The GPU of a Jetson, which uses the main memory.

    Args:
        root: Folder that contains ``sys`` and ``proc``.

    Raises:
        LookupError: This machine is not a Jetson.
    """

    def __init__(self, root: Path = Path('/')) -> None:
        devices = root / 'sys' / 'devices'
        # JetPack 4 and 5, then 6.
        loads = [*devices.glob('gpu.0/load'), *devices.glob('platform/**/*gpu*/load')]
        if not loads:
            msg = f'no GPU load under {devices}: this is not a Jetson'
            raise LookupError(msg)
        self._load = loads[0]
        self._memory = root / 'proc' / 'meminfo'
        zones = (root / 'sys' / 'class' / 'thermal').glob('thermal_zone*')
        self._zone = next((z for z in sorted(zones) if 'gpu' in _text(z / 'type').lower()), None)
        labels = sorted((root / 'sys' / 'class' / 'hwmon').glob('hwmon*/in*_label'))
        self._rail = next((path for path in labels if _text(path) == _BOARD_RAIL), None)

    def read(self) -> DeviceReadings:
        """Read all values that sysfs has."""
        found: dict[str, Any] = {}
        if self._rail is not None:
            number = self._rail.name.removeprefix('in').removesuffix('_label')
            with suppress(ValueError):
                millivolts = float(_text(self._rail.with_name(f'in{number}_input')))
                milliamperes = float(_text(self._rail.with_name(f'curr{number}_input')))
                found['power_w'] = millivolts * milliamperes / 1e6
        with suppress(ValueError):
            found['load'] = float(_text(self._load)) / 1000
        if self._zone is not None:
            # Cannot be read while the GPU is powered down.
            with suppress(ValueError):
                found['temperature_c'] = float(_text(self._zone / 'temp')) / 1000
        lines = (line.split() for line in _text(self._memory).splitlines())
        kib = {words[0]: float(words[1]) for words in lines if len(words) > 1}
        if 'MemTotal:' in kib and 'MemAvailable:' in kib:
            found['memory_total_mb'] = kib['MemTotal:'] / 1024
            found['memory_used_mb'] = (kib['MemTotal:'] - kib['MemAvailable:']) / 1024
        return DeviceReadings(**found)


def open_gauge(device: str) -> DeviceGauge:
    """Open the gauge that fits a GPU.

    Raises:
        LookupError: The GPU cannot be read; the message has the reason.
    """
    try:
        return JetsonGauge()
    except LookupError:
        return NvmlGauge(device)


def _text(path: Path) -> str:
    try:
        return path.read_text(errors='replace').strip()
    except OSError:
        return ''
