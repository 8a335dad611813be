# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Commands of a build: logs, reasons, and stopping."""

from __future__ import annotations

import io
import os
import re
import sys
import threading
import time
from pathlib import Path

import pytest
from underlay import UnderlayError
from underlay.pip import pip
from underlay.runner import Runner, reason

PYTHON = sys.executable


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path / 'logs', io.StringIO())


def test_progress_lines_have_the_time() -> None:
    out = io.StringIO()
    Runner(Path('unused'), out).say('a step')
    assert re.fullmatch(r'\[ +\d+\.\d s\] a step\n', out.getvalue())


def test_output_goes_to_the_log(runner: Runner, tmp_path: Path) -> None:
    runner.run('hello', [PYTHON, '-c', 'import os; print(os.environ["X"])'], {'X': 'there'})
    assert (tmp_path / 'logs' / 'hello.log').read_text() == 'there\n'


def test_a_failed_command_names_its_error_and_its_log(runner: Runner, tmp_path: Path) -> None:
    with pytest.raises(UnderlayError) as caught:
        runner.run('bad', [PYTHON, '-c', 'raise ValueError("no such thing")'], os.environ)
    log = tmp_path / 'logs' / 'bad.log'
    assert str(caught.value) == f'bad failed: ValueError: no such thing; log: {log}'


def test_when_one_fails_the_others_are_stopped(runner: Runner) -> None:
    started = threading.Event()

    def slow() -> None:
        started.set()
        runner.run('slow', [PYTHON, '-c', 'import time; time.sleep(60)'], os.environ)

    def bad() -> None:
        assert started.wait(10)
        time.sleep(0.1)
        runner.run('bad', [PYTHON, '-c', 'raise SystemExit("error: broken")'], os.environ)

    begin = time.monotonic()
    with pytest.raises(UnderlayError, match='bad failed: error: broken'):
        runner.together(slow, bad)
    assert time.monotonic() - begin < 20
    with pytest.raises(UnderlayError, match='not started'):
        runner.run('later', [PYTHON, '-c', ''], os.environ)


def test_jobs_side_by_side_all_end(runner: Runner) -> None:
    done: list[int] = []
    runner.together(lambda: done.append(1), lambda: done.append(2))
    assert sorted(done) == [1, 2]


def test_a_command_that_says_nothing() -> None:
    assert reason('step', '', Path('/log')) == 'step failed: no output; log: /log'


def test_known_reasons() -> None:
    full = reason('ros', 'ERROR: [Errno 28] No space left on device', Path('/log'))
    assert 'the disk is full' in full
    output = 'ERROR: Could not find a version\nERROR: No matching distribution found for x==1\n'
    assert 'No matching distribution found for x==1' in reason('ros', output, Path('/log'))


def test_pip_without_a_network_is_told_as_that(runner: Runner, tmp_path: Path) -> None:
    # Nobody listens on the discard port of this machine.
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith('PIP_')},
        'PIP_CONFIG_FILE': os.devnull,
        'PIP_INDEX_URL': 'http://127.0.0.1:9/simple',
    }
    command = [*pip(Path(sys.prefix), 'download'), '-d', tmp_path, 'numpy==2.2.6']
    with pytest.raises(UnderlayError, match='no network') as caught:
        runner.run('ros', command, environment)
    assert '\n' not in str(caught.value)
