# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of rdl engines; the cache never looks inside a plan, so any bytes will do."""

from __future__ import annotations

import hashlib
import os
import time

import pytest

from ros_deep_learning.cli import engines
from ros_deep_learning.engines.tensorrt.plans.plan_cache import PlanCache
from ros_deep_learning.engines.tensorrt.plans.plan_key import PlanKey
from ros_deep_learning.engines.tensorrt.plans.plan_record import PlanRecord
from ros_deep_learning.engines.tensorrt.profile import InputRange

PLAN = b'a plan' * 200_000


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv('ROS_DEEP_LEARNING_CACHE', str(tmp_path))
    monkeypatch.setattr(engines, '_installed', lambda: ('tensorrt', '8.6.0'))
    return PlanCache()


@pytest.fixture
def put(cache):
    def store(network='net.onnx', created='2026-01-02T03:04:05+00:00', **key):
        values = {
            'onnx_sha256': 'a' * 64,
            'module': 'tensorrt',
            'version': '8.6.0',
            'platform': 'linux-x86_64',
            'gpu': 'NVIDIA Test',
            'compute_capability': '8.7',
            'precision': 'fp16',
            'inputs': (InputRange('x', (1, 3), (2, 3), (4, 3)),),
        }
        record = PlanRecord(
            key=PlanKey(**{**values, **key}),
            network=network,
            plan_sha256=hashlib.sha256(PLAN).hexdigest(),
            plan_bytes=len(PLAN),
            created=created,
            build_seconds=37.5,
            reason='the GPU changed from A to B',
            notes=('network converted to half',),
        )
        return cache.store(PLAN, record)

    return store


@pytest.mark.parametrize(
    ('command', 'said'),
    [('list', '0 engines'), ('verify', '0 whole, 0 not'), ('prune', '0.0 MiB freed')],
)
def test_an_empty_cache(capsys, command, said):
    assert engines.main([command]) == 0
    assert said in capsys.readouterr().out


def test_list_says_what_is_cached_and_why(put, capsys):
    path = put()
    assert engines.main(['list']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f'1 engines in {path.parent}'
    assert lines[1] == (
        f'{path.stem[:12]} net.onnx  fp16  tensorrt 8.6.0  NVIDIA Test  1.1 MiB  '
        'built 2026-01-02 03:04:05 UTC in 37.5 s  whole'
    )
    assert [line.strip() for line in lines[2:]] == [
        'inputs: x [1, 3]..[4, 3]',
        'why: the GPU changed from A to B',
        'note: network converted to half',
    ]


def test_list_shows_faults_and_still_succeeds(put, capsys):
    put().write_bytes(b'torn')
    assert engines.main(['list']) == 0
    assert 'FAULT: its plan is incomplete' in capsys.readouterr().out


def test_verify_fails_where_a_plan_was_altered(put, capsys):
    put()
    assert engines.main(['verify']) == 0
    path = put('other.onnx', onnx_sha256='b' * 64)
    path.write_bytes(PLAN[:-1] + b'!')
    assert engines.main(['verify']) == 1
    out = capsys.readouterr().out
    assert 'FAULT: its plan was altered' in out
    assert '1 whole, 1 not; to fix: rdl engines prune' in out


def test_prune_takes_what_is_of_no_use(put, cache, capsys):
    good = put()
    torn = put('torn.onnx', onnx_sha256='b' * 64)
    torn.write_bytes(b'torn')
    put('old.onnx', onnx_sha256='c' * 64, version='8.5.3')
    left = cache.folder() / 'x.part'
    left.write_bytes(b'half')
    os.utime(left, (time.time() - 3600,) * 2)
    assert engines.main(['prune', '--dry-run']) == 0
    assert len(cache.entries()) == 3
    assert left.exists()
    assert engines.main(['prune']) == 0
    out = capsys.readouterr().out
    assert 'torn.onnx: its plan is incomplete' in out
    assert 'old.onnx: it is for tensorrt 8.5.3, installed is tensorrt 8.6.0' in out
    assert [e.digest for e in cache.entries()] == [good.stem]
    assert not left.exists()


def test_prune_keeps_all_versions_where_none_is_installed(put, cache, monkeypatch):
    monkeypatch.setattr(engines, '_installed', lambda: None)
    put(version='8.5.3')
    assert engines.main(['prune']) == 0
    assert len(cache.entries()) == 1


def test_prune_by_age_and_all(put, cache):
    put(created='2020-01-01T00:00:00+00:00')
    put('new.onnx', onnx_sha256='b' * 64, created='2999-01-01T00:00:00+00:00')
    assert engines.main(['prune', '--older-than', '30']) == 0
    assert [e.record.network for e in cache.entries()] == ['new.onnx']
    timings = cache.folder() / 'timing-0123.cache'
    timings.write_bytes(b'timings')
    assert engines.main(['prune']) == 0
    assert timings.exists()
    assert engines.main(['prune', '--all']) == 0
    assert cache.entries() == []
    assert list(cache.folder().iterdir()) == []


@pytest.mark.parametrize('days', ['-1', 'nan', '1e12', 'old'])
def test_prune_by_an_age_that_is_none(put, cache, capsys, days):
    put('a')
    with pytest.raises(SystemExit, match='2'):
        engines.main(['prune', '--older-than', days])
    assert f'expected days from 0 to 100,000, got {days!r}' in capsys.readouterr().err
    assert len(cache.entries()) == 1


def test_a_cache_that_others_can_write_is_refused(cache, capsys):
    cache.folder().chmod(0o777)
    assert engines.main(['list']) == 1
    assert capsys.readouterr().err.startswith('rdl engines: refusing the engine folder')
