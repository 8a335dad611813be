# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests that what the library logs reaches the terminal of a console program."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from ros_deep_learning.cli import rdl
from ros_deep_learning.cli.logs import run_command, treat_sigterm_as_interrupt
from ros_deep_learning.errors import SettingsError

CODE = """
import logging
from ros_deep_learning.cli.logs import log_to_terminal
log_to_terminal({level})
for level in ('debug', 'info', 'warning'):
    getattr(logging.getLogger('ros_deep_learning.engines'), level)('ours')
    getattr(logging.getLogger('others'), level)('theirs')
"""


def said(level: str) -> list[str]:
    command = [sys.executable, '-c', CODE.format(level=level)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == ''
    return done.stderr.splitlines()


def test_records_have_their_level_and_only_ours_may_be_below_a_warning() -> None:
    assert said('') == ['WARNING: ours', 'WARNING: theirs']
    assert said('logging.INFO') == ['INFO: ours', 'WARNING: ours', 'WARNING: theirs']


def test_names_of_files_are_no_commands_of_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    command = [
        *(sys.executable, '-c'),
        'import logging; from ros_deep_learning.cli.logs import log_to_terminal\n'
        "log_to_terminal(); logging.warning('cannot read %s', 'a\\x1b[2J.jpg')",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == 'WARNING: cannot read a\\x1b[2J.jpg\n'

    def work() -> int:
        msg = 'a\x1b[2J.jpg is no picture'
        raise SettingsError(msg)

    assert run_command('rdl x', work, interrupted='') == 1
    assert capsys.readouterr().err == 'rdl x: a\\x1b[2J.jpg is no picture\n'


def test_sigterm_ends_a_program_as_ctrl_c_does() -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        treat_sigterm_as_interrupt()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def stopped(error: BaseException) -> int:
    raise error


@pytest.mark.parametrize(
    ('error', 'code', 'line'),
    [
        (SettingsError('no such thing'), 1, 'rdl x: no such thing'),
        (
            PermissionError(13, 'Permission denied', 'a'),
            1,
            "rdl x: [Errno 13] Permission denied: 'a'",
        ),
        (KeyboardInterrupt(), 130, 'rdl x: interrupted; nothing was written'),
    ],
)
def test_what_stops_a_command_is_one_line(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert (
            run_command('rdl x', lambda: stopped(error), interrupted='nothing was written') == code
        )
    finally:
        signal.signal(signal.SIGTERM, before)
    assert capsys.readouterr().err == f'{line}\n'


@pytest.mark.parametrize(
    'command',
    [
        'train . --output ~nosuchuser/x',
        'quantize efficientnet-lite0 . ~nosuchuser/x.onnx',
        'autolabel ~nosuchuser/x --model selfie',
        'collect ~nosuchuser/x',
        'evaluate selfie ~nosuchuser/x',
        'annotate-bag ~nosuchuser/x a.mcap --node segnet:selfie',
        'bag-to-dataset ~nosuchuser/x a',
        'benchmark selfie -o ~nosuchuser/x.json',
        'dataset check ~nosuchuser/x',
        'models inspect ~nosuchuser/x.onnx',
    ],
)
def test_a_path_that_is_none_is_one_line_of_every_command(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rdl.main(command.split()) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f'rdl {command.split()[0]}: ')
    assert 'nosuchuser' in line
