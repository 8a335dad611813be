# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Find a CPython of a certain version on the machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from . import UnderlayError
from .interpreter import Interpreter, inspect


def find(short: str, environ: Mapping[str, str]) -> Interpreter | None:
    """Return a CPython of a version such as 3.12, None if the machine has none.

    PATH is searched first, then what pyenv and uv have installed.
    """
    for candidate in candidates(short, environ):
        try:
            found = inspect(candidate)
        except UnderlayError:
            # A shim of pyenv fails if its version is not the selected one.
            continue
        if found.short == short:
            return found
    return None


def candidates(short: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the programs that may have that version."""
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
