# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The results of a benchmark: as JSON, read again, and as Markdown to paste."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import BenchmarkError
from .distribution import Distribution
from .plan import Measured
from .trial import Trial

_FORMAT = 1
_MOST_BYTES = 2**24


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What was measured.

    Attributes:
        program: ``rdl benchmark``, or ``ros2 run ros_deep_learning benchmark``.
        model: As the user named it.
        backend: What ran it, with its version.
        precision: What it ran in.
        device: Where it ran.
        source: What the frames were.
        frame_wh: Their width and height.
        single_ms: Time of one call after the other, by what it is: ``engine``, ``frame to
            result``; empty where only the whole graph was measured.
    """

    program: str
    model: str
    backend: str
    precision: str
    device: str
    source: str
    frame_wh: tuple[int, int]
    single_ms: Mapping[str, Distribution] = field(default_factory=dict)


def as_json(
    subject: Subject,
    measured: Measured,
    machine: Mapping[str, Any],
    warnings: Sequence[str],
    *,
    command: str,
    date: str,
) -> str:
    """Return everything as JSON.

    Args:
        subject: What was measured.
        measured: The trials.
        machine: Where; as of ``describe_machine``.
        warnings: Why the figures are doubtful.
        command: What was typed.
        date: When it was measured.
    """
    content = {
        'format': _FORMAT,
        'date': date,
        'command': command,
        **asdict(subject),
        'machine': dict(machine),
        'warnings': list(warnings),
        'highest': _trial(measured.best) if measured.best else None,
        'fixed': [_trial(one) for one in measured.fixed],
        'searched': [_trial(one) for one in measured.searched],
    }
    return json.dumps(content, indent=1, allow_nan=False) + '\n'


def read_report(path: Path) -> dict[str, Any]:
    """Read a report that ``as_json`` made.

    Raises:
        BenchmarkError: It cannot be read, or is none.
    """
    try:
        with path.open('rb') as stream:
            content = json.loads(stream.read(_MOST_BYTES))
    except OSError as err:
        msg = f'cannot read {path}: {err.strerror}'
        raise BenchmarkError(msg) from err
    except (ValueError, RecursionError) as err:
        msg = f'{path} is no JSON; expected a file of rdl benchmark -o'
        raise BenchmarkError(msg) from err
    if not isinstance(content, dict) or content.get('format') != _FORMAT:
        msg = f'{path} is no report of this version of rdl benchmark; measure again with -o'
        raise BenchmarkError(msg)
    return content


def markdown(report: Mapping[str, Any]) -> str:
    """Return a report as Markdown: what, where, the highest rate, a table and warnings."""
    machine, highest = report['machine'], report['highest']
    width, height = report['frame_wh']
    ros = ''.join(f'{machine[key]}, ' for key in ('distribution', 'rmw') if machine.get(key))
    parts = [
        [
            f'**{report["model"]}**, {report["backend"]} {report["precision"]} on '
            f'{report["device"]}, {width}x{height} from {report["source"]}  ',
            f'{machine["name"]}, {machine["cores"]} cores, {machine["system"]}, '
            f'ros_deep_learning {machine["ros_deep_learning"]}, {ros}{report["date"]}, '
            f'`{report["program"]}`',
        ],
        [
            f'* {name}, one after the other: {_spread(times)} ms (p50 / p95 / p99)'
            for name, times in report['single_ms'].items()
        ],
        _table([*report['fixed'], *([highest] if highest else [])]),
        [f'> WARNING: {text}' for text in report['warnings']],
    ]
    if highest:
        text = f'* highest input rate with less than 5 % lost: **{highest["rate_hz"]:.4g} Hz**'
        parts[1].append(text)
    return '\n\n'.join('\n'.join(lines) for lines in parts if lines)


_COLUMNS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    'input Hz': lambda t: _number(t['rate_hz'] or t['sent_hz'], '.4g'),
    'results a second': lambda t: _number(t['fps'], '.4g'),
    'lost': lambda t: f'{t["lost_share"]:.1%}',
    'of them on the way': lambda t: _number(_way_share(t), '.1%'),
    'latency p50 / p95 / p99 ms': lambda t: _spread(t['latency_ms']),
    'peak age p95 ms': lambda t: _one(t['peak_age_ms'], 'p95'),
    'jitter mean ms': lambda t: _one(t['jitter_ms'], 'mean'),
    'CPU cores': lambda t: _number(t['usage']['cpu_cores'], '.2f'),
    'MiB': lambda t: _number(t['usage']['memory_mb'], '.0f'),
    'GPU': lambda t: _number(t['usage']['gpu_load'], '.0%'),
    'GPU MiB': lambda t: _number(t['usage']['gpu_memory_mb'], '.0f'),
    'W': lambda t: _number(t['usage']['power_w'], '.1f'),
}


def _table(trials: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the rows of all trials, without columns that nobody could read."""
    if not trials:
        return []
    columns = {name: [cell(one) for one in trials] for name, cell in _COLUMNS.items()}
    columns = {name: cells for name, cells in columns.items() if set(cells) != {'-'}}
    rows = [list(columns), *map(list, zip(*columns.values(), strict=True))]
    widths = [max(map(len, (name, *cells))) for name, cells in columns.items()]
    lines = [
        '| ' + ' | '.join(c.rjust(w) for c, w in zip(row, widths, strict=True)) + ' |'
        for row in rows
    ]
    lines.insert(1, '|' + '|'.join('-' * (width + 1) + ':' for width in widths) + '|')
    return lines


def _trial(trial: Trial) -> dict[str, Any]:
    return {**asdict(trial), 'lost_share': trial.lost_share, 'is_kept': trial.is_kept}


def _way_share(trial: Mapping[str, Any]) -> float | None:
    lost = trial.get('lost_on_the_way')
    return None if lost is None else lost / max(1, trial['sent'])


def _number(value: float | None, form: str) -> str:
    return '-' if value is None else format(value, form)


def _one(times: Mapping[str, float] | None, key: str) -> str:
    return '-' if times is None else f'{times[key]:.1f}'


def _spread(times: Mapping[str, float] | None) -> str:
    keys = ('p50', 'p95', 'p99')
    return '-' if times is None else ' / '.join(f'{times[key]:.1f}' for key in keys)
