# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Addresses of fsspec as inputs and as the place of outputs; its memory stands for a store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from copying_work import CopyingWork, open_copying, write_words

from ros_deep_learning.errors import FleetError
from ros_deep_learning.fleet.inputs import find_units
from ros_deep_learning.fleet.job import Job, check_apart, do_unit, manifest
from ros_deep_learning.fleet.running import run_here
from ros_deep_learning.fleet.storage import fetched, file_system, open_place, reaching

pytestmark = [pytest.mark.slow, pytest.mark.ray]


@pytest.fixture
def store() -> Iterator[None]:
    system, _ = file_system('memory://')
    for word in ('one', 'two'):
        system.pipe_file(f'/words/{word}.txt', word.encode())
    system.pipe_file('/bag/metadata.yaml', b'meta')
    system.pipe_file('/bag/deep/part_0.mcap', b'part')
    yield
    system.rm('/', recursive=True)


def test_patterns_and_folders_of_a_store(store: None) -> None:
    units = find_units(['memory://words/*.txt', 'memory://bag'])
    assert [unit.name for unit in units] == ['one.txt', 'two.txt', 'bag']
    with fetched(units[2].source) as copy:
        assert copy.name == 'bag'
        assert (copy / 'deep' / 'part_0.mcap').read_bytes() == b'part'
    assert not copy.exists()
    with pytest.raises(FleetError, match='there is no memory://none'):
        find_units(['memory://none/*'])
    with pytest.raises(FleetError, match='cannot use nothing://a: '):
        find_units(['nothing://a'])


def test_a_bucket_that_is_not_there() -> None:
    message = 'cannot use gs://a/b: there is no such file or bucket: b/a/o'
    with pytest.raises(FleetError, match=message), reaching('gs://a/b'):
        raise FileNotFoundError(*['b/a/o'])


@pytest.mark.parametrize('suffix', ['.txt', ''])
def test_outputs_in_a_store_are_those_on_a_disk(store: None, tmp_path: Path, suffix: str) -> None:
    job = Job('memory://out/deeper', suffix, {}, open_copying)
    local = Job(str(tmp_path), suffix, {}, open_copying)
    units = find_units(['memory://words/*.txt'])
    entries = list(run_here(job, units))
    assert manifest(job, entries, {}) == manifest(local, list(run_here(local, units)), {})
    assert all(entry.kept for entry in run_here(job, units))
    system, _ = file_system('memory://')
    for entry in entries:
        for file in entry.files:
            found = system.cat_file(f'/out/deeper/{file["path"]}')
            assert found == (tmp_path / file['path']).read_bytes()


def test_no_output_takes_the_place_of_an_input_in_a_store(store: None) -> None:
    units = find_units(['memory://words/*.txt'])
    for output, suffix in (('memory://words', ''), ('memory://words/', '')):
        with pytest.raises(FleetError, match='would take the place of the input memory:'):
            check_apart(Job(output, suffix, {}, open_copying), units)
    check_apart(Job('memory://words', '.out', {}, open_copying), units)
    check_apart(Job('memory://out', '', {}, open_copying), units)


def test_another_state_of_an_input_is_seen(store: None) -> None:
    (unit,) = find_units(['memory://words/one.txt'])
    job = Job('memory://out', '.txt', {}, open_copying)
    do_unit(job, CopyingWork(), unit)
    file_system('memory://')[0].pipe_file('/words/one.txt', b'ONE')
    assert 'made with other state of the input' in do_unit(job, CopyingWork(), unit).failed


def test_an_upload_that_was_broken_off_is_done_again(
    store: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (unit,) = find_units(['memory://words/one.txt'])
    job = Job('memory://out', '.txt', {}, open_copying)
    system, _ = file_system('memory://')
    with monkeypatch.context() as ended:
        ended.setattr(type(system), 'put_file', broken)
        assert (
            'cannot use memory://out: the line is cut' in do_unit(job, CopyingWork(), unit).failed
        )
    assert not system.exists('/out/one.txt.txt')
    assert not do_unit(job, CopyingWork(), unit).kept
    assert system.cat_file('/out/one.txt.txt') == b'ONE'


def broken(*_: object, **__: object) -> None:
    msg = 'the line is cut'
    raise RuntimeError(msg)


def test_a_local_input_and_a_manifest_in_a_store(store: None, tmp_path: Path) -> None:
    units = find_units(write_words(tmp_path, 'one'))
    job = Job('memory://out', '.txt', {}, open_copying)
    entries = list(run_here(job, units))
    place = open_place(job.output)
    place.write('manifest.json', manifest(job, entries, {}))
    content = place.read('manifest.json')
    assert content is not None
    assert json.loads(content)['outputs'][0]['output'] == 'one.txt.txt'
