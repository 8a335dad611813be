# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A job over many inputs in one process: each output there once, whole, and with its checksum."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from copying_work import CopyingWork, open_copying, write_words

from ros_deep_learning.errors import FleetError
from ros_deep_learning.fleet import job as job_module
from ros_deep_learning.fleet.inputs import find_units
from ros_deep_learning.fleet.job import Job, check_apart, check_manifest, do_unit, manifest
from ros_deep_learning.fleet.running import run_here
from ros_deep_learning.fleet.storage import LocalPlace, open_place


def job_in(folder: Path, suffix: str = '.txt', **settings: object) -> Job:
    return Job(str(folder), suffix, {'threshold': 0.5, **settings}, open_copying)


def there(folder: Path) -> list[str]:
    """All files that are not receipts."""
    files = (path.relative_to(folder) for path in folder.rglob('*') if path.is_file())
    return sorted(path.as_posix() for path in files if path.parts[0] != '.receipts')


@pytest.mark.parametrize(('suffix', 'file'), [('.txt', 'two.txt'), ('', 'two/deeper/word.txt')])
def test_each_output_is_there_with_its_checksum(tmp_path: Path, suffix: str, file: str) -> None:
    words = write_words(tmp_path / 'in', 'one', 'two')
    units = [replace(unit, name=Path(unit.source).stem) for unit in find_units(words)]
    job = job_in(tmp_path / 'out', suffix)
    told: list[str] = []
    entries = list(run_here(job, units, lambda text, share: told.append(f'{text} {share}')))
    assert told == ['1 of 2: one, copying 0.5', '2 of 2: two, copying 0.5']
    content = json.loads(manifest(job, entries, {}))
    assert content['failed'] == {}
    two = content['outputs'][1]
    assert two['source'] == words[1]
    digest = hashlib.sha256(b'TWO').hexdigest()
    assert two['files'] == [{'path': file, 'bytes': 3, 'sha256': digest}]
    assert (tmp_path / 'out' / file).read_text() == 'TWO'
    assert len(there(tmp_path / 'out')) == 2


def test_a_job_goes_on_where_it_was_ended(tmp_path: Path) -> None:
    words = write_words(tmp_path / 'in', 'one', 'interrupt', 'two')
    units = find_units(words)
    job = job_in(tmp_path / 'out')
    with pytest.raises(KeyboardInterrupt):
        list(run_here(job, units))
    assert there(tmp_path / 'out') == [
        '.parts/interrupt.txt.txt/lock',
        '.parts/interrupt.txt.txt/work/begun.json',
        'one.txt.txt',
    ]
    Path(words[1]).write_text('three')
    work = CopyingWork()
    entries = [do_unit(job, work, unit) for unit in units]
    assert [entry.kept for entry in entries] == [True, False, False]
    assert work.done == ['three', 'two']
    assert there(tmp_path / 'out') == ['interrupt.txt.txt', 'one.txt.txt', 'two.txt.txt']
    fresh = list(run_here(job_in(tmp_path / 'fresh'), units))
    assert manifest(job, entries, {}) == manifest(job, fresh, {})


