# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Builds on a real GPU: killed, interrupted, or requested by two processes at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.tensorrt.backend import TensorRtBackend, this_machine
from ros_deep_learning.engines.tensorrt.build.plan_request import request_plan
from ros_deep_learning.engines.tensorrt.build.plan_source import obtain_plan
from ros_deep_learning.errors import BuildCancelledError, BuildError

pytestmark = pytest.mark.gpu
PATIENCE_S = 300
STEP_S = 0.05

BUILD = """
import sys
from pathlib import Path
from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.tensorrt.backend import this_machine
from ros_deep_learning.engines.tensorrt.plans.plan_cache import PlanCache
from ros_deep_learning.engines.tensorrt.build.plan_request import request_plan
from ros_deep_learning.engines.tensorrt.build.plan_source import obtain_plan
api, target = this_machine(0)
level = int(sys.argv[3]) if sys.argv[3] else None
request = request_plan(Path(sys.argv[1]), api=api, target=target, input_spec=None,
    precision='fp16', options=EngineOptions(optimization_level=level))
print('ready', flush=True)
sys.stdin.readline()
try:
    plan = obtain_plan(request, PlanCache(Path(sys.argv[2])))
except KeyboardInterrupt:
    sys.exit(130)
print(plan.built, plan.record.plan_sha256)
"""


@pytest.fixture
def ask_here(gpu):
    api, target = this_machine(0)

    def request(path, precision='fp16', **options):
        return request_plan(
            path,
            api=api,
            target=target,
            input_spec=None,
            precision=precision,
            options=EngineOptions(**options),
        )

    return request


@pytest.fixture
def start(gpu, cache):
    """Start processes that build, and kill those that still run at the end."""
    processes = []

    def run(path, level=''):
        process = subprocess.Popen(
            [sys.executable, '-c', BUILD, str(path), str(cache.folder()), str(level)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)},
        )
        processes.append(process)
        assert process.stdout.readline() == 'ready\n'
        return process

    yield run
    for process in processes:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def go(process):
    process.stdin.write('go\n')
    process.stdin.flush()


def child_of(process):
    """Wait for the builder, and return its process id."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        for folder in Path('/proc').iterdir():
            if folder.name.isdigit():
                try:
                    fields = (folder / 'stat').read_text().rsplit(')', 1)[1].split()
                except OSError:
                    continue
                if int(fields[1]) == process.pid:
                    return int(folder.name)
        time.sleep(STEP_S)
    raise AssertionError


def wait_gone(pid):
    end = time.monotonic() + PATIENCE_S
    while Path(f'/proc/{pid}').exists():
        assert time.monotonic() < end
        time.sleep(STEP_S)


def test_builds_and_keeps_the_timings_that_can_be_read(
    ask_here, save, conv_model, weights, cache, caplog
):
    told = []
    request = ask_here(save(conv_model()))
    plan = obtain_plan(request, cache, lambda stage, share: told.append((stage, share)))
    assert plan.built
    assert told
    shares = [share for _, share in told if share is not None]
    if request.api.has_progress_monitor:
        assert shares[-1] == 1.0
    else:
        assert shares == []
        assert told[0][0] == 'building net.onnx, 0 s'
    timings = cache.timing_path(request.key)
    print(f'timings after {request.network.path.name}: {timings.exists()}')
    assert obtain_plan(request, cache, refused='again').built
    selfie = ask_here(weights / 'mp_selfie_256.onnx', optimization_level=1)
    for _ in range(2):
        plan = obtain_plan(selfie, cache, refused='again')
        size = timings.stat().st_size if timings.exists() else None
        print(f'selfie took {plan.record.build_seconds} s; bytes of timings: {size}')
    assert size != 0
    assert 'does not read the timings' not in caplog.text


@pytest.mark.parametrize(('number', 'code'), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_a_build_that_is_killed_leaves_nothing(start, weights, cache, number, code):
    process = start(weights / 'efficientnet_lite0_w16.onnx')
    go(process)
    child = child_of(process)
    time.sleep(6)
    assert process.poll() is None, 'the build was over too soon to be killed'
    process.send_signal(number)
    assert process.wait(20) == code
    wait_gone(child)
    assert [p.suffix for p in cache.folder().iterdir()] == ['.lock']
    assert cache.entries() == []


def test_the_lock_of_a_killed_build_is_free(start, ask_here, weights, cache):
    path = weights / 'mp_selfie_256.onnx'
    process = start(path, 1)
    go(process)
    child = child_of(process)
    process.kill()
    wait_gone(child)
    assert obtain_plan(ask_here(path, optimization_level=1), cache).built


def test_two_processes_build_once(start, weights, cache):
    twins = [start(weights / 'mp_selfie_256.onnx', 1) for _ in range(2)]
    for twin in twins:
        go(twin)
    answers = [twin.communicate(timeout=PATIENCE_S)[0].split() for twin in twins]
    assert sorted(built for built, _ in answers) == ['False', 'True']
    assert answers[0][1] == answers[1][1]
    assert len(cache.entries()) == 1


def test_a_build_can_be_cancelled_at_any_moment(ask_here, weights, cache):
    def give_up(stage, share):
        if time.monotonic() - begin > 4:
            raise BuildCancelledError(stage)

    begin = time.monotonic()
    with pytest.raises(BuildCancelledError):
        obtain_plan(ask_here(weights / 'efficientnet_lite0_w16.onnx'), cache, give_up)
    assert time.monotonic() - begin < 10
    assert cache.entries() == []


def test_parser_errors_name_node_and_operator(ask_here, tmp_path, cache):
    import onnx
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [
            helper.make_node('Relu', ['x'], ['a'], 'relu'),
            helper.make_node('Enchant', ['a'], ['y'], 'the_node', domain='my.own'),
        ],
        'test',
        [helper.make_tensor_value_info('x', TensorProto.FLOAT, [1, 3])],
        [helper.make_tensor_value_info('y', TensorProto.FLOAT, [1, 3])],
    )
    opsets = [helper.make_opsetid('', 13), helper.make_opsetid('my.own', 1)]
    path = tmp_path / 'net.onnx'
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), str(path))
    with pytest.raises(BuildError, match=r"node 'the_node' \(Enchant\)"):
        obtain_plan(ask_here(path, 'fp32'), cache)


def test_a_dla_that_is_not_there_is_refused(gpu, ask_here, save, conv_model, cache):
    request = ask_here(save(conv_model()), dla_core=7)
    with pytest.raises(BuildError, match='no DLA core 7'):
        obtain_plan(request, cache)


def test_auto_is_available(gpu):
    assert TensorRtBackend().unavailable_reason() is None
