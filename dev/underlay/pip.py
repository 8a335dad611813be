# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The pip commands of a build; pip's own settings choose the index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .interpreter import environment_python
from .recipe import SOURCE_PACKAGES
from .runner import Command


def pip(folder: Path, verb: str) -> list[str | Path]:
    """Give the common beginning of the commands, for the pip of a virtual environment."""
    command: list[str | Path] = [environment_python(folder), '-m', 'pip', verb]
    command += ['--disable-pip-version-check', '--no-input', '--retries=2', '--progress-bar=off']
    if verb == 'install':
        # Half of the time of an installation; Python compiles what it imports.
        command.append('--no-compile')
    return command


def install_lock(folder: Path, lock: Path) -> Command:
    """Give the command that installs a complete lock: nothing is resolved, no C is compiled."""
    wheels = ['--no-deps', '--only-binary=:all:', f'--no-binary={",".join(SOURCE_PACKAGES)}']
    # Source packages are built by the pinned setuptools, not by the newest.
    return [*pip(folder, 'install'), *wheels, '--no-build-isolation', '-r', lock]


def download_tagged(folder: Path, lock: Path, tags: Sequence[str], target: Path) -> Command:
    """Give the command that downloads wheels made for another Python than the one at hand."""
    wheels = ['--no-deps', '--only-binary=:all:', *tags]
    return [*pip(folder, 'download'), *wheels, '-d', target, '-r', lock]
