# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: N802  (the functions have the names of NVML)
"""Tests of GPU readings: the files of a Jetson, a fake NVML, and machines without either."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ros_deep_learning.engines.device_readings import (
    DeviceReadings,
    JetsonGauge,
    NvmlGauge,
    open_gauge,
)


class NvmlError(Exception):
    pass


class Nvml:
    """Fake of the used functions of pynvml, with two GPUs; the second is an old one."""

    NVMLError = NvmlError
    NVML_TEMPERATURE_GPU = 0
    NVML_TEMPERATURE_THRESHOLD_SLOWDOWN = 1
    names = ('NVIDIA RTX A2000', b'Tesla K80')

    def nvmlInit(self) -> None: ...

    def nvmlDeviceGetCount(self) -> int:
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetName(self, gpu: int) -> str | bytes:
        return self.names[gpu]

    def nvmlDeviceGetMemoryInfo(self, gpu: int) -> Any:
        return SimpleNamespace(used=(gpu + 1) * 2**30, total=8 * 2**30)

    def nvmlDeviceGetTemperature(self, gpu: int, sensor: int) -> int:
        assert sensor == 0
        return 61

    def nvmlDeviceGetTemperatureThreshold(self, gpu: int, threshold: int) -> int:
        assert threshold == 1
        if gpu:
            raise NvmlError
        return 93

    def nvmlDeviceGetUtilizationRates(self, gpu: int) -> Any:
        if gpu:
            raise NvmlError
        return SimpleNamespace(gpu=42)

    def nvmlDeviceGetPowerUsage(self, gpu: int) -> int:
        if gpu:
            raise NvmlError
        return 61_500

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, gpu: int) -> int:
        if gpu:
            raise NvmlError
        return self.reasons

    # That it is idle, and that applications set its clock: neither is a slowdown.
    reasons = 0x1 | 0x2


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> Nvml:
    monkeypatch.setitem(sys.modules, 'pynvml', Nvml())
    return sys.modules['pynvml']


def test_a_machine_without_a_gpu_says_why_it_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(LookupError, match='this is not a Jetson'):
        JetsonGauge(tmp_path)
    monkeypatch.setitem(sys.modules, 'pynvml', None)
    with pytest.raises(LookupError, match='pip install nvidia-ml-py'):
        NvmlGauge('NVIDIA RTX A2000')


def test_a_machine_without_a_driver_says_so(nvml: Nvml, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        msg = 'Driver Not Loaded'
        raise NvmlError(msg)

    monkeypatch.setattr(nvml, 'nvmlInit', refuse)
    with pytest.raises(LookupError, match='NVML does not answer: Driver Not Loaded'):
        open_gauge('NVIDIA RTX A2000')


def test_a_gpu_is_found_by_its_name(nvml: Nvml) -> None:
    readings = DeviceReadings(1024, 8192, 61, 93, 0.42, 61.5, False)
    assert open_gauge('NVIDIA RTX A2000').read() == readings
    with pytest.raises(LookupError, match="NVML has no GPU 'NVIDIA H100'"):
        NvmlGauge('NVIDIA H100')


@pytest.mark.parametrize('reason', [0x4, 0x8, 0x20, 0x40, 0x80])
def test_a_slow_clock_is_told(nvml: Nvml, monkeypatch: pytest.MonkeyPatch, reason: int) -> None:
    monkeypatch.setattr(nvml, 'reasons', 0x1 | reason)
    assert open_gauge('NVIDIA RTX A2000').read().slowed


def test_what_an_old_gpu_does_not_tell_is_left_out(nvml: Nvml) -> None:
    assert NvmlGauge('Tesla K80').read() == DeviceReadings(2048, 8192, 61)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize('load', ['gpu.0/load', 'platform/bus@0/17000000.gpu/load'])
def test_a_jetson_is_read_from_its_files(tmp_path: Path, load: str) -> None:
    write(tmp_path / 'sys/devices' / load, '375\n')
    zones = tmp_path / 'sys/class/thermal'
    for number, (kind, temp) in enumerate([('CPU-therm', '50500'), ('GPU-therm', '48250')]):
        write(zones / f'thermal_zone{number}/type', f'{kind}\n')
        write(zones / f'thermal_zone{number}/temp', f'{temp}\n')
    write(tmp_path / 'proc/meminfo', 'MemTotal:  8388608 kB\nMemAvailable:  6291456 kB\nx\n')
    rails = tmp_path / 'sys/class/hwmon/hwmon3'
    for number, rail in enumerate(('VDD_CPU_GPU_CV', 'VDD_IN'), 1):
        write(rails / f'in{number}_label', f'{rail}\n')
        write(rails / f'in{number}_input', '5000\n')
        write(rails / f'curr{number}_input', f'{1000 * number}\n')
    gauge = JetsonGauge(tmp_path)
    assert gauge.read() == DeviceReadings(2048, 8192, 48.25, None, 0.375, 10.0)
    # As for a GPU that is powered down.
    write(zones / 'thermal_zone1/temp', '')
    write(tmp_path / 'sys/devices' / load, 'nonsense')
    (rails / 'curr2_input').unlink()
    (tmp_path / 'proc/meminfo').unlink()
    assert gauge.read() == DeviceReadings()
