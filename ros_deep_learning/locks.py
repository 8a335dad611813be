# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Lock files between processes of this machine."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .errors import FetchError, LockError
from .paths import CACHE_VARIABLE
from .progress import Progress, silent

_WAIT_S = 0.25


@contextmanager
def locked(path: Path, progress: Progress = silent, *, holder: str = '') -> Iterator[None]:
    """Acquire a lock file, shared by all processes of this machine, and release it at the end.

    Args:
        path: The lock file; its folder must exist.
        progress: Called four times a second while another process holds the lock; an exception
            from it ends the wait.
        holder: What the progress text names as holding the lock; empty = a process that holds
            the file.

    Raises:
        LockError: The file cannot be made, or its file system has no locks.
    """
    import filelock

    stage = f'waiting for another process that {holder or f"holds {path.name}"}'
    lock = filelock.FileLock(path, mode=0o600)
    while not lock.is_locked:
        try:
            lock.acquire(timeout=_WAIT_S)
        except filelock.Timeout:
            progress(stage, None)
        except (OSError, NotImplementedError) as err:
            msg = f'cannot lock {path}: {err}; set ${CACHE_VARIABLE} to a local folder'
            raise LockError(msg) from err
    try:
        yield
    finally:
        lock.release()


@contextmanager
def work_folder(lock: Path, progress: Progress = silent) -> Iterator[Path]:
    """Create an empty folder beside a lock file, hold the lock, and remove the folder at the end.

    What a killed process left in its own work folder is removed on entry.

    Args:
        lock: The lock file; its folder must exist.
        progress: Called while another process holds the lock; an exception from it ends the wait.

    Raises:
        FetchError: The lock file cannot be made, or its file system has no locks.
    """
    prefix = f'{lock.name}.work-'
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(lock, progress))
        except LockError as err:
            raise FetchError(str(err)) from err
        for leftover in lock.parent.glob(f'{prefix}*'):
            shutil.rmtree(leftover, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=lock.parent))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
