# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Commands over many inputs: their options, and what they print."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from ...errors import FleetError
from ...fleet.inputs import find_units, is_many
from ...fleet.job import MANIFEST, Entry, Job, Work, check_apart, check_manifest, manifest
from ...fleet.on_ray import check_address, run_on_ray
from ...fleet.running import run_here
from ...fleet.storage import is_url, open_place
from ...paths import user_path
from ...text import printable
from ..bar import progress_bar
from ..vision_arguments import count

MANY = 'also a pattern, an address such as s3://..., or @FILE with one input a line'
"""The help of an argument that can stand for many inputs."""
_NO_SETTINGS = ('force', 'restart', 'offline', 'ray', 'ray_actors')
_LISTED = 3


def add_fleet_options(
    parser: argparse.ArgumentParser, force: str = 'of many inputs: replace outputs that are there'
) -> None:
    """Add the options of many inputs; ``force`` is the help of ``--force``."""
    parser.add_argument('--force', action='store_true', help=force)
    parser.add_argument(
        '--ray',
        nargs='?',
        const='',
        metavar='ADDRESS',
        help='spread the inputs over a Ray cluster (one of this machine); behind all inputs',
    )
    parser.add_argument(
        '--ray-actors',
        type=count,
        metavar='N',
        help='networks on it (one a GPU, or a CPU but one)',
    )


def is_fleet(arguments: argparse.Namespace, inputs: Sequence[str], output: str = '') -> bool:
    """Return whether a command is for many inputs, so that its output is a folder of outputs."""
    if arguments.ray is None and arguments.ray_actors is not None:
        msg = '--ray-actors needs --ray'
        raise FleetError(msg)
    many = len(inputs) > 1 or is_many(inputs[0]) or is_url(output)
    return many or arguments.ray is not None


def run_fleet(
    program: str,
    arguments: argparse.Namespace,
    inputs: Sequence[str],
    output: str,
    open_work: Callable[[argparse.Namespace], AbstractContextManager[Work]],
    *,
    of: Sequence[str],
    suffix: str = '',
) -> int:
    """Do all inputs of a command, print what became of each, and write the manifest.

    Args:
        program: Name of the command.
        arguments: Those of the command.
        inputs: See ``find_units``.
        output: Path or address of the folder of the outputs.
        open_work: Loads what is needed for these arguments; a function of a module.
        of: The arguments that name inputs and output, on which no output depends.
        suffix: Ending of an output; empty is a folder.

    Returns:
        Exit code: 1 if an input failed or could not be read in full.

    Raises:
        DeepLearningError: Nothing could be begun.
    """
    if arguments.ray is not None:
        check_address(arguments.ray)
    units = find_units(inputs)
    if not is_url(output):
        output = str(user_path(output).absolute())
        if Path(output).is_file():
            msg = f'{output} is a file; to fix: name a folder, for an output an input'
            raise FleetError(msg)
        if suffix and output.endswith(suffix) and not Path(output).is_dir():
            msg = (
                f'{output} would be a folder, for an output an input; to fix: name one without '
                f'{suffix}'
            )
            raise FleetError(msg)
    settings = {
        key: str(value) if isinstance(value, Path) else value
        for key, value in vars(arguments).items()
        if key not in (*of, *_NO_SETTINGS)
    }
    work = partial(open_work, arguments)
    job = Job(output, suffix, settings, work, force=arguments.force)
    check_apart(job, units)
    place = open_place(output)
    before = check_manifest(job, place)
    entries: list[Entry] = []
    with progress_bar() as progress:
        if arguments.ray is None:
            done = run_here(job, units, progress)
        else:
            done = run_on_ray(job, units, arguments.ray, arguments.ray_actors)
        for entry in done:
            entries.append(entry)
            _print(program, entry, f'{len(entries)} of {len(units)}')
    place.write(MANIFEST, manifest(job, entries, before))
    failed = sum(bool(entry.failed) for entry in entries)
    kept = sum(entry.kept for entry in entries)
    print(
        f'wrote {output}: {len(entries) - failed - kept} outputs, {kept} were there, '
        f'{failed} failed; {MANIFEST} has their checksums'
    )
    return 1 if failed or any(entry.faults for entry in entries) else 0


def _print(program: str, entry: Entry, number: str) -> None:
    if entry.failed:
        print(f'rdl {program}: {printable(f"{entry.source}: {entry.failed}")}', file=sys.stderr)
        return
    was_there = ', was there' if entry.kept else ''
    print(printable(f'{number}: {entry.output}: {entry.text}{was_there}'), flush=True)
    for note in entry.notes[:_LISTED]:
        print(f'  {printable(note)}')
    for fault in entry.faults[:_LISTED]:
        print(f'rdl {program}: {printable(fault)}', file=sys.stderr)
    if len(entry.faults) > _LISTED:
        print(f'rdl {program}: and {len(entry.faults) - _LISTED} more', file=sys.stderr)
