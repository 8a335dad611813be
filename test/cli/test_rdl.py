# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of rdl: its list of commands, and what it passes on to them."""

from __future__ import annotations

from importlib import import_module

import pytest

import ros_deep_learning
from ros_deep_learning.cli import models, rdl


@pytest.mark.parametrize('arguments', [['--help'], ['-h']])
def test_help_lists_every_command(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit, match='0'):
        rdl.main(arguments)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == 'usage: rdl [-h] [--version] COMMAND ...'
    for name, summary in rdl.COMMANDS.items():
        assert [line.split() for line in lines].count([name, *summary.split()]) == 1


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match='0'):
        rdl.main(['--version'])
    assert capsys.readouterr().out == f'ros_deep_learning {ros_deep_learning.__version__}\n'


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        ([], 'the following arguments are required: COMMAND'),
        (['model'], "invalid choice: 'model'"),
    ],
)
def test_no_command_or_an_unknown_one(
    capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    with pytest.raises(SystemExit, match='2'):
        rdl.main(arguments)
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize('name', rdl.COMMANDS)
def test_an_error_of_usage_is_one_line_that_says_where_the_options_are(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    with pytest.raises(SystemExit, match='2'):
        rdl.main([name, '--no-such-option'])
    (line,) = capsys.readouterr().err.splitlines()
    program = line.partition(':')[0]
    assert program.split()[-1] == name
    assert line.endswith(f'; see {program} --help')


@pytest.mark.parametrize('name', rdl.COMMANDS)
def test_a_command_gets_its_own_help(capsys: pytest.CaptureFixture[str], name: str) -> None:
    with pytest.raises(SystemExit, match='0'):
        rdl.main([name, '--help'])
    ours = '' if name in ('detectnet', 'imagenet', 'segnet') else 'rdl '
    assert capsys.readouterr().out.startswith(f'usage: {ours}{name} ')
    assert import_module(f'ros_deep_learning.cli.{name.replace("-", "_")}').main


def test_a_command_gets_its_arguments_and_gives_its_exit_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = []

    def main(argv: list[str]) -> int:
        seen.append(argv)
        return 7

    monkeypatch.setattr(models, 'main', main)
    assert rdl.main(['models', 'show', '--version']) == 7
    monkeypatch.setattr('sys.argv', ['/opt/bin/models', 'list', '--here'])
    assert rdl.main_of_old_name() == 7
    assert seen == [['show', '--version'], ['list', '--here']]
