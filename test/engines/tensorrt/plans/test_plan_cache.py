# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the plan cache; any bytes serve as a plan, since the cache does not parse it."""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path

import pytest

from ros_deep_learning.engines.tensorrt.plans import plan_cache
from ros_deep_learning.engines.tensorrt.plans.plan_cache import PlanCache
from ros_deep_learning.errors import PlanError

PLAN = bytes(range(256)) * 8


@pytest.fixture
def stored(cache, make_record):
    record = make_record(PLAN)
    cache.store(PLAN, record)
    return record


def files(cache, record):
    stem = cache.folder() / record.key.digest
    return stem.with_suffix('.plan'), stem.with_suffix('.json')


def test_an_empty_cache_has_nothing(cache, make_key):
    with pytest.raises(PlanError, match=r'^no plan yet$'):
        cache.find(make_key(), 'net.onnx')
    assert cache.entries() == []


def test_gives_back_what_was_stored(cache, stored):
    assert cache.find(stored.key, 'net.onnx') == (PLAN, stored)
    assert cache.folder().stat().st_mode & 0o777 == 0o700
    assert {p.stat().st_mode & 0o777 for p in cache.folder().iterdir()} == {0o600}


def test_lies_in_the_users_cache_folder(monkeypatch, tmp_path):
    monkeypatch.delenv('ROS_DEEP_LEARNING_CACHE', raising=False)
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    assert PlanCache().folder() == tmp_path / 'ros_deep_learning' / 'engines'


@pytest.mark.parametrize('cut', [0, 1, len(PLAN) - 1])
def test_an_incomplete_plan_is_refused(cache, stored, cut):
    files(cache, stored)[0].write_bytes(PLAN[:cut])
    with pytest.raises(PlanError, match='is incomplete'):
        cache.find(stored.key, 'net.onnx')


def test_an_altered_plan_is_refused(cache, stored):
    files(cache, stored)[0].write_bytes(PLAN[:-1] + b'!')
    with pytest.raises(PlanError, match='altered'):
        cache.find(stored.key, 'net.onnx')


def test_a_missing_plan_is_refused(cache, stored):
    files(cache, stored)[0].unlink()
    with pytest.raises(PlanError, match='plan is missing'):
        cache.find(stored.key, 'net.onnx')


def test_a_missing_sidecar_is_refused(cache, stored):
    files(cache, stored)[1].unlink()
    with pytest.raises(PlanError, match='sidecar is missing'):
        cache.find(stored.key, 'net.onnx')


def test_an_incomplete_sidecar_is_refused(cache, stored):
    sidecar = files(cache, stored)[1]
    sidecar.write_bytes(sidecar.read_bytes()[:-20])
    with pytest.raises(PlanError, match='not valid JSON'):
        cache.find(stored.key, 'net.onnx')


def test_the_sidecar_of_another_plan_is_refused(cache, stored, make_key, make_record):
    other = make_record(PLAN, make_key(gpu='Other'))
    files(cache, stored)[1].write_bytes(other.dump())
    with pytest.raises(PlanError, match='another key'):
        cache.find(stored.key, 'net.onnx')


@pytest.mark.parametrize('index', [0, 1])
def test_a_file_that_others_can_write_is_refused(cache, stored, index):
    files(cache, stored)[index].chmod(0o666)
    with pytest.raises(PlanError, match='writable'):
        cache.find(stored.key, 'net.onnx')


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'version': '10.3.0'}, 'the TensorRT version changed from 8.6.0 to 10.3.0'),
        ({'gpu': 'Orin'}, 'the GPU changed from NVIDIA Test to Orin'),
        ({'onnx_sha256': 'b' * 64}, 'the ONNX file changed'),
        ({'module': 'tensorrt_rtx'}, 'the TensorRT flavour changed'),
        ({'precision': 'fp32'}, 'no plan yet with this precision'),
    ],
)
def test_tells_why_there_is_none(cache, stored, make_key, change, reason):
    with pytest.raises(PlanError, match=reason):
        cache.find(make_key(**change), 'net.onnx')


