# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what the machine tells of itself, from files as those of other machines."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ros_deep_learning.benchmarking.machine import (
    describe_machine,
    read_state,
    state_warnings,
    usage_warnings,
)
from ros_deep_learning.benchmarking.usage import Usage, UsageMeter, cpu_times, process_cpu_s
from ros_deep_learning.engines.device_readings import DeviceReadings


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def laptop(tmp_path: Path) -> Path:
    for core in range(2):
        cpu = tmp_path / f'sys/devices/system/cpu/cpu{core}'
        write(cpu / 'cpufreq/scaling_governor', 'powersave\n')
        write(cpu / 'thermal_throttle/core_throttle_count', '3\n')
    write(tmp_path / 'sys/fs/cgroup/cpu.max', '150000 100000\n')
    write(tmp_path / 'sys/fs/cgroup/cpu.stat', 'usage_usec 10\nnr_throttled 4\n')
    write(tmp_path / 'proc/cpuinfo', 'processor\t: 0\nmodel name\t: Some CPU\n')
    return tmp_path


def test_a_laptop(laptop: Path) -> None:
    state = read_state(laptop)
    assert (state.governors, state.throttled) == ({'powersave'}, 6)
    assert (state.quota_hits, state.quota_cores) == (4, 1.5)
    (line,) = state_warnings(state, state)
    assert 'governor is powersave' in line
    later = replace(state, throttled=8, quota_hits=5)
    lines = list(state_warnings(state, later))
    assert len(lines) == 3
    assert 'throttled 2 times because of heat' in lines[1]
    assert 'limited to 1.5 cores and was stopped 1 times' in lines[2]
    assert all('to fix: ' in one for one in lines)
    assert describe_machine('1.2', laptop)['name'] == 'Some CPU'


def test_a_machine_that_tells_nothing_is_in_order(tmp_path: Path) -> None:
    state = read_state(tmp_path)
    assert list(state_warnings(state, state)) == []
    assert describe_machine('1.2', tmp_path)['name']


def test_a_board_has_its_name(laptop: Path) -> None:
    write(laptop / 'proc/device-tree/model', 'NVIDIA Jetson Orin Nano\0')
    assert describe_machine('1.2', laptop)['name'] == 'NVIDIA Jetson Orin Nano'


def test_the_performance_governor_is_in_order(laptop: Path) -> None:
    for path in laptop.rglob('scaling_governor'):
        path.write_text('performance\n')
    assert list(state_warnings(read_state(laptop), read_state(laptop))) == []


def test_other_load_is_told() -> None:
    quiet = Usage(others_share=0.04, stolen_share=0.01, gpu_slowed=False)
    assert list(usage_warnings([quiet, Usage()])) == []
    busy = Usage(others_share=0.4, stolen_share=0.1, gpu_slowed=True)
    lines = list(usage_warnings([quiet, busy]))
    assert [('40%' in lines[0]), ('10%' in lines[1]), ('GPU' in lines[2])] == [True] * 3
    assert list(usage_warnings([])) == []


def test_the_times_of_the_cores() -> None:
    ticks = os.sysconf('SC_CLK_TCK')
    found = cpu_times('cpu  100 20 30 400 50 6 7 8 9 10\ncpu0 1 2\n')
    assert found is not None
    assert found.busy_s * ticks == pytest.approx(100 + 20 + 30 + 6 + 7)
    assert found.total_s * ticks == pytest.approx(100 + 20 + 30 + 400 + 50 + 6 + 7 + 8)
    assert found.stolen_s * ticks == pytest.approx(8)
    assert cpu_times('nonsense') is None


def test_the_times_of_a_process_with_a_hostile_name(tmp_path: Path) -> None:
    fields = ' '.join(map(str, range(4, 53)))
    write(tmp_path / '7/stat', f'7 (a) b 99 (c)) S {fields}\n')
    # Fields 14 to 17 of proc_pid_stat(5): utime, stime, cutime, cstime.
    assert process_cpu_s(7, tmp_path) == pytest.approx(
        (14 + 15 + 16 + 17) / os.sysconf('SC_CLK_TCK')
    )
    assert process_cpu_s(8, tmp_path) == 0.0


class Gauge:
    """Gives a GPU's readings one after the other, and the last one again."""

    def __init__(self, *readings: DeviceReadings) -> None:
        self.readings = list(readings)

    def read(self) -> DeviceReadings:
        return self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]


def test_processes_are_measured() -> None:
    code = 'import time\nprint(1, flush=True)\nwhile True: time.sleep(0.01)'
    busy = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE)
    try:
        assert busy.stdout is not None
        busy.stdout.readline()
        gauge = Gauge(DeviceReadings(100, 200, 60, None, 0.5, 20.0, False))
        with UsageMeter([busy.pid], [os.getpid()], gauge) as meter:
            sum(range(1_000_000))
        usage = meter.usage()
    finally:
        busy.kill()
        busy.communicate()
    assert usage.memory_mb is not None
    assert 1 < usage.memory_mb < 200
    assert usage.gpu_memory_mb == 100
    assert (usage.gpu_load, usage.temperature_c, usage.power_w) == (0.5, 60, 20.0)
    assert usage.gpu_slowed is False


def test_a_process_that_is_gone_has_no_memory() -> None:
    ended = subprocess.Popen([sys.executable, '-c', ''])
    ended.wait()
    with UsageMeter([ended.pid]) as meter:
        pass
    usage = meter.usage()
    assert (usage.memory_mb, usage.gpu_load, usage.power_w, usage.gpu_slowed) == (None,) * 4
