# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of two commands side by side: both run, output in order, statuses, an interrupt."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from pathlib import Path

import beside
import pytest


def command(code: str) -> list[str]:
    return [sys.executable, '-c', code]


def start(other: str, here: str) -> subprocess.Popen[str]:
    program = [sys.executable, beside.__file__, shlex.join(command(other)), *command(here)]
    return subprocess.Popen(program, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(('other', 'here', 'status'), [(0, 0, 0), (3, 0, 3), (0, 4, 4), (3, 4, 4)])
def test_both_run_and_a_failure_of_either_counts(
    tmp_path: Path, other: int, here: int, status: int
) -> None:
    # Each waits for the other one, so they do run side by side.
    wait = (
        'import pathlib, sys, time\n'
        f'home = pathlib.Path({str(tmp_path)!r})\n'
        '(home / {0!r}).touch()\n'
        'while not (home / {1!r}).exists(): time.sleep(0.01)\n'
        'print({0!r}, "ended")\n'
        'sys.exit({2})\n'
    )
    process = start(wait.format('other', 'here', other), wait.format('here', 'other', here))
    output, _ = process.communicate(timeout=60)
    assert process.returncode == status
    assert output.index('here ended') < output.index('other ended')
    assert f'status {here} after ' in output
    assert f'status {other} after ' in output


@pytest.mark.parametrize(('number', 'status'), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_other_command_and_prints_its_output(
    tmp_path: Path, number: int, status: int
) -> None:
    note = tmp_path / 'note'
    endless = 'import time\nprint("begun", flush=True)\n{0}time.sleep(600)'
    other = endless.format(f'import pathlib\npathlib.Path({str(note)!r}).touch()\n')
    # Reports when the other one has begun; is ended by the signal as the whole group would be.
    here = (
        'import pathlib, time\n'
        f'while not pathlib.Path({str(note)!r}).exists(): time.sleep(0.01)\n'
        'print("both begun", flush=True)\ntime.sleep(600)'
    )
    process = start(other, here)
    assert process.stdout is not None
    while 'both begun' not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(number)
    assert process.communicate(timeout=60)[0].splitlines() == ['begun']
    assert process.returncode == status
