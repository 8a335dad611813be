# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Files that are whole or not there, made by one process at a time."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import filelock

from .errors import FetchError
from .progress import Progress, silent

_WAIT_S = 0.25


def sha256_of(path: Path) -> str:
    """Give a file's SHA-256 as 64 hex digits; OSError if it cannot be read."""
    digest = hashlib.sha256()
    with path.open('rb') as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def is_whole(path: Path, sha256: str, size_bytes: int | None = None) -> bool:
    """Tell whether a file is there with the size and SHA-256 it should have."""
    try:
        if size_bytes is not None and path.stat().st_size != size_bytes:
            return False
        return sha256_of(path) == sha256
    except OSError:
        return False


@contextmanager
def replacing(target: Path, part_folder: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that takes the target's place once it is whole and on disk.

    If the body raises, nothing is left and an older target stays. If the process is killed, a
    part stays in its folder: give a ``work_folder``, which is cleared on the next entry.

    Args:
        target: Where the file is to stand.
        part_folder: Where it grows; on the target's file system.
    """
    handle, name = tempfile.mkstemp(prefix=f'{target.name}.', suffix='.part', dir=part_folder)
    part = Path(name)
    try:
        with os.fdopen(handle, 'wb') as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


@contextmanager
def work_folder(lock: Path, progress: Progress = silent) -> Iterator[Path]:
    """Give an empty folder beside a lock file, to one process at a time; removed at the end.

    What a killed process left in its own folder is removed on entry, so nothing piles up.

    Args:
        lock: The lock file; its folder must exist.
        progress: Called while another process holds the lock; may raise to give up.

    Raises:
        FetchError: The place cannot be written, or its file system has no locks.
    """
    prefix = f'{lock.name}.work-'
    with _locked(lock, progress):
        for leftover in lock.parent.glob(f'{prefix}*'):
            shutil.rmtree(leftover, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=lock.parent))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(path: Path, progress: Progress) -> Iterator[None]:
    lock = filelock.FileLock(path)
    while not lock.is_locked:
        try:
            lock.acquire(timeout=_WAIT_S)
        except filelock.Timeout:
            progress(f'waiting for another process that holds {path.name}', None)
        except (OSError, NotImplementedError) as err:
            msg = f'cannot lock {path}: {err}; set $ROS_DEEP_LEARNING_CACHE to a local folder'
            raise FetchError(msg) from err
    try:
        yield
    finally:
        lock.release()


def _sync_folder(folder: Path) -> None:
    # Some file systems cannot sync a folder; the file itself is on disk by then.
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
