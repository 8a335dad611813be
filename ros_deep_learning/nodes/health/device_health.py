# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The GPU's part of /diagnostics."""

from __future__ import annotations

from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus

from ...engines.base import EngineInfo
from ...engines.device_readings import DeviceGauge, DeviceReadings, open_gauge

FULL = 0.95


class DeviceHealth:
    """Memory, temperature and load of the device that a network runs on."""

    def __init__(self) -> None:
        self._device: str | None = None
        self._gauge: DeviceGauge | None = None
        self._why = ''

    def watch(self, info: EngineInfo | None) -> None:
        """Read the device of a network from now on; None reads nothing."""
        self._gauge, self._why = None, ''
        self._device = None if info is None else info.device
        if info is not None and info.device != 'CPU':
            try:
                self._gauge = open_gauge(info.device)
            except LookupError as err:
                self._why = str(err)

    def fill(self, status: Any) -> Any:
        """Fill a status with the current readings."""
        gauge, device = self._gauge, self._device
        if gauge is None:
            text = 'no network is loaded' if device is None else f'{device}; {self._why}'
            status.summary(DiagnosticStatus.OK, text.rstrip('; '))
            return status
        readings = gauge.read()
        _add_values(status, readings)
        hot, full = _too_hot(readings), _too_full(readings)
        if hot or full:
            status.summary(DiagnosticStatus.WARN, '; '.join(filter(None, (hot, full))))
        else:
            status.summary(DiagnosticStatus.OK, str(device))
        return status


def _add_values(status: Any, readings: DeviceReadings) -> None:
    if readings.memory_used_mb is not None and readings.memory_total_mb is not None:
        used, total = readings.memory_used_mb, readings.memory_total_mb
        status.add('memory', f'{used:.0f} of {total:.0f} MiB')
    if readings.temperature_c is not None:
        status.add('temperature', f'{readings.temperature_c:.0f} °C')
    if readings.load is not None:
        status.add('load', f'{readings.load:.0%}')


def _too_hot(readings: DeviceReadings) -> str:
    now_c, limit_c = readings.temperature_c, readings.slowdown_c
    if now_c is None or limit_c is None or now_c < limit_c:
        return ''
    return f'{now_c:.0f} °C: the GPU slows down from {limit_c:.0f} °C on; improve its cooling'


def _too_full(readings: DeviceReadings) -> str:
    used, total = readings.memory_used_mb, readings.memory_total_mb
    if used is None or not total or used < FULL * total:
        return ''
    return f'{used:.0f} of {total:.0f} MiB of memory are in use; run fewer or smaller networks'
