# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the package keeps what it downloads and builds."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import SettingsError

CACHE_VARIABLE = 'ROS_DEEP_LEARNING_CACHE'


def cache_folder(*parts: str) -> Path:
    """Make and answer a folder in the user's cache, private to the user (mode 0700).

    ``$ROS_DEEP_LEARNING_CACHE`` wins, else ``$XDG_CACHE_HOME/ros_deep_learning`` (through
    platformdirs).

    Raises:
        SettingsError: The folder cannot be made or written.
    """
    import platformdirs

    base = os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir('ros_deep_learning')
    folder = Path(base).expanduser().joinpath(*parts)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as err:
        msg = f'cannot make the cache folder {folder}: {err.strerror}; set ${CACHE_VARIABLE}'
        raise SettingsError(msg) from err
    return folder
