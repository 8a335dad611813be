# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of cache and build together, with the real TensorRT for RTX and without a GPU."""

from __future__ import annotations

import errno
import json
import logging
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from ros_deep_learning.engines.tensorrt.build import plan_source
from ros_deep_learning.engines.tensorrt.build.build_job import BuildResult
from ros_deep_learning.engines.tensorrt.build.plan_source import obtain_plan
from ros_deep_learning.engines.tensorrt.plans import plan_cache
from ros_deep_learning.errors import BackendUnavailableError, BuildCancelledError, BuildError
from ros_deep_learning.files import write_whole


@pytest.fixture
def request_(save, conv_model, ask):
    return ask(save(conv_model()))


@pytest.fixture
def built(request_, cache):
    plan = obtain_plan(request_, cache)
    assert plan.built
    return plan


def assert_rebuilt(request, cache, reason):
    plan = obtain_plan(request, cache)
    assert plan.built
    assert reason in plan.record.reason
    again = obtain_plan(request, cache)
    assert not again.built
    assert again.data == plan.data


def test_builds_once_and_then_reads(request_, cache, built):
    assert built.record.reason == 'no plan yet'
    assert built.record.key == request_.key
    assert built.record.notes == ('network converted to half',)
    assert built.path.read_bytes() == built.data
    again = obtain_plan(request_, cache)
    assert (again.built, again.data, again.path) == (False, built.data, built.path)


def test_the_key_tells_flavours_and_targets_apart(request_, ask):
    path = request_.network.path
    assert request_.key.module == 'tensorrt_rtx'
    keys = {
        ask(path).key.digest,
        ask(path, 'fp32').key.digest,
        ask(path, target='8.9').key.digest,
        ask(path, workspace_mb=64).key.digest,
        ask(path, optimization_level=1).key.digest,
    }
    assert len(keys) == 5


