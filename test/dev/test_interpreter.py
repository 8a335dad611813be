# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Facts about interpreters, and the refusal of unfit ones."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from underlay import UnderlayError, interpreter

GOOD = interpreter.Interpreter(
    executable='/usr/bin/python3',
    asked='/usr/bin/python3',
    implementation='CPython',
    version=(3, 11, 2),
    machine='linux-x86_64',
    include='/usr/include/python3.11',
    has_venv=True,
    packages=(),
)


def program(path: Path, body: str) -> str:
    path.write_text(f'#!/bin/sh\n{body}\n')
    path.chmod(0o755)
    return str(path)


def test_the_running_interpreter_and_the_same_one_by_its_path_tell_the_same() -> None:
    here = interpreter.inspect(None)
    assert here == interpreter.inspect(sys.executable)
    assert here.version == sys.version_info[:3]
    assert here.short == f'{sys.version_info[0]}.{sys.version_info[1]}'


def test_a_link_to_an_interpreter_is_that_interpreter(tmp_path: Path) -> None:
    link = tmp_path / 'python'
    link.symlink_to(Path(interpreter.inspect(None).executable))
    assert interpreter.inspect(str(link)).executable == interpreter.inspect(None).executable


def test_an_interpreter_that_is_not_there() -> None:
    with pytest.raises(UnderlayError, match=r'/no/python does not run.*--python PATH'):
        interpreter.inspect('/no/python')


@pytest.mark.parametrize('body', ['exit 3', 'echo hello', ':'])
def test_a_program_that_is_no_python(tmp_path: Path, body: str) -> None:
    with pytest.raises(UnderlayError, match='does not run as a Python 3'):
        interpreter.inspect(program(tmp_path / 'python', body))


@pytest.mark.parametrize('version', [(3, 10, 0), (3, 12, 1), (3, 14, 9)])
def test_supported_versions(version: tuple[int, int, int]) -> None:
    interpreter.check(replace(GOOD, version=version))


@pytest.mark.parametrize('version', [(2, 7, 18), (3, 9, 18), (3, 15, 0), (4, 0, 0)])
def test_unsupported_versions(version: tuple[int, int, int]) -> None:
    with pytest.raises(UnderlayError, match=r'but CPython 3\.10 to 3\.14 is needed.*--python'):
        interpreter.check(replace(GOOD, version=version))


def test_other_implementations_and_systems() -> None:
    with pytest.raises(UnderlayError, match='is PyPy 3'):
        interpreter.check(replace(GOOD, implementation='PyPy'))
    with pytest.raises(UnderlayError, match='Linux only'):
        interpreter.check(replace(GOOD, machine='darwin-arm64'))