def test_an_end_between_receipt_and_output_is_made_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (unit,) = find_units(write_words(tmp_path / 'in', 'one'))
    job = job_in(tmp_path / 'out')
    with monkeypatch.context() as ended:
        ended.setattr(LocalPlace, 'put', interrupt)
        with pytest.raises(KeyboardInterrupt):
            do_unit(job, CopyingWork(), unit)
    assert not (tmp_path / 'out' / 'one.txt.txt').exists()
    assert not do_unit(job, CopyingWork(), unit).kept
    assert do_unit(job, CopyingWork(), unit).kept


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_output_that_was_cut_is_made_again(tmp_path: Path) -> None:
    (unit,) = find_units(write_words(tmp_path / 'in', 'one'))
    job = job_in(tmp_path / 'out')
    do_unit(job, CopyingWork(), unit)
    (tmp_path / 'out' / 'one.txt.txt').write_text('O')
    assert not do_unit(job, CopyingWork(), unit).kept
    assert (tmp_path / 'out' / 'one.txt.txt').read_text() == 'ONE'


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ('settings', 'made with other threshold; to fix: another folder, or --force'),
        ('model', 'made with other models'),
        ('input', 'made with other state of the input'),
        ('receipt', 'the receipt .receipts/one.txt.txt.json is damaged'),
        ('foreign', 'one.txt.txt is there, but not from this program; to fix: --force'),
    ],
)
def test_what_was_made_otherwise_stays_without_force(
    tmp_path: Path, change: str, reason: str
) -> None:
    (unit,) = find_units(write_words(tmp_path / 'in', 'one'))
    job, work = job_in(tmp_path / 'out'), CopyingWork()
    do_unit(job, work, unit)
    receipt = tmp_path / 'out' / '.receipts' / 'one.txt.txt.json'
    if change == 'settings':
        job = job_in(tmp_path / 'out', threshold=0.7)
    elif change == 'model':
        work = CopyingWork('two')
    elif change == 'input':
        Path(unit.source).write_text('four')
    elif change == 'receipt':
        receipt.write_text('{')
    else:
        receipt.unlink()
    assert reason in do_unit(job, work, unit).failed
    assert (tmp_path / 'out' / 'one.txt.txt').read_text() == 'ONE'
    entry = do_unit(replace(job, force=True), work, unit)
    assert (entry.failed, entry.kept) == ('', False)
    assert do_unit(job, work, unit).kept


@pytest.mark.parametrize('inner', ['', 'one/deeper'])
def test_no_output_takes_the_place_of_an_input(tmp_path: Path, inner: str) -> None:
    words = write_words(tmp_path / inner, 'one', 'two')
    units = [replace(unit, name=Path(unit.source).stem) for unit in find_units(words)]
    suffix = '' if inner else '.txt'
    with pytest.raises(FleetError, match=r'would take the place of the input .*one'):
        check_apart(job_in(tmp_path, suffix), units)
    check_apart(job_in(tmp_path / 'out', suffix), units)
    check_apart(job_in(tmp_path, '.out'), units)


def test_an_input_that_fails_does_not_end_the_job(tmp_path: Path) -> None:
    words = write_words(tmp_path / 'in', 'broken', 'half', 'one')
    units = find_units(words)
    Path(words[2]).unlink()
    job = job_in(tmp_path / 'out')
    entries = list(run_here(job, units))
    content = json.loads(manifest(job, entries, {}))
    gone = f'there is nothing in {words[2]}'
    assert content['failed'] == {words[0]: 'it is broken', words[2]: gone}
    assert [one['faults'] for one in content['outputs']] == [['half of it']]


def test_the_manifest_keeps_what_earlier_runs_made(tmp_path: Path) -> None:
    words = write_words(tmp_path / 'in', 'one', 'two')
    job = job_in(tmp_path / 'out')
    place = open_place(job.output)
    for word in words:
        before = check_manifest(job, place)
        place.write(
            'manifest.json', manifest(job, list(run_here(job, find_units([word]))), before)
        )
    content = json.loads((tmp_path / 'out' / 'manifest.json').read_text())
    assert [one['output'] for one in content['outputs']] == ['one.txt.txt', 'two.txt.txt']
    with pytest.raises(FleetError, match='was made with other threshold; to fix: another folder'):
        check_manifest(job_in(tmp_path / 'out', threshold=0.7), place)
    place.write('manifest.json', b'[]')
    with pytest.raises(FleetError, match='is not of this program'):
        check_manifest(job, place)


def test_a_disk_that_is_full_is_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (unit,) = find_units(write_words(tmp_path / 'in', 'one'))

    def full(*_: object) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(job_module, 'sha256_of', full)
    entry = do_unit(job_in(tmp_path / 'out'), CopyingWork(), unit)
    assert 'No space left on device' in entry.failed
    assert not (tmp_path / 'out' / 'one.txt.txt').exists()
