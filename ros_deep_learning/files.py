# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write files completely or not at all, hash them, and lock them between processes."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from .errors import FetchError, LockError
from .paths import CACHE_VARIABLE
from .progress import Progress, silent

PART_SUFFIX = '.part'
"""Ends the name of a file that is still being written."""

_WAIT_S = 0.25


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits.

    Raises:
        OSError: The file cannot be read.
    """
    digest = hashlib.sha256()
    with path.open('rb') as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def read_limited(path: Path, max_bytes: int) -> bytes:
    """Read a file that must not be larger than ``max_bytes``.

    Raises:
        OSError: The file cannot be read, or is larger; ``strerror`` has the reason.
    """
    with path.open('rb') as stream:
        size = os.fstat(stream.fileno()).st_size
        if size <= max_bytes:
            # Devices and pipes have the size 0, so they are read up to the limit.
            content = stream.read((size or max_bytes) + 1)
            if len(content) <= max_bytes:
                return content
    raise OSError(errno.EFBIG, f'it is larger than {max_bytes} bytes', str(path))


def is_whole(path: Path, sha256: str, size_bytes: int | None = None) -> bool:
    """Return whether a file exists and has the expected SHA-256 and, if given, size."""
    try:
        if size_bytes is not None and path.stat().st_size != size_bytes:
            return False
        return sha256_of(path) == sha256
    except OSError:
        return False


@contextmanager
def replacing(target: Path, part_folder: Path | None = None) -> Iterator[IO[bytes]]:
    """Open a file for writing that replaces ``target`` when the block ends without an error.

    The new file is on disk before it gets the target's name; only the current user may read it
    (mode 0600). If the block raises, the part is removed and an older target stays unchanged.
    If the process is killed, the part stays: use a ``work_folder``, which removes such leftovers
    when it is entered again.

    Args:
        target: Path of the finished file.
        part_folder: Folder for the unfinished file, on the target's file system; None = the
            target's own folder.

    Raises:
        OSError: The file cannot be written; nothing is left behind.
    """
    handle, name = tempfile.mkstemp(
        prefix=f'{target.name}.', suffix=PART_SUFFIX, dir=part_folder or target.parent
    )
    part = Path(name)
    try:
        with os.fdopen(handle, 'wb') as stream:
            yield stream
        move_whole(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_whole(target: Path, data: bytes, part_folder: Path | None = None) -> None:
    """Write bytes to a file through ``replacing``: all of them, or the older file stays.

    Raises:
        OSError: The file cannot be written; nothing is left behind.
    """
    with replacing(target, part_folder) as stream:
        stream.write(data)


def move_whole(part: Path, target: Path) -> None:
    """Move a finished file over ``target``, on the same file system, once it is on disk.

    Raises:
        OSError: The file cannot be synced or moved; an older target stays unchanged.
    """
    with part.open('rb') as stream:
        os.fsync(stream.fileno())
    part.replace(target)
    _sync_folder(target.parent)


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


def _sync_folder(folder: Path) -> None:
    # Some file systems cannot sync a folder; the file itself is on disk by then.
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
