# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Install our `ros2 launch` and `ros2 lifecycle` into a ROS that has neither."""

from __future__ import annotations

import shutil
from pathlib import Path

from . import recipe

_METADATA = 'Metadata-Version: 2.1\nName: ros2_commands\nVersion: 0.1.0\n'


def install(packages: Path) -> None:
    """Copy the commands and declare their entry points, by which ros2cli finds them.

    Args:
        packages: The site-packages of the ROS.
    """
    source = recipe.ROS2_COMMANDS
    ignored = shutil.ignore_patterns('__pycache__', 'entry_points.txt')
    shutil.copytree(source, packages / source.name, ignore=ignored)
    record = packages / f'{source.name}-0.1.0.egg-info'
    record.mkdir()
    (record / 'PKG-INFO').write_text(_METADATA)
    shutil.copy(source / 'entry_points.txt', record)
