# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Paths as people write them, and the cache folder for downloads and builds."""

from __future__ import annotations

import os
import reprlib
from pathlib import Path

from .errors import SettingsError
from .text import one_line

PICTURE_SUFFIXES = (*('.bmp', '.jpeg', '.jpg', '.pgm', '.png', '.ppm', '.tif', '.tiff', '.webp'),)
"""Endings of picture files, in lower case."""
VIDEO_SUFFIXES = ('.avi', '.mkv', '.mov', '.mp4')
"""Endings of video files that are written, in lower case."""

CACHE_VARIABLE = 'ROS_DEEP_LEARNING_CACHE'
_MOST_BYTES, _MOST_BYTES_OF_A_NAME = 4096, 255
"""PATH_MAX and NAME_MAX of Linux."""


def user_path(text: str | Path) -> Path:
    """Return a path that a person wrote, with ``~`` and ``~name`` replaced by the home folder.

    Raises:
        SettingsError: There is no such user, or the text cannot be a path.
    """
    try:
        data = os.fsencode(text)
        if b'\0' in data:
            cause = 'it contains a NUL character'
        elif len(data) >= _MOST_BYTES or max(map(len, data.split(b'/'))) > _MOST_BYTES_OF_A_NAME:
            cause = 'it is longer than a path can be'
        else:
            return Path(text).expanduser()
    except (RuntimeError, ValueError) as err:
        cause = one_line(err)
    msg = f'{reprlib.repr(str(text))} is not a path: {cause}; to fix: give the whole path'
    raise SettingsError(msg)


def cache_folder(*parts: str) -> Path:
    """Create a folder in the user's cache if needed, with mode 0700, and return its path.

    The cache is ``$ROS_DEEP_LEARNING_CACHE``, or ``$XDG_CACHE_HOME/ros_deep_learning`` (through
    platformdirs) if that is not set.

    Args:
        parts: Names of the nested folders inside the cache.

    Raises:
        SettingsError: The folder cannot be made.
    """
    import platformdirs

    base = os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir('ros_deep_learning')
    folder = user_path(base).joinpath(*parts)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as err:
        msg = f'cannot make the cache folder {folder}: {err.strerror}; set ${CACHE_VARIABLE}'
        raise SettingsError(msg) from err
    return folder
