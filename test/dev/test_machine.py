# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What is missing on a machine, and the line that says how to get it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from underlay import UnderlayError, machine
from underlay.interpreter import Interpreter
from underlay.machine import Missing

GPP = Missing('a C++ compiler', 'g++')


def program(path: Path, body: str = ':') -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\n{body}\n')
    path.chmod(0o755)
    return path


def python(include: Path, *, has_venv: bool) -> Interpreter:
    name = '/usr/bin/python3'
    version = (3, 12, 3)
    return Interpreter(name, name, 'CPython', version, 'linux-x86_64', str(include), has_venv, ())


def test_no_compiler_at_all(tmp_path: Path) -> None:
    missing = machine.missing_compilers({'PATH': str(tmp_path)})
    assert missing == [Missing('a C compiler', 'gcc'), GPP]


def test_only_the_cpp_compiler_is_missing(tmp_path: Path) -> None:
    program(tmp_path / 'gcc')
    assert machine.missing_compilers({'PATH': str(tmp_path)}) == [GPP]
    program(tmp_path / 'clang++')
    assert machine.missing_compilers({'PATH': str(tmp_path)}) == []


def test_a_named_compiler_counts_and_must_be_there(tmp_path: Path) -> None:
    for name in ('gcc', 'g++', 'mycc'):
        program(tmp_path / name)
    named = {'PATH': str(tmp_path), 'CC': 'mycc -m64', 'CXX': 'nowhere++'}
    assert machine.missing_compilers(named) == [Missing('a C++ compiler (CXX=nowhere++)', 'g++')]


def test_parts_of_python_that_debian_splits_off(tmp_path: Path) -> None:
    bare = python(tmp_path, has_venv=False)
    names = [item.package for item in machine.missing_python_parts(bare, headers=True)]
    assert names == ['python3.12-venv', 'python3.12-dev']
    assert [i.package for i in machine.missing_python_parts(bare, headers=False)] == names[:1]
    (tmp_path / 'Python.h').touch()
    assert machine.missing_python_parts(python(tmp_path, has_venv=True), headers=True) == []


def test_nothing_missing_says_nothing() -> None:
    said: list[str] = []
    machine.require([], install=True, say=said.append)
    assert said == []


def test_the_error_is_one_line_with_the_command() -> None:
    with pytest.raises(UnderlayError) as caught:
        machine.require([GPP, Missing('CMake', 'cmake')], install=False, say=print)
    line = str(caught.value)
    assert line == 'a C++ compiler and CMake missing: sudo apt-get install cmake g++'


def test_a_user_who_is_not_root_is_told_and_nothing_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / 'apt-get', f'touch {tmp_path}/ran')
    monkeypatch.setenv('PATH', str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(os, 'geteuid', lambda: 1000)
    with pytest.raises(UnderlayError, match=r'sudo apt-get install g\+\+'):
        machine.require([GPP], install=True, say=print)
    assert not (tmp_path / 'ran').exists()


def test_root_installs_only_what_is_missing_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / 'apt-get', f'echo "$*" >> {tmp_path}/ran')
    monkeypatch.setenv('PATH', str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(os, 'geteuid', lambda: 0)
    said: list[str] = []
    machine.require([GPP], install=True, say=said.append)
    assert said == ['a C++ compiler missing: apt-get install g++']
    assert (tmp_path / 'ran').read_text().splitlines() == [
        '-y update -qq',
        '-y install -qq --no-install-recommends g++',
    ]


def test_apt_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / 'apt-get', 'exit 100')
    monkeypatch.setenv('PATH', str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(os, 'geteuid', lambda: 0)
    with pytest.raises(UnderlayError, match=r'apt-get could not install g\+\+'):
        machine.require([GPP], install=True, say=lambda _: None)
