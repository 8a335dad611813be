# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A folder in the cache that one process makes once, completely or not at all."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import UnderlayError
from .environment import Environment
from .interpreter import environment_python

MARKER = 'complete.json'
SCRIPT = 'env.sh'


def cache_root() -> Path:
    """Return the folder of all underlays: ``$XDG_CACHE_HOME/ros_deep_learning/underlay``."""
    base = os.environ.get('XDG_CACHE_HOME') or ''
    # The XDG specification says to ignore a relative path.
    root = Path(base) if base.startswith('/') else Path.home() / '.cache'
    return root / 'ros_deep_learning' / 'underlay'


def read_complete(folder: Path) -> Environment | None:
    """Return the environment of a complete folder, else None.

    The marker is the last file written. The interpreter is checked too: its link dangles when
    the Python it was made from is gone.
    """
    try:
        environment = Environment.from_json(json.loads((folder / MARKER).read_text()))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return environment if environment_python(folder).exists() else None


def made_once(
    folder: Path, make: Callable[[], Environment], waiting: Callable[[], None]
) -> Environment:
    """Return the environment of a folder; make the folder first if it is missing or incomplete.

    Virtual environments cannot be moved, so the folder is made in its place under a file lock
    and is complete only with its marker. What a failed or interrupted run leaves is removed.

    Raises:
        UnderlayError: The cache cannot be written, or `make` raised it.
    """
    found = read_complete(folder)
    if found is not None:
        return found
    with folder_lock(folder, waiting):
        return read_complete(folder) or _make(folder, make)


def _make(folder: Path, make: Callable[[], Environment]) -> Environment:
    remove(folder)
    try:
        environment = make()
        title = f'{folder.name}: made by dev/ros_underlay.py'
        (folder / SCRIPT).write_text(environment.script(title))
        unfinished = folder / f'{MARKER}.part'
        unfinished.write_text(json.dumps(environment.to_json(), indent=1))
        unfinished.replace(folder / MARKER)
    except BaseException:
        remove(folder)
        raise
    return environment


def remove(folder: Path) -> None:
    """Remove a folder that a dying process may still be writing to.

    Raises:
        UnderlayError: It cannot be removed.
    """
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.25)
    msg = f'cannot remove {folder}: end the processes that use it, then run again'
    raise UnderlayError(msg)


@contextmanager
def folder_lock(folder: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Lock a folder in the cache, which may be missing.

    Raises:
        UnderlayError: The cache could not be written while it was locked.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with file_lock(folder.with_name(folder.name + '.lock'), waiting):
            yield
    except OSError as err:
        msg = f'cannot write {err.filename or folder}: {err.strerror}; set XDG_CACHE_HOME'
        raise UnderlayError(msg) from err


@contextmanager
def file_lock(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Lock a file; the lock ends with the process, however that ends.

    `waiting` is called before a wait.
    """
    with path.open('w') as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
