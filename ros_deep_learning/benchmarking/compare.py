# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Two benchmarks side by side: what differs in what was measured, and in the figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_SAME = 0.05
"""Relative difference up to which figures count as equal: the search is about as exact."""

_CONDITIONS = ('program', 'model', 'backend', 'precision', 'device', 'source', 'frame_wh')


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of two reports.

    Attributes:
        name: What it is, with its unit.
        first: Its value in the first report.
        second: Its value in the second one.
        more_is_better: Whether a higher value is better.
    """

    name: str
    first: float
    second: float
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        """Second by first; None where that is not defined."""
        return self.second / self.first if self.first else None

    @property
    def verdict(self) -> str:
        """``same`` within 5 %, else ``better`` or ``worse``, of the second."""
        if abs(self.second - self.first) <= _SAME * max(abs(self.first), abs(self.second)):
            return 'same'
        return 'better' if (self.second > self.first) == self.more_is_better else 'worse'


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was not alike in the measurements: network, frames, machine, software."""
    pairs = [(key, first[key], second[key]) for key in _CONDITIONS]
    keys = dict.fromkeys([*first['machine'], *second['machine']])
    pairs += [(key, first['machine'].get(key), second['machine'].get(key)) for key in keys]
    for key, one, other in pairs:
        if one != other:
            yield f'{key.replace("_", " ")}: {_text(one)} and {_text(other)}'


def figures(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Figure]:
    """Yield the figures that both reports have; those of trials at equal rates."""
    if first['highest'] and second['highest']:
        pair = first['highest']['rate_hz'], second['highest']['rate_hz']
        yield Figure('highest rate, Hz', *pair, more_is_better=True)
    for name, times in first['single_ms'].items():
        if name in second['single_ms']:
            yield Figure(f'{name}, p50 ms', times['p50'], second['single_ms'][name]['p50'])
    others = {trial['rate_hz']: trial for trial in second['fixed']}
    for trial in first['fixed']:
        if trial['rate_hz'] in others:
            yield from _of_trials(trial, others[trial['rate_hz']])


def _of_trials(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Figure]:
    rate = first['rate_hz']
    at = 'at own rate' if rate is None else f'at {rate:g} Hz'
    yield Figure(f'lost {at}', first['lost_share'], second['lost_share'])
    for key, name in (('latency_ms', 'latency'), ('peak_age_ms', 'peak age')):
        for part in ('p50', 'p95'):
            if first[key] and second[key]:
                yield Figure(f'{name} {at}, {part} ms', first[key][part], second[key][part])
    for key, name in (
        ('cpu_cores', 'CPU cores'),
        ('memory_mb', 'memory, MiB'),
        ('gpu_load', 'GPU load'),
        ('gpu_memory_mb', 'GPU memory, MiB'),
        ('power_w', 'power, W'),
    ):
        pair = first['usage'][key], second['usage'][key]
        if None not in pair:
            yield Figure(f'{name} {at}', *pair)


def _text(value: Any) -> str:
    return 'x'.join(map(str, value)) if isinstance(value, list) else str(value)
