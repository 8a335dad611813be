# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Finding another CPython of the machine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from underlay import other_python

HERE = f'{sys.version_info[0]}.{sys.version_info[1]}'


def program(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\n{body}\n')
    path.chmod(0o755)
    return path


def real(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(sys.executable)
    return path


def test_a_machine_without_any(tmp_path: Path) -> None:
    assert other_python.find(HERE, {}) is None
    assert other_python.find(HERE, {'PATH': str(tmp_path), 'HOME': str(tmp_path)}) is None


@pytest.mark.parametrize(
    ('variable', 'folder'),
    [
        ('PATH', ''),
        ('PYENV_ROOT', f'versions/{HERE}.7/bin'),
        ('HOME', f'.pyenv/versions/{HERE}.7/bin'),
        ('HOME', f'.local/share/uv/python/cpython-{HERE}.1-linux-x86_64-gnu/bin'),
        ('XDG_DATA_HOME', f'uv/python/cpython-{HERE}.1-linux-x86_64-gnu/bin'),
        ('UV_PYTHON_INSTALL_DIR', f'cpython-{HERE}.1-linux-x86_64-gnu/bin'),
    ],
)
def test_where_it_is_looked_for(tmp_path: Path, variable: str, folder: str) -> None:
    real(tmp_path / folder / f'python{HERE}')
    found = other_python.find(HERE, {'HOME': '/nowhere', variable: str(tmp_path)})
    assert found is not None
    assert found.short == HERE


def test_a_shim_that_fails_and_a_wrong_version_are_passed_over(tmp_path: Path) -> None:
    program(tmp_path / 'shims' / f'python{HERE}', 'echo "not installed" >&2; exit 127')
    real(tmp_path / 'pyenv' / 'versions' / f'{HERE}.1' / 'bin' / f'python{HERE}')
    environ = {'PATH': str(tmp_path / 'shims'), 'PYENV_ROOT': str(tmp_path / 'pyenv')}
    assert other_python.find(HERE, {'PATH': environ['PATH'], 'HOME': '/nowhere'}) is None
    assert other_python.find(HERE, environ) is not None
    real(tmp_path / 'python3.99')
    assert other_python.find('3.99', {'PATH': str(tmp_path), 'HOME': '/nowhere'}) is None


def test_path_comes_first_then_the_newest(tmp_path: Path) -> None:
    on_path = real(tmp_path / f'python{HERE}')
    versions = tmp_path / '.pyenv' / 'versions'
    names = [real(versions / f'{HERE}.{n}' / 'bin' / f'python{HERE}') for n in (1, 2)]
    listed = list(other_python.candidates(HERE, {'PATH': str(tmp_path), 'HOME': str(tmp_path)}))
    assert listed == [str(on_path), str(names[1]), str(names[0])]