def test_another_network_is_no_reason(cache, stored, make_key):
    with pytest.raises(PlanError, match=r'^no plan yet$'):
        cache.find(make_key(onnx_sha256='b' * 64), 'other.onnx')


def test_a_new_plan_never_stands_beside_an_old_sidecar(cache, stored, monkeypatch, make_record):
    def fail(path, data):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(plan_cache, 'write_whole', fail)
    with pytest.raises(OSError, match='No space'):
        cache.store(b'new', make_record(b'new'))
    with pytest.raises(PlanError, match='sidecar is missing'):
        cache.find(stored.key, 'net.onnx')


def test_store_clears_what_a_killed_writer_left(cache, stored):
    left = cache.folder() / f'{stored.key.digest}.plan.xyz.part'
    left.write_bytes(b'half')
    cache.store(PLAN, stored)
    assert not left.exists()


def test_entries_say_what_is_wrong(cache, stored, make_key, make_record):
    other = make_record(PLAN, make_key(gpu='Other'), created='2027-01-01T00:00:00+00:00')
    cache.store(PLAN, other)
    files(cache, stored)[0].write_bytes(b'part')
    newest, oldest = cache.entries()
    assert (newest.digest, newest.fault) == (other.key.digest, None)
    assert oldest.digest == stored.key.digest
    assert 'incomplete' in oldest.fault


def test_remove_takes_all_files_of_a_plan(cache, stored):
    assert cache.remove(stored.key.digest) >= len(PLAN)
    assert list(cache.folder().iterdir()) == []


def test_remove_leaves_a_plan_that_is_being_built(cache, stored):
    freed = []
    with cache.lock(stored.key):
        thread = threading.Thread(target=lambda: freed.append(cache.remove(stored.key.digest)))
        thread.start()
        thread.join()
    assert freed == [None]
    assert files(cache, stored)[0].exists()


def test_sweep_takes_old_temporary_files_only(cache):
    old, new = (cache.folder() / name for name in ('old.part', 'new.part'))
    for path in (old, new):
        path.write_bytes(b'1234')
    os.utime(old, (time.time() - 3600, time.time() - 3600))
    assert cache.sweep() == 4
    assert [p.name for p in cache.folder().iterdir()] == ['new.part']


def test_sweep_beside_a_process_that_finishes_a_file(cache, monkeypatch):
    """It has another name by the time that it is looked at."""
    part = cache.folder() / 'new.part'
    monkeypatch.setattr(Path, 'glob', lambda folder, pattern: iter([part]))
    assert cache.sweep() == 0


def test_one_holds_the_lock_and_others_wait(cache, make_key):
    inside, waited, order = threading.Event(), threading.Event(), []

    def second():
        inside.wait(10)
        with cache.lock(make_key(), lambda stage, share: waited.set()):
            order.append('second')

    thread = threading.Thread(target=second)
    thread.start()
    with cache.lock(make_key()):
        inside.set()
        assert waited.wait(10)
        order.append('first')
    thread.join()
    assert order == ['first', 'second']


def test_waiting_can_be_given_up(cache, make_key):
    def give_up(stage, share):
        raise KeyboardInterrupt

    result = []

    def second():
        try:
            with cache.lock(make_key(), give_up):
                result.append('locked')
        except KeyboardInterrupt:
            result.append('gave up')

    with cache.lock(make_key()):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert result == ['gave up']


def test_a_folder_that_cannot_be_made_costs_a_warning(tmp_path, make_key, caplog):
    (tmp_path / 'file').write_text('in the way')
    cache = PlanCache(tmp_path / 'file' / 'engines')
    with caplog.at_level(logging.WARNING, 'ros_deep_learning'), cache.lock(make_key()):
        pass
    assert 'cannot be locked' in caplog.text
