# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The CPUs that are left to a process in a container with a quota."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ros_deep_learning.cpus import usable_cpus

V1 = '5:cpuset:/\n4:cpu,cpuacct:{}\n0::/\n'
"""Of a version-1 machine, with the group of the controller cpu."""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(os, 'sched_getaffinity', lambda pid: set(range(16)))
    return tmp_path


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def v1(folder: str, quota_us: int) -> dict[str, str]:
    path = f'sys/fs/cgroup/cpu{folder}'
    return {f'{path}/cpu.cfs_quota_us': f'{quota_us}\n', f'{path}/cpu.cfs_period_us': '100000\n'}


@pytest.mark.parametrize(
    ('groups', 'files', 'wanted'),
    [
        ('0::/\n', {'sys/fs/cgroup/cpu.max': '200000 100000\n'}, 2),
        ('0::/\n', {'sys/fs/cgroup/cpu.max': '150000 100000\n'}, 2),
        ('0::/\n', {'sys/fs/cgroup/cpu.max': '20000 100000\n'}, 1),
        ('0::/\n', {'sys/fs/cgroup/cpu.max': '9900000 100000\n'}, 16),
        ('0::/\n', {'sys/fs/cgroup/cpu.max': 'max 100000\n'}, 16),
        ('0::/\n', {'sys/fs/cgroup/cpu.max': 'nonsense'}, 16),
        ('0::/\n', {'sys/fs/cgroup/cpu.max': '5 0'}, 16),
        ('0::/\n', {}, 16),
        ('', {}, 16),
        # systemd: the group above has the quota, or the lower of two.
        (
            '0::/robot.slice/node.service\n',
            {
                'sys/fs/cgroup/robot.slice/cpu.max': '300000 100000\n',
                'sys/fs/cgroup/robot.slice/node.service/cpu.max': '500000 100000\n',
            },
            3,
        ),
        (V1.format('/'), v1('', 250_000), 3),
        (V1.format('/'), v1('', -1), 16),
        # Docker on version 1: the path is the host's, and the folder is the container's own.
        (V1.format('/docker/0123'), v1('', 400_000), 4),
        (V1.format('/docker/0123'), v1('/docker/0123', 400_000), 4),
        # Another group's is not ours.
        (V1.format('/a'), v1('/b', 100_000), 16),
    ],
)
def test_a_quota_is_rounded_up(
    machine: Path, groups: str, files: dict[str, str], wanted: int
) -> None:
    write(machine, {'proc/self/cgroup': groups, **files})
    assert usable_cpus(machine) == wanted


def test_without_control_groups_the_affinity_decides(machine: Path) -> None:
    assert usable_cpus(machine) == 16


def test_this_machine_has_one() -> None:
    assert 1 <= usable_cpus() <= len(os.sched_getaffinity(0))
