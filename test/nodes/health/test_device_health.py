# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the device's status; its readings are stand-ins."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from diagnostic_updater import DiagnosticStatusWrapper

from ros_deep_learning.engines.base import EngineInfo
from ros_deep_learning.engines.device_readings import DeviceReadings
from ros_deep_learning.nodes.health import device_health
from ros_deep_learning.nodes.health.device_health import DeviceHealth

OK, WARN = DiagnosticStatus.OK, DiagnosticStatus.WARN
GPU = EngineInfo('tensorrt', '10.3', 'NVIDIA RTX A2000', 'fp16', (), ())
CPU = EngineInfo('onnxruntime', '1.32', 'CPU', 'fp32', (), ())


def said(health: DeviceHealth) -> tuple[bytes, str]:
    status = health.fill(DiagnosticStatusWrapper())
    return status.level, status.message


def test_without_a_network_or_a_gpu_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_health, 'open_gauge', lambda _: pytest.fail('it was read'))
    health = DeviceHealth()
    assert said(health) == (OK, 'no network is loaded')
    health.watch(CPU)
    assert said(health) == (OK, 'CPU')
    health.watch(None)
    assert said(health) == (OK, 'no network is loaded')


def test_a_gpu_that_cannot_be_read_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> None:
        msg = 'pynvml is not installed'
        raise LookupError(msg)

    monkeypatch.setattr(device_health, 'open_gauge', refuse)
    health = DeviceHealth()
    health.watch(GPU)
    assert said(health) == (OK, 'NVIDIA RTX A2000; pynvml is not installed')


@pytest.mark.parametrize(
    ('readings', 'level', 'text'),
    [
        (DeviceReadings(), OK, 'NVIDIA RTX A2000'),
        (DeviceReadings(7000, 8192, 92, 93, 0.5), OK, 'NVIDIA RTX A2000'),
        (DeviceReadings(7000, 8192, 93, 93), WARN, '93 °C: the GPU slows down from 93 °C on'),
        (DeviceReadings(8000, 8192, 150), WARN, '8000 of 8192 MiB of memory are in use'),
    ],
)
def test_heat_and_want_of_memory_are_warnings(
    monkeypatch: pytest.MonkeyPatch, readings: DeviceReadings, level: bytes, text: str
) -> None:
    gauge = SimpleNamespace(read=lambda: readings)
    monkeypatch.setattr(device_health, 'open_gauge', lambda _: gauge)
    health = DeviceHealth()
    health.watch(GPU)
    found, message = said(health)
    assert found == level
    assert message.startswith(text)


def test_what_can_be_read_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    gauge = SimpleNamespace(read=lambda: DeviceReadings(1024, 8192, 61, None, 0.42))
    monkeypatch.setattr(device_health, 'open_gauge', lambda _: gauge)
    health = DeviceHealth()
    health.watch(GPU)
    values = health.fill(DiagnosticStatusWrapper()).values
    shown = {pair.key: pair.value for pair in values}
    assert shown == {'memory': '1024 of 8192 MiB', 'temperature': '61 °C', 'load': '42%'}
