# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Install into an underlay what only the tests need, before their first run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from . import recipe, sourced
from .choice import Underlay
from .environment import without_ros
from .folder import cache_root, folder_lock
from .pip import install_lock
from .runner import Runner

NOTE = 'tests.complete'
"""Written last; contains the digest of the installed recipe."""


def lay(underlay: Underlay, only: Collection[str] | None = None) -> None:
    """Install what the tests need, unless that is done.

    Args:
        underlay: Where it is installed.
        only: The projects of tests.in to install on a distribution (None: all).

    Raises:
        UnderlayError: It cannot be installed; the line names the fix. The underlay stays usable
            for everything but the tests.
    """
    folder = underlay.folder
    digest = recipe.digest(recipe.layer_files(), *(only or ()))
    if followed(folder) == digest:
        return
    runner = Runner(cache_root() / 'logs' / folder.name)
    with folder_lock(
        folder, lambda: runner.say(f'another run is writing {folder}: waiting for it')
    ):
        if followed(folder) == digest:
            return
        (folder / NOTE).unlink(missing_ok=True)
        remove_half_installed(folder)
        what = ', '.join(only or ('TensorRT', 'CUDA compilers', 'checkers (330 MB)'))
        runner.say(f'what only the tests need: {what}')
        if underlay.from_pypi:
            install_on_pypi(folder, runner)
        else:
            needs = [
                need
                for need in recipe.read_needs(recipe.TEST_NEEDS.read_text())
                if only is None or recipe.distribution_name(need.requirement) in only
            ]
            sourced.install('tests', folder, needs, recipe.TEST_PINS, runner)
        unfinished = folder / f'{NOTE}.part'
        unfinished.write_text(digest)
        unfinished.replace(folder / NOTE)
        runner.say('the underlay is ready for the tests')


def followed(folder: Path) -> str | None:
    """Return the digest of the recipe that was installed, None if there is none."""
    note = folder / NOTE
    return note.read_text() if note.is_file() else None


def remove_half_installed(folder: Path) -> None:
    """Remove the records that an interrupted pip left, which pip would count as installed.

    pip writes a package's RECORD after all its files.
    """
    for record in folder.glob('lib/python*/site-packages/*.dist-info'):
        if not (record / 'RECORD').exists():
            shutil.rmtree(record)


def install_on_pypi(folder: Path, runner: Runner) -> None:
    """Install what the locks of the underlay do not contain.

    Raises:
        UnderlayError: pip failed; the line names the reason and its log.
    """
    wanted = folder / 'tests.txt'
    pins = recipe.pins_beyond(recipe.TEST_PINS, recipe.ROS_PINS, recipe.PYTHON_PINS)
    wanted.write_text('\n'.join(pins) + '\n')
    runner.run('tests', install_lock(folder, wanted), without_ros(os.environ))
