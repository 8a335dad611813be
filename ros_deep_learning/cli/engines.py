# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""List, verify and prune the TensorRT engines in the cache."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ..errors import BackendUnavailableError
from .logs import run_command
from .parser import Parser

if TYPE_CHECKING:
    from ..engines.tensorrt.plans.plan_cache import CachedPlan, PlanCache

_MOST_DAYS = 100_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: Arguments; None is the command line's.

    Returns:
        Exit code: 0, or 1 where the cache is refused, or ``verify`` found a fault.
    """
    arguments = _parser().parse_args(argv)
    return run_command('rdl engines', lambda: _run(arguments), interrupted='run again to go on')


def _run(arguments: argparse.Namespace) -> int:
    from ..engines.tensorrt.plans.plan_cache import PlanCache

    cache = PlanCache()
    if arguments.command == 'list':
        return _list(cache)
    if arguments.command == 'verify':
        return _verify(cache)
    return _prune(cache, arguments)


def _list(cache: PlanCache) -> int:
    entries = cache.entries()
    print(f'{len(entries)} engines in {cache.folder()}')
    for entry in entries:
        print(_describe(entry))
        if entry.record is not None:
            record = entry.record
            inputs = ', '.join(
                f'{item.name} {list(item.smallest)}'
                + f'..{list(item.largest)}' * (item.smallest != item.largest)
                for item in record.key.inputs
            )
            print(f'    inputs: {inputs}')
            print(f'    why: {record.reason}')
            for note in record.notes:
                print(f'    note: {note}')
    return 0


def _verify(cache: PlanCache) -> int:
    entries = cache.entries()
    for entry in entries:
        print(_describe(entry))
    bad = sum(entry.fault is not None for entry in entries)
    print(f'{len(entries) - bad} whole, {bad} not' + '; to fix: rdl engines prune' * bool(bad))
    return 1 if bad else 0


def _prune(cache: PlanCache, arguments: argparse.Namespace) -> int:
    freed = 0
    for entry in cache.entries():
        reason = _why_prune(entry, arguments)
        if reason is None:
            continue
        if arguments.dry_run:
            print(f'would remove {_name(entry)}: {reason}')
            continue
        removed = cache.remove(entry.digest)
        if removed is None:
            print(f'kept {_name(entry)}: it is being built')
            continue
        freed += removed
        print(f'removed {_name(entry)}: {reason}')
    if not arguments.dry_run:
        freed += cache.sweep() + (cache.forget_timings() if arguments.all else 0)
    print(f'{freed / 2**20:.1f} MiB freed')
    return 0


def _why_prune(entry: CachedPlan, arguments: argparse.Namespace) -> str | None:
    if entry.fault is not None:
        return entry.fault
    assert entry.record is not None
    if arguments.all:
        return '--all'
    built = datetime.fromisoformat(entry.record.created)
    age = datetime.now(timezone.utc) - built
    if arguments.older_than is not None and age > timedelta(days=arguments.older_than):
        return f'built {age.days} days ago'
    installed = _installed()
    key = entry.record.key
    if installed is not None and (key.module, key.version) != installed:
        return f'it is for {key.module} {key.version}, installed is {" ".join(installed)}'
    return None


def _installed() -> tuple[str, str] | None:
    from ..engines.tensorrt.api import tensorrt

    try:
        api = tensorrt()
    except BackendUnavailableError:
        return None
    return api.name, api.version


def _describe(entry: CachedPlan) -> str:
    state = 'whole' if entry.fault is None else f'FAULT: {entry.fault}'
    if entry.record is None:
        return f'{_name(entry)}  {state}'
    record = entry.record
    key = record.key
    built = record.created.replace('T', ' ').removesuffix('+00:00')
    return (
        f'{_name(entry)}  {key.precision}  {key.module} {key.version}  {key.gpu}  '
        f'{record.plan_bytes / 2**20:.1f} MiB  built {built} UTC in {record.build_seconds:g} s  '
        f'{state}'
    )


def _name(entry: CachedPlan) -> str:
    return f'{entry.digest[:12]} {entry.record.network if entry.record else "?"}'


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days <= _MOST_DAYS:
        msg = f'expected days from 0 to {_MOST_DAYS:,}, got {text!r}'
        raise argparse.ArgumentTypeError(msg)
    return days


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog='rdl engines', description=__doc__)
    commands = parser.add_subparsers(dest='command', required=True)
    commands.add_parser('list', help='print what is cached, for what, and why it was built')
    commands.add_parser('verify', help='check every engine against its sidecar')
    prune = commands.add_parser(
        'prune', help='remove engines that are faulty, or for a TensorRT that is not installed'
    )
    prune.add_argument('--older-than', type=_days, metavar='DAYS', help='also those built before')
    prune.add_argument('--all', action='store_true', help='remove all')
    prune.add_argument('--dry-run', action='store_true', help='only print what would be removed')
    return parser


if __name__ == '__main__':
    sys.exit(main())
