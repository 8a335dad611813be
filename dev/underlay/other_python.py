# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Finding a CPython of a certain version among those that the machine has."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from . import UnderlayError
from .interpreter import Interpreter, inspect


def find(short: str, environ: Mapping[str, str]) -> Interpreter | None:
    """Give a CPython of a version such as 3.12, or None where the machine has none.

    PATH is looked at first, then what pyenv and uv have installed.
    """
    for candidate in candidates(short, environ):
        try:
            found = inspect(candidate)
        except UnderlayError:
            # A shim of pyenv ends with an error where its version is not the chosen one.
            continue
        if found.short == short:
            return found
    return None


def candidates(short: str, environ: Mapping[str, str]) -> Iterator[str]:
    """List the programs that may be it."""
    on_path = shutil.which(f'python{short}', path=environ.get('PATH', ''))
    if on_path:
        yield on_path
    home = Path(environ.get('HOME', '/'))
    pyenv = Path(environ.get('PYENV_ROOT') or home / '.pyenv')
    data = Path(environ.get('XDG_DATA_HOME') or home / '.local' / 'share')
    uv = Path(environ.get('UV_PYTHON_INSTALL_DIR') or data / 'uv' / 'python')
    for folder, pattern in (
        (pyenv / 'versions', f'{short}.*'),
        (uv, f'cpython-{short}.*'),
    ):
        for version in sorted(folder.glob(pattern), reverse=True):
            yield str(version / 'bin' / f'python{short}')
