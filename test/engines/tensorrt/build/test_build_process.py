# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of builds in a child process, with the real TensorRT for RTX and without a GPU."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ros_deep_learning.engines.tensorrt.build import build_process
from ros_deep_learning.engines.tensorrt.build.build_process import build_in_child
from ros_deep_learning.errors import BuildCancelledError, BuildError
from ros_deep_learning.progress import silent

CHILD = 'ros_deep_learning.engines.tensorrt.build.build_child'
PATIENCE_S = 20


def build_children(parent):
    """List the child processes of a process that build a plan."""
    found = []
    for folder in Path('/proc').iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / 'cmdline').read_bytes().decode(errors='replace')
                state, ppid = (folder / 'stat').read_text().rsplit(')', 1)[1].split()[:2]
            except OSError:
                continue
            if f'from {CHILD} import' in command and state != 'Z' and int(ppid) == parent:
                found.append(int(folder.name))
    return found


def wait_until(condition):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, 'it did not come to pass'
        time.sleep(0.02)


@pytest.fixture
def job(save, conv_model, ask):
    return ask(save(conv_model()), 'fp16').job


def test_builds_and_reports(job):
    told = []
    result = build_in_child(job, b'', 'net', lambda stage, share: told.append((stage, share)))
    assert result.plan.startswith(b'vtrt')
    assert result.notes == ('network converted to half',)
    assert {stage.partition(',')[0] for stage, _ in told} == {'building net'}
    assert told[-1][1] == 1.0
    assert build_children(os.getpid()) == []


def test_the_childs_error_comes_through(job, tmp_path):
    broken = replace(job, onnx_path=str(tmp_path / 'none.onnx'))
    with pytest.raises(BuildError, match=r'none\.onnx'):
        build_in_child(broken, b'', 'net', silent)


def test_an_exception_from_the_progress_cancels(job):
    def give_up(stage, share):
        raise BuildCancelledError(stage)

    with pytest.raises(BuildCancelledError, match='building net'):
        build_in_child(job, b'', 'net', give_up)
    assert build_children(os.getpid()) == []


def test_time_is_told_where_nothing_else_is(job, monkeypatch):
    monkeypatch.setattr(build_process, '_TICK_S', 0.01)
    told = []

    def watch(stage, share):
        told.append((stage, share))
        if len(told) == 5:
            raise BuildCancelledError

    with pytest.raises(BuildCancelledError):
        build_in_child(job, b'', 'net', watch)
    assert told == [('building net, 0 s', None)] * 5


def test_a_child_that_dies_is_an_error(job, monkeypatch):
    monkeypatch.setattr(build_process, '_PROGRAM', 'import sys; sys.exit("a fault inside")')
    with pytest.raises(BuildError, match='died with exit code 1: a fault inside'):
        build_in_child(job, b'', 'net', silent)


@pytest.mark.parametrize(
    ('number', 'words'),
    [(signal.SIGSEGV, 'signal 11'), (signal.SIGKILL, 'memory ran out; to fix')],
)
def test_a_child_that_is_killed_is_an_error(job, monkeypatch, number, words):
    program = f'import os; os.kill(os.getpid(), {int(number)})'
    monkeypatch.setattr(build_process, '_PROGRAM', program)
    with pytest.raises(BuildError, match=words):
        build_in_child(job, b'', 'net', silent)


def test_the_child_imports_nothing_from_the_working_folder(job, tmp_path, monkeypatch):
    (tmp_path / 'onnx.py').write_text('raise SystemExit("planted")')
    (tmp_path / 'json.py').write_text('raise SystemExit("planted")')
    monkeypatch.chdir(tmp_path)
    assert build_in_child(job, b'', 'net', silent).plan


SLOW_PARENT = """
import sys, time
from ros_deep_learning.engines.tensorrt.build import build_process
from ros_deep_learning.engines.tensorrt.build.build_job import BuildJob
build_process._PROGRAM = build_process._PROGRAM.replace('sys.exit(main(',
    'import ros_deep_learning.engines.tensorrt.build.build_child as c; '
    'c._build = lambda *a: __import__("time").sleep(60); sys.exit(main(')
print('started', flush=True)
try:
    build_process.build_in_child(BuildJob.parse(sys.argv[1]), b'', 'net', lambda *a: None)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize(
    ('number', 'code'), [(signal.SIGINT, 130), (signal.SIGTERM, -15), (signal.SIGKILL, -9)]
)
def test_no_child_outlives_its_parent(job, tmp_path, number, code):
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path), 'TMPDIR': str(tmp_path)}
    parent = subprocess.Popen(
        [sys.executable, '-c', SLOW_PARENT, job.dump()],
        stdout=subprocess.PIPE,
        env=environment,
    )
    try:
        assert parent.stdout.readline() == b'started\n'
        wait_until(lambda: build_children(parent.pid))
        (child,) = build_children(parent.pid)
        # The child must have called prctl before its parent ends.
        time.sleep(0.5)
        parent.send_signal(number)
        assert parent.wait(PATIENCE_S) == code
        wait_until(lambda: not Path(f'/proc/{child}').exists())
    finally:
        parent.kill()
        parent.stdout.close()
        parent.wait()
    assert [p for p in tmp_path.iterdir() if p.name != 'net.onnx'] == []
