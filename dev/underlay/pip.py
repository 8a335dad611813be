# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The pip commands of a build; pip's own settings select the index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .interpreter import environment_python
from .recipe import SOURCE_PACKAGES
from .runner import Command


def pip(folder: Path, verb: str) -> list[str | Path]:
    """Return the common beginning of the commands, for the pip of a virtual environment."""
    command: list[str | Path] = [environment_python(folder), '-m', 'pip', verb]
    command += ['--disable-pip-version-check', '--no-input', '--retries=2', '--progress-bar=off']
    if verb == 'install':
        # Saves half of the installation time; Python compiles what it imports.
        command.append('--no-compile')
    return command


def install_lock(folder: Path, lock: Path) -> Command:
    """Return the command that installs a complete lock without resolving or compiling C."""
    wheels = ['--no-deps', '--only-binary=:all:', f'--no-binary={",".join(SOURCE_PACKAGES)}']
    # So that source packages are built with the pinned setuptools, not the newest.
    return [*pip(folder, 'install'), *wheels, '--no-build-isolation', '-r', lock]


def download_tagged(folder: Path, lock: Path, tags: Sequence[str], target: Path) -> Command:
    """Return the command that downloads wheels for another Python than this one."""
    wheels = ['--no-deps', '--only-binary=:all:', *tags]
    return [*pip(folder, 'download'), *wheels, '-d', target, '-r', lock]
