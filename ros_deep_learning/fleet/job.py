# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What is done to one input of many: its output appears whole, once, with a receipt.

The receipt is written before the output is moved to its name. So an output without a receipt is
somebody else's, and a receipt whose output is not there is that of a run which was broken off
between the two: the input is done again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from .. import __version__
from ..errors import DeepLearningError, FleetError
from ..files import sha256_of, write_output
from ..progress import Progress, silent
from .inputs import Unit
from .storage import Place, fetched, files_of, identity, join_place, open_place

MANIFEST = 'manifest.json'
_RECEIPTS = '.receipts'


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an input, the same wherever it is run.

    Attributes:
        text: For the user, on one line.
        faults: What is wrong with the input, although there is an output.
        figures: Numbers that can be added up over inputs, such as images.
        notes: More lines for the user, which are not in the manifest: a run that goes on with a
            part knows only its own.
    """

    text: str
    faults: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Work(Protocol):
    """A program with all that it loads once, such as a network.

    Attributes:
        models: What tells its networks from others; an output depends on them.
        engines: What runs them; a part is only continued by the same.
    """

    models: list[str]
    engines: list[Any]

    def do(self, source: Path, output: Path, progress: Progress) -> Outcome:
        """Make the output of an input; go on with what an earlier call has left beside it."""


@dataclass(frozen=True, slots=True)
class Job:
    """A program for many inputs.

    Attributes:
        output: Path or address of the folder of the outputs.
        suffix: Ending of an output; empty is a folder.
        settings: What outputs depend on beside inputs and networks, ready for JSON.
        open_work: Loads what the program needs; can be pickled.
        force: Whether outputs that are there are replaced.
    """

    output: str
    suffix: str
    settings: Mapping[str, Any]
    open_work: Callable[[], AbstractContextManager[Work]]
    force: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """An input in the manifest.

    Attributes:
        source: The input.
        output: Name of its output.
        files: Path, bytes and sha256 of each file of it.
        text: See ``Outcome``.
        faults: See ``Outcome``.
        figures: See ``Outcome``.
        notes: See ``Outcome``.
        failed: Why there is no output; empty if there is one.
        kept: Whether an earlier run has made it.
    """

    source: str
    output: str
    files: tuple[Mapping[str, Any], ...] = ()
    text: str = ''
    faults: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    failed: str = ''
    kept: bool = False


def do_unit(job: Job, work: Work, unit: Unit, progress: Progress = silent) -> Entry:
    """Make the output of one input, unless an earlier run has; an error becomes its entry.

    Args:
        job: The program.
        work: What ``job.open_work`` has loaded.
        unit: The input.
        progress: Told how far it is; may raise to cancel.
    """
    output = f'{unit.name}{job.suffix}'
    try:
        place = open_place(job.output)
        with place.staging(output, progress) as folder:
            return _do(job, work, unit, place, folder, progress)
    except (DeepLearningError, OSError) as err:
        return Entry(unit.source, output, failed=str(err))


def check_apart(job: Job, units: Sequence[Unit]) -> None:
    """Raise FleetError if an output would take the place of an input, or of a folder above one.

    To replace it would remove the input.
    """
    outputs = {join_place(job.output, f'{unit.name}{job.suffix}') for unit in units}
    for unit in units:
        above = PurePosixPath(unit.source)
        if outputs & {str(one) for one in (above, *above.parents)}:
            msg = (
                f'an output in {job.output} would take the place of the input {unit.source}; to '
                'fix: another folder for the outputs'
            )
            raise FleetError(msg)


def check_manifest(job: Job, place: Place) -> dict[str, Any]:
    """Return the outputs of the manifest that is there, by name.

    Raises:
        FleetError: They were made with other settings, and are not to be replaced.
    """
    written = place.read(MANIFEST)
    if written is None:
        return {}
    try:
        content = json.loads(written)
        outputs = {one['output']: one for one in content['outputs']}
        differing = _differing(content['settings'], json.loads(json.dumps(dict(job.settings))))
    except (ValueError, KeyError, TypeError) as err:
        msg = f'{MANIFEST} in {job.output} is not of this program; to fix: another folder'
        raise FleetError(msg) from err
    if differing and not job.force:
        msg = f'{job.output} was made with other {differing}; to fix: another folder, or --force'
        raise FleetError(msg)
    return outputs


def manifest(job: Job, entries: Sequence[Entry], before: Mapping[str, Any]) -> bytes:
    """Return the manifest as JSON: of each output the input, the checksums and the figures.

    Args:
        job: The program.
        entries: What became of the inputs.
        before: Outputs of earlier runs in the same folder, by name.
    """
    outputs = dict(before)
    for entry in entries:
        outputs.pop(entry.output, None)
        if not entry.failed:
            outputs[entry.output] = one = _as_json(entry)
            del one['failed'], one['kept'], one['notes']
    content = {
        'package': __version__,
        'settings': dict(job.settings),
        'outputs': [outputs[name] for name in sorted(outputs)],
        'failed': {one.source: one.failed for one in entries if one.failed},
    }
    return (json.dumps(content, indent=1) + '\n').encode()


def _do(job: Job, work: Work, unit: Unit, place: Place, folder: Path, progress: Progress) -> Entry:
    output = f'{unit.name}{job.suffix}'
    receipt = f'{_RECEIPTS}/{output}.json'
    made_of = json.loads(
        json.dumps(
            {
                'input': unit.source,
                'state of the input': identity(unit.source),
                'models': work.models,
                **job.settings,
            }
        )
    )
    if kept := _kept(place, output, receipt, made_of, force=job.force):
        return kept
    _begin(folder, {**made_of, 'engines': work.engines, 'package': __version__})
    made = folder / output
    with fetched(unit.source) as source:
        outcome = work.do(source, made, progress)
    files = tuple(
        {
            'path': f'{output}/{inner}'
            if (inner := one.relative_to(made).as_posix()) != '.'
            else output,
            'bytes': one.stat().st_size,
            'sha256': sha256_of(one),
        }
        for one in files_of(made)
    )
    entry = Entry(
        unit.source,
        output,
        files,
        outcome.text,
        outcome.faults,
        dict(outcome.figures),
        outcome.notes,
    )
    place.remove(output)
    content = {'made of': made_of, 'entry': _as_json(entry)}
    place.write(receipt, json.dumps(content, indent=1).encode())
    place.put(made, output)
    return entry


def _kept(
    place: Place, output: str, receipt: str, made_of: Mapping[str, Any], *, force: bool
) -> Entry | None:
    """Return the entry of an output that is there and stays.

    Raises:
        FleetError: What is there is somebody else's, or was made otherwise.
    """
    sizes = place.sizes(output)
    written = place.read(receipt)
    if not sizes or force:
        return None
    if written is None:
        msg = f'{output} is there, but not from this program; to fix: --force'
        raise FleetError(msg)
    try:
        content = json.loads(written)
        before, entry = content['made of'], entry_of(json.dumps(content['entry']))
    except (ValueError, KeyError, TypeError) as err:
        msg = f'the receipt {receipt} is damaged; to fix: --force'
        raise FleetError(msg) from err
    if differing := _differing(before, made_of):
        msg = f'{output} is there, made with other {differing}; to fix: another folder, or --force'
        raise FleetError(msg)
    whole = sizes == {one['path']: one['bytes'] for one in entry.files}
    return replace(entry, kept=True) if whole else None


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    return ', '.join(key for key in now if key not in before or before[key] != now[key])


def _begin(folder: Path, facts: Mapping[str, Any]) -> None:
    """Empty a folder in which something else was begun."""
    begun = folder / 'begun.json'
    text = json.dumps(facts).encode()
    if not begun.is_file() or begun.read_bytes() != text:
        shutil.rmtree(folder)
        folder.mkdir()
        write_output(begun, text)


def _as_json(entry: Entry) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(json.dumps(asdict(entry)))
    return content


def entry_text(entry: Entry) -> str:
    """Return an entry as JSON, which ``entry_of`` reads."""
    return json.dumps(asdict(entry))


def entry_of(text: str) -> Entry:
    """Read an entry.

    Raises:
        ValueError: It is no JSON.
        TypeError: It is no entry.
    """
    content = json.loads(text)
    entry = Entry(**content)
    return replace(
        entry,
        files=tuple(entry.files),
        faults=tuple(entry.faults),
        notes=tuple(entry.notes),
    )
