# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write files completely or not at all, and hash them."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

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
def replacing(
    target: Path, part_folder: Path | None = None, *, private: bool = True
) -> Iterator[IO[bytes]]:
    """Open a file for writing that replaces ``target`` when the block ends without an error.

    The new file is on disk before it gets the target's name. If the block raises, the part is
    removed and an older target stays unchanged. The part of a killed process is removed by the
    next one that replaces the same target.

    Args:
        target: Path of the finished file.
        part_folder: Folder for the unfinished file, on the target's file system; None = the
            target's own folder.
        private: Whether only the current user may read it (mode 0600); else it has the mode of
            usual files.

    Raises:
        OSError: The file cannot be written; nothing is left behind.
    """
    folder, prefix = part_folder or target.parent, f'{target.name}.'

    def make() -> Path:
        handle, name = tempfile.mkstemp(prefix=prefix, suffix=PART_SUFFIX, dir=folder)
        os.close(handle)
        return Path(name)

    with _held(make, folder, prefix, PART_SUFFIX) as part:
        try:
            with part.open('wb') as stream:
                if not private:
                    os.fchmod(stream.fileno(), usual_mode())
                yield stream
            move_whole(part, target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def check_writable(folder: Path) -> None:
    """Check that files can be created in a folder, which need not be there yet.

    It is for work that takes long, and that would find this out at its end.

    Raises:
        OSError: They cannot.
    """
    while not folder.exists():
        folder = folder.parent
    with tempfile.TemporaryFile(dir=folder):
        pass


@contextmanager
def scratch_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """Create a folder for unfinished files, and remove it at the end.

    Folders with the same prefix that killed processes left are removed on entry.

    Raises:
        OSError: The folder cannot be created.
    """

    def make() -> Path:
        return Path(tempfile.mkdtemp(prefix=prefix, dir=parent))

    with _held(make, parent, prefix) as folder:
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def write_whole(target: Path, data: bytes, part_folder: Path | None = None) -> None:
    """Write bytes to a file through ``replacing``: all of them, or the older file stays.

    Raises:
        OSError: The file cannot be written; nothing is left behind.
    """
    with replacing(target, part_folder) as stream:
        stream.write(data)


def write_output(target: Path, data: bytes, part_folder: Path | None = None) -> None:
    """Write a file that the user asked for: as ``write_whole``, with the mode of usual files.

    Raises:
        OSError: The file cannot be written; nothing is left behind.
    """
    with replacing(target, part_folder, private=False) as stream:
        stream.write(data)


def usual_mode() -> int:
    """Return the mode of a file that the user creates, such as 0644."""
    # The mask can only be read by setting it.
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


def copy_whole(source: Path, target: Path, part_folder: Path | None = None) -> None:
    """Copy a file through ``replacing``: completely, or the older file stays.

    Raises:
        OSError: A file cannot be read or written; nothing is left behind.
    """
    with source.open('rb') as original, replacing(target, part_folder) as stream:
        shutil.copyfileobj(original, stream, 1 << 20)


def move_whole(part: Path, target: Path) -> None:
    """Move a finished file over ``target``, on the same file system, once it is on disk.

    Raises:
        OSError: The file cannot be synced or moved; an older target stays unchanged.
    """
    _sync(part)
    part.replace(target)
    _sync_folder(target.parent)


def move_whole_folder(part: Path, target: Path) -> None:
    """Move a finished folder to ``target``, on the same file system, once its files are on disk.

    Raises:
        OSError: A file cannot be synced, or ``target`` is there and not an empty folder.
    """
    for path in part.rglob('*'):
        if path.is_file():
            _sync(path)
    part.rename(target)
    _sync_folder(target.parent)


@contextmanager
def _held(make: Callable[[], Path], folder: Path, prefix: str, suffix: str = '') -> Iterator[Path]:
    """Make a file or folder that is locked while it is used, and remove unlocked ones like it."""
    for leftover in folder.iterdir():
        if leftover.name.startswith(prefix) and leftover.name.endswith(suffix):
            _remove_abandoned(leftover)
    while True:
        path = make()
        # Another process may remove it before it is open, or before it is locked.
        try:
            handle = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            # Without locks on this file system, leftovers stay.
            with suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX)
            if path.exists():
                yield path
                return
        finally:
            os.close(handle)


def _remove_abandoned(path: Path) -> None:
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
        finally:
            os.close(handle)


def _sync(path: Path) -> None:
    with path.open('rb') as stream:
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    # Some file systems cannot sync a folder; the file itself is on disk by then.
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