def test_a_torn_plan_is_built_anew(request_, cache, built):
    built.path.write_bytes(built.data[: len(built.data) // 2])
    assert_rebuilt(request_, cache, 'its plan is incomplete')


def test_a_flipped_bit_is_built_anew(request_, cache, built):
    data = np.frombuffer(built.data, np.uint8).copy()
    data[len(data) // 2] ^= 1
    built.path.write_bytes(data.tobytes())
    assert_rebuilt(request_, cache, 'its plan was altered')


def test_an_altered_sidecar_is_built_anew(request_, cache, built):
    sidecar = built.path.with_suffix('.json')
    data = json.loads(sidecar.read_text())
    data['plan_sha256'] = '0' * 64
    sidecar.write_text(json.dumps(data))
    assert_rebuilt(request_, cache, 'its plan was altered')


def test_a_sidecar_of_another_version_is_built_anew(request_, cache, built):
    sidecar = built.path.with_suffix('.json')
    data = json.loads(sidecar.read_text())
    data['key']['version'] = '0.1'
    sidecar.write_text(json.dumps(data))
    assert_rebuilt(request_, cache, 'its sidecar is for another key')


def test_a_missing_sidecar_is_built_anew(request_, cache, built):
    built.path.with_suffix('.json').unlink()
    assert_rebuilt(request_, cache, 'its sidecar is missing')


def test_a_changed_network_is_built_anew(request_, cache, built, save, conv_model, ask):
    path = save(conv_model(seed=1))
    assert path == request_.network.path
    assert_rebuilt(ask(path), cache, 'the ONNX file changed')


@pytest.mark.parametrize('changed', ['net.onnx', 'net.bin'])
def test_a_network_that_changes_during_its_build_is_not_cached(
    save, conv_model, ask, cache, monkeypatch, changed
):
    """A training that exports again meanwhile: its plan must not stand for the file before."""
    path = save(conv_model())
    model = onnx.load(path)
    onnx.save(model, path, save_as_external_data=True, location='net.bin', size_threshold=0)
    request = ask(path)

    def build(job, timings, name, progress):
        with path.with_name(changed).open('ab') as file:
            file.write(bytes(4))
        return BuildResult(b'plan', b'', ())

    monkeypatch.setattr(plan_source, 'build_in_child', build)
    with pytest.raises(BuildError, match=r'net\.onnx changed while it was built; to fix: load'):
        obtain_plan(request, cache)
    assert cache.entries() == []


def test_a_plan_for_another_gpu_or_version_is_not_taken(request_, cache, built, ask):
    assert_rebuilt(ask(request_.network.path, target='8.9'), cache, 'the GPU changed from')
    newer = replace(built.record.key, version='99.0')
    assert newer.differences(built.record.key) == [
        f'the TensorRT version changed from {request_.api.version} to 99.0'
    ]


def test_a_plan_that_tensorrt_refuses_is_built_anew(request_, cache, built):
    plan = obtain_plan(request_, cache, refused='TensorRT refuses it')
    assert plan.built
    assert plan.record.reason == 'TensorRT refuses it'


def test_the_reason_is_logged(request_, cache, built, caplog):
    built.path.write_bytes(b'')
    with caplog.at_level(logging.INFO, 'ros_deep_learning'):
        obtain_plan(request_, cache)
    assert 'building net.onnx in fp16: its plan is incomplete: expected ' in caplog.text


def test_a_full_disk_costs_a_warning(request_, cache, monkeypatch, caplog):
    def full(path, data):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(plan_cache, 'write_whole', full)
    plan = obtain_plan(request_, cache)
    assert plan.built
    assert plan.path is None
    assert plan.data.startswith(b'vtrt')
    assert 'cannot be stored and will be built at every start' in caplog.text


def test_a_cache_that_cannot_be_made_costs_a_warning(request_, tmp_path, caplog):
    (tmp_path / 'file').write_text('in the way')
    cache = plan_cache.PlanCache(tmp_path / 'file' / 'engines')
    plan = obtain_plan(request_, cache)
    assert plan.path is None
    assert plan.data.startswith(b'vtrt')
    assert 'cannot be stored' in caplog.text


def test_a_read_only_cache_costs_a_warning(request_, cache, monkeypatch, caplog):
    folder, opened = cache.folder(), os.open

    def read_only(path, flags, *rest, **more):
        if flags & os.O_CREAT and os.fspath(path).startswith(str(folder)):
            raise OSError(errno.EROFS, 'Read-only file system', path)
        return opened(path, flags, *rest, **more)

    # Removing write permission has no effect on root.
    monkeypatch.setattr(os, 'open', read_only)
    plan = obtain_plan(request_, cache)
    assert plan.path is None
    assert plan.data.startswith(b'vtrt')
    assert 'cannot be locked' in caplog.text
    assert 'Read-only file system' in caplog.text
    assert list(folder.iterdir()) == []


def test_a_folder_that_others_can_write_is_not_used(request_, cache, caplog):
    folder = cache.folder()
    folder.chmod(0o777)
    plan = obtain_plan(request_, cache)
    assert plan.path is None
    assert list(folder.iterdir()) == []
    assert 'group- or world-writable' in caplog.text


def test_a_cancelled_build_leaves_nothing(request_, cache):
    def give_up(stage, share):
        raise BuildCancelledError(stage)

    with pytest.raises(BuildCancelledError):
        obtain_plan(request_, cache, give_up)
    assert [p.suffix for p in cache.folder().iterdir()] in ([], ['.lock'])
    assert obtain_plan(request_, cache).built


def test_a_failed_build_leaves_nothing(request_, cache):
    request_.network.path.write_bytes(b'broken')
    with pytest.raises(BuildError):
        obtain_plan(request_, cache)
    assert [p.suffix for p in cache.folder().iterdir()] in ([], ['.lock'])


TWIN = """
import logging, sys
from pathlib import Path
from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.tensorrt.api import tensorrt
from ros_deep_learning.engines.tensorrt.plans.plan_cache import PlanCache
from ros_deep_learning.engines.tensorrt.build.plan_request import request_plan
from ros_deep_learning.engines.tensorrt.build.plan_source import obtain_plan
from ros_deep_learning.engines.tensorrt.target import absent_target
request = request_plan(Path(sys.argv[1]), api=tensorrt('tensorrt_rtx'),
    target=absent_target('8.6'), input_spec=None, precision='auto', options=EngineOptions())
print('ready', flush=True)
sys.stdin.readline()
plan = obtain_plan(request, PlanCache(Path(sys.argv[2])))
print(plan.built, plan.record.plan_sha256)
"""


def test_two_processes_build_once(weights, cache):
    path = weights / 'mp_selfie_256.onnx'
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)}
    twins = [
        subprocess.Popen(
            [sys.executable, '-c', TWIN, str(path), str(cache.folder())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(2)
    ]
    for twin in twins:
        assert twin.stdout.readline() == 'ready\n'
    for twin in twins:
        twin.stdin.write('go\n')
        twin.stdin.flush()
    answers = [twin.communicate(timeout=60)[0].split() for twin in twins]
    assert sorted(built for built, _ in answers) == ['False', 'True']
    assert answers[0][1] == answers[1][1]
    assert len(cache.entries()) == 1


def test_errors_name_the_network(save, conv_model, ask):
    path = save(conv_model())
    with pytest.raises(BuildError, match=r'net\.onnx: int8 needs a quantised network'):
        ask(path, 'int8')
    with pytest.raises(BuildError, match=r'net\.onnx: .* fixed batch'):
        ask(path, max_batch=2)
    assert ask(path, max_batch=2, limit=True).options.max_batch == 1


def test_an_input_that_is_not_a_tensor_is_refused(save, conv_model, ask):
    model = conv_model()
    model.graph.input.append(helper.make_tensor_sequence_value_info('s', TensorProto.FLOAT, [1]))
    with pytest.raises(BuildError, match="'s' is not a tensor"):
        ask(save(model))


def test_an_old_gpu_gets_no_int8(save, make_model, ask):
    from onnx import helper

    nodes = [
        helper.make_node('QuantizeLinear', ['x', 's', 'z'], ['q'], 'q'),
        helper.make_node('DequantizeLinear', ['q', 's', 'z'], ['y'], 'd'),
    ]
    constants = [('s', np.float32(0.1)), ('z', np.int8(0))]
    path = save(make_model(nodes, [('x', [4])], [('y', [4])], constants))
    with pytest.raises(BackendUnavailableError, match='no int8'):
        ask(path, target='5.3')


def test_timings_are_kept_for_the_next_build(request_, cache, monkeypatch):
    """Fake timings, which TensorRT returns on a GPU only, are passed to the next build."""
    seen = []

    def build(job, timings, name, progress):
        seen.append(timings)
        return BuildResult(b'plan', b'timings %d' % len(seen), ())

    monkeypatch.setattr(plan_source, 'build_in_child', build)
    for _ in range(2):
        obtain_plan(request_, cache, refused='again')
    assert seen == [b'', b'timings 1']


@pytest.mark.parametrize('there', [b'refused', b''])
def test_timings_that_tensorrt_refuses_are_replaced(request_, cache, monkeypatch, there):
    """An empty file is of a version that used no timings any more."""
    seen = []

    def build(job, timings, name, progress):
        seen.append(timings)
        fresh = timings in (b'', b'refused')
        return BuildResult(b'plan', b'timings' if fresh else timings, ())

    monkeypatch.setattr(plan_source, 'build_in_child', build)
    write_whole(cache.timing_path(request_.key), there)
    for _ in range(3):
        obtain_plan(request_, cache, refused='again')
    assert seen == [there, b'timings', b'timings']


def test_timings_without_new_ones_that_can_be_read_are_gone(request_, cache, monkeypatch):
    """TensorRT 8.6 writes some that it refuses itself."""
    seen = []

    def build(job, timings, name, progress):
        seen.append(timings)
        return BuildResult(b'plan', b'', ())

    monkeypatch.setattr(plan_source, 'build_in_child', build)
    write_whole(cache.timing_path(request_.key), b'refused')
    for _ in range(2):
        obtain_plan(request_, cache, refused='again')
    assert seen == [b'refused', b'']
    assert not cache.timing_path(request_.key).exists()
