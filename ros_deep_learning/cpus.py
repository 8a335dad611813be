# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""How many CPUs this process may use, also in a container."""

from __future__ import annotations

import math
import os
from pathlib import Path


def usable_cpus(root: Path = Path('/')) -> int:
    """Return how many CPUs the affinity and the quota of this process leave, at least 1.

    The quota is that of ``docker run --cpus``, Kubernetes' ``limits.cpu`` and systemd's
    ``CPUQuota``, rounded up. ``os.process_cpu_count`` of Python 3.13 knows the affinity only.

    Args:
        root: Folder of ``proc`` and ``sys``.
    """
    allowed = len(os.sched_getaffinity(0))
    return max(1, math.ceil(min(allowed, _quota_cpus(root))))


def _quota_cpus(root: Path) -> float:
    """Return the CPU time a second that the control groups of this process may take; inf is all.

    https://docs.kernel.org/admin-guide/cgroup-v2.html has ``cpu.max``,
    https://docs.kernel.org/scheduler/sched-bwc.html the files of version 1.
    """
    quota = math.inf
    for line in _read(root / 'proc/self/cgroup').splitlines():
        _, controllers, path = line.split(':', 2)
        if controllers and 'cpu' not in controllers.split(','):
            continue
        top = root / ('sys/fs/cgroup/cpu' if controllers else 'sys/fs/cgroup')
        group = top / path.lstrip('/')
        # Those above limit it, too. A container may see its own as the top, whatever the path.
        for folder in (group, *group.parents):
            quota = min(quota, _quota_in(folder))
            if folder == top:
                break
    return quota


def _quota_in(folder: Path) -> float:
    words = _read(folder / 'cpu.max').split()
    if not words:
        words = [_read(folder / f'cpu.cfs_{name}_us').strip() for name in ('quota', 'period')]
    try:
        quota_us, period_us = map(int, words)
        return quota_us / period_us if quota_us > 0 else math.inf
    except (ValueError, ZeroDivisionError):
        # max, or no such file
        return math.inf


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding='ascii')
    except (OSError, ValueError):
        return ''
