# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read only files and folders that no other user can write."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .errors import NotPrivateError

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_private_folder(
    folder: Path, what: str = 'engine folder', *, of_root: bool = False
) -> None:
    """Check that no other user can have written into a folder.

    A plan is executable code, so the folder must be owned by this user, writable by this user
    only, and not be a link. If others can read it, its mode is set to 0700.

    Args:
        folder: The folder.
        what: What errors call it.
        of_root: Whether it may also be owned by root; its mode stays then.

    Raises:
        NotPrivateError: The folder is missing, a link, owned by another user, or group- or
            world-writable, or a folder above it is world-writable without the sticky bit.
    """
    try:
        facts = folder.lstat()
    except OSError as err:
        msg = f'cannot read the {what} {folder}: {err.strerror}'
        raise NotPrivateError(msg) from err
    if not stat.S_ISDIR(facts.st_mode):
        msg = f'refusing the {what} {folder}: it is a link or a file, not a folder'
        raise NotPrivateError(msg)
    reason = _foreign(facts, of_root=of_root)
    if reason:
        msg = f'refusing the {what} {folder}: it is {reason}; to fix: chmod 700, or remove it'
        raise NotPrivateError(msg)
    for parent in folder.resolve().parents:
        mode = parent.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            msg = (
                f'refusing the {what} {folder}: any user can replace it, because {parent} '
                'is world-writable without the sticky bit'
            )
            raise NotPrivateError(msg)
    if facts.st_mode & _OTHERS and facts.st_uid == os.geteuid():
        folder.chmod(0o700)


def read_private(path: Path) -> bytes:
    """Read a file that is owned by this user and that no other user can write.

    The open file is checked, so it cannot be replaced between the check and the reading.

    Raises:
        FileNotFoundError: There is no such file.
        NotPrivateError: It is a link, not a regular file, owned by another user, group- or
            world-writable, or cannot be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise
    except OSError as err:
        msg = f'cannot read {path}: {"it is a link" if path.is_symlink() else err.strerror}'
        raise NotPrivateError(msg) from err
    with os.fdopen(handle, 'rb') as file:
        facts = os.fstat(handle)
        reason = _foreign(facts) if stat.S_ISREG(facts.st_mode) else 'not a regular file'
        if reason:
            msg = f'refusing {path}: it is {reason}; to fix: chown and chmod 600, or remove it'
            raise NotPrivateError(msg)
        try:
            return file.read()
        except OSError as err:
            msg = f'cannot read {path}: {err.strerror}'
            raise NotPrivateError(msg) from err


def is_own_file(path: Path) -> bool:
    """Return whether a path is a regular file, not a link, of this user or of root."""
    try:
        facts = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(facts.st_mode) and _is_owner(facts, of_root=True)


def _is_owner(facts: os.stat_result, *, of_root: bool) -> bool:
    return facts.st_uid == os.geteuid() or (of_root and facts.st_uid == 0)


def _foreign(facts: os.stat_result, *, of_root: bool = False) -> str | None:
    if not _is_owner(facts, of_root=of_root):
        return f'owned by user {facts.st_uid}'
    if facts.st_mode & _WRITABLE_BY_OTHERS:
        return f'group- or world-writable (mode {stat.S_IMODE(facts.st_mode):o})'
    return None
