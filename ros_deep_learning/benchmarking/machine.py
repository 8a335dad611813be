# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The machine that is measured, and what of its state makes figures doubtful."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .usage import Usage

_ROOT = Path('/')
_MOST_OTHERS, _MOST_STOLEN = 0.05, 0.02
"""Shares of all cores above which other load, or that of other virtual machines, is reported."""


@dataclass(frozen=True, slots=True)
class MachineState:
    """What may slow the processor down, at one moment.

    Attributes:
        governors: Frequency governors of the cores; empty where there are none.
        throttled: How often the cores were throttled because of heat since the start.
        quota_hits: How often a limit of CPU time stopped this container.
        cores: Cores of the machine.
        quota_cores: Cores that this container may use; None without a limit.
    """

    governors: frozenset[str]
    throttled: int
    quota_hits: int
    cores: int
    quota_cores: float | None


def read_state(root: Path = _ROOT) -> MachineState:
    """Read the state of the processor; what cannot be read counts as in order.

    Args:
        root: Folder that contains ``sys``.
    """
    cpus = root / 'sys/devices/system/cpu'
    group = root / 'sys/fs/cgroup'
    governors = {_text(path) for path in cpus.glob('cpu[0-9]*/cpufreq/scaling_governor')}
    heat = [_number(path) for path in cpus.glob('cpu[0-9]*/thermal_throttle/*throttle_count')]
    hits = 0
    for line in _text(group / 'cpu.stat').splitlines():
        name, _, count = line.partition(' ')
        if name == 'nr_throttled' and count.isdecimal():
            hits = int(count)
    quota, _, period = _text(group / 'cpu.max').partition(' ')
    limit = int(quota) / int(period) if quota.isdecimal() and period.isdecimal() else None
    cores = os.cpu_count() or 1
    return MachineState(frozenset(governors - {''}), sum(heat), hits, cores, limit)


def state_warnings(before: MachineState, after: MachineState) -> Iterator[str]:
    """Yield what made the figures doubtful between two moments, with the fix."""
    if slow := sorted(after.governors - {'performance'}):
        yield (
            f'the frequency governor is {", ".join(slow)}: rates depend on how busy the cores '
            'were before; to fix: sudo cpupower frequency-set -g performance (Jetson: sudo '
            'jetson_clocks)'
        )
    if after.throttled > before.throttled:
        yield (
            f'the cores were throttled {after.throttled - before.throttled} times because of '
            'heat; to fix: cool the machine, or measure longer and report the throttled rate'
        )
    if after.quota_hits > before.quota_hits:
        limit = f' to {after.quota_cores:g} cores' if after.quota_cores else ''
        yield (
            f'this container is limited{limit} and was stopped '
            f'{after.quota_hits - before.quota_hits} times; to fix: start it without --cpus'
        )


def usage_warnings(usages: list[Usage]) -> Iterator[str]:
    """Yield what else the machine did while trials ran, with the fix."""
    others = max((one.others_share or 0.0 for one in usages), default=0.0)
    if others > _MOST_OTHERS:
        yield (
            f'other processes took up to {others:.0%} of the processor; to fix: stop them (top '
            'shows which) and measure again'
        )
    stolen = max((one.stolen_share or 0.0 for one in usages), default=0.0)
    if stolen > _MOST_STOLEN:
        yield (
            f'other virtual machines of the host took up to {stolen:.0%} of the processor; to '
            'fix: measure on hardware of your own, or several times'
        )
    if any(one.gpu_slowed for one in usages):
        yield (
            'the GPU lowered its clock because of heat or its limit of power; nvidia-smi -q -d '
            'PERFORMANCE tells which'
        )


def describe_machine(version: str, root: Path = _ROOT) -> dict[str, Any]:
    """Describe the machine and the software for a report.

    Args:
        version: Of this package.
        root: Folder that contains ``proc`` and ``sys``.
    """
    return {
        'name': _board(root) or _processor(root) or platform.machine(),
        'cores': os.cpu_count(),
        'system': f'{platform.system()} {platform.release()} {platform.machine()}',
        'python': platform.python_version(),
        'numpy': np.__version__,
        'ros_deep_learning': version,
    }


def _board(root: Path) -> str:
    """Return the name of a board with a device tree, such as a Jetson or a Raspberry Pi."""
    return _text(root / 'proc/device-tree/model').rstrip('\0')


def _processor(root: Path) -> str:
    for line in _text(root / 'proc/cpuinfo').splitlines():
        key, _, value = line.partition(':')
        if key.strip() == 'model name':
            return value.strip()
    return ''


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(errors='replace').strip()
    return ''


def _number(path: Path) -> int:
    text = _text(path)
    return int(text) if text.isdecimal() else 0
