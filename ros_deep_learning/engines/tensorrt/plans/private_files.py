# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Folders and files that nobody but this user can have written."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ....errors import PlanError

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_private_folder(folder: Path) -> None:
    """Refuse a folder that another user can have put something into.

    A plan is executable code, so the folder must be a real one, owned by this user and writable
    by nobody else. What others may only read is closed to them (mode 0700).

    Raises:
        PlanError: It is missing, a link, foreign-owned, or group- or world-writable; or one of
            the folders above it is world-writable without the sticky bit.
    """
    try:
        facts = folder.lstat()
    except OSError as err:
        msg = f'cannot look at the engine folder {folder}: {err.strerror}'
        raise PlanError(msg) from err
    if not stat.S_ISDIR(facts.st_mode):
        msg = f'refusing the engine folder {folder}: it is a link or a file, not a folder'
        raise PlanError(msg)
    reason = _foreign(facts)
    if reason:
        msg = f'refusing the engine folder {folder}: it is {reason}; mend: chmod 700, or remove it'
        raise PlanError(msg)
    for parent in folder.resolve().parents:
        mode = parent.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            msg = (
                f'refusing the engine folder {folder}: anyone may replace it, since {parent} is '
                'world-writable without the sticky bit'
            )
            raise PlanError(msg)
    if facts.st_mode & _OTHERS:
        folder.chmod(0o700)


def read_private(path: Path) -> bytes:
    """Read a file whose owner is this user and that nobody else can write.

    The checks are made on the opened file, so that the bytes that were checked are those that
    are answered.

    Raises:
        FileNotFoundError: There is no such file.
        PlanError: It is a link, no regular file, foreign-owned, group- or world-writable, or
            cannot be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise
    except OSError as err:
        msg = f'cannot read {path}: {"it is a link" if path.is_symlink() else err.strerror}'
        raise PlanError(msg) from err
    with os.fdopen(handle, 'rb') as file:
        facts = os.fstat(handle)
        reason = _foreign(facts) if stat.S_ISREG(facts.st_mode) else 'no regular file'
        if reason:
            msg = f'refusing {path}: it is {reason}; mend: chown and chmod 600, or remove it'
            raise PlanError(msg)
        try:
            return file.read()
        except OSError as err:
            msg = f'cannot read {path}: {err.strerror}'
            raise PlanError(msg) from err


def _foreign(facts: os.stat_result) -> str | None:
    if facts.st_uid != os.geteuid():
        return f'owned by user {facts.st_uid}'
    if facts.st_mode & _WRITABLE_BY_OTHERS:
        return f'group- or world-writable (mode {stat.S_IMODE(facts.st_mode):o})'
    return None
