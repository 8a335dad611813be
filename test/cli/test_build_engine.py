# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of rdl build-engine, with the real TensorRT for RTX and no GPU."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ros_deep_learning.cli import build_engine
from ros_deep_learning.engines.tensorrt import api
from ros_deep_learning.engines.tensorrt.plans.plan_cache import PlanCache


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv('ROS_DEEP_LEARNING_CACHE', str(tmp_path / 'cache'))
    # On a machine with both, the tests are of the one that builds without a GPU.
    monkeypatch.setattr(api, 'MODULES', ('tensorrt_rtx',))
    api.tensorrt.cache_clear()
    yield
    api.tensorrt.cache_clear()


def test_builds_a_network_by_name_and_finds_it_again(capsys):
    assert build_engine.main(['selfie', '--target', '8.6']) == 0
    first = capsys.readouterr()
    assert 'mp_selfie_256.onnx: fp16, built in' in first.out
    assert 'because: no plan yet' in first.out
    assert 'note: network converted to half' in first.out
    assert 'building mp_selfie_256.onnx' in first.err
    assert 'next: segnet --network=selfie PICTURE, or ros2 launch' in first.out
    path = Path(first.out.splitlines()[-1])
    assert path.read_bytes().startswith(b'vtrt')
    assert build_engine.main(['selfie', '--target', '8.6']) == 0
    assert 'already there' in capsys.readouterr().out
    assert build_engine.main(['selfie', '--target', '8.6', '--rebuild']) == 0
    assert 'because: rebuild requested' in capsys.readouterr().out


def test_takes_an_onnx_file(capsys):
    weights = Path(__file__).parents[2] / 'models' / 'weights' / 'mp_selfie_256.onnx'
    arguments = [str(weights), '--target', 'sm89', '--precision', 'fp32']
    assert build_engine.main(arguments) == 0
    (entry,) = PlanCache().entries()
    assert entry.record.key.compute_capability == '8.9'
    assert entry.record.key.precision == 'fp32'


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['no-such-network', '--target', '8.6'], "no model 'no-such-network'"),
        (['selfie', '--target', '9.0'], 'only for 7.5'),
        (['selfie', '--target', 'big'], "compute capability such as 8.6 or sm86, got 'big'"),
        (['selfie', '--target', '8.6', '--precision', 'int8'], 'rdl quantize'),
        (['selfie', '--target', '8.6', '--max-batch', '2'], 'fixed batch'),
        (['selfie', '--target', '8.6', '--optimization-level', '9'], 'expected 0 to 5'),
        (['none.onnx', '--target', '8.6'], 'none.onnx'),
    ],
)
def test_failures_are_one_line_with_the_mend(capsys, arguments, words):
    assert build_engine.main(arguments) == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith('rdl build-engine: ')
    assert words in error


def test_an_unknown_option_is_refused():
    with pytest.raises(SystemExit) as caught:
        build_engine.main(['selfie', '--precision', 'fp64'])
    assert caught.value.code == 2


SLOW = """
import sys
from ros_deep_learning.engines.tensorrt.build import build_process
build_process._PROGRAM = build_process._PROGRAM.replace('sys.exit(main(',
    'import ros_deep_learning.engines.tensorrt.build.build_child as c; '
    'c._build = lambda *a: __import__("time").sleep(60); sys.exit(main(')
from ros_deep_learning.cli.build_engine import main
sys.exit(main(['selfie', '--target', '8.6']))
"""


def test_an_interrupt_leaves_nothing(tmp_path):
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)}
    program = subprocess.Popen(
        [sys.executable, '-c', SLOW], stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        while 'building' not in program.stderr.readline():
            assert program.poll() is None
        time.sleep(0.3)
        program.send_signal(signal.SIGINT)
        assert program.wait(10) == 130
        assert 'interrupted; nothing was kept' in program.stderr.read()
    finally:
        program.kill()
        program.stderr.close()
        program.wait()
    left = [p.suffix for p in (tmp_path / 'cache' / 'engines').iterdir()]
    assert left in ([], ['.lock'])
