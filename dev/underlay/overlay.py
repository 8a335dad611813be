# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Build this package with colcon on an underlay."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from . import UnderlayError, choice
from .environment import Environment, without_ros
from .folder import SCRIPT, file_lock, remove
from .machine import Missing, missing_compilers, require
from .runner import Runner

PACKAGE = 'ros_deep_learning'
CHECKOUT = Path(__file__).resolve().parents[2]


def build(
    underlay: choice.Underlay,
    *,
    apt: bool,
    checkout: Path = CHECKOUT,
    place: Path | None = None,
) -> Path:
    """Build the package and return the file to source.

    Args:
        underlay: What it is built on.
        apt: Whether missing system packages may be installed.
        checkout: The package.
        place: Where everything built goes (None: ``.ros`` of the checkout).

    Raises:
        UnderlayError: The package cannot be built; the line names the fix.
    """
    place = place or checkout / '.ros'
    place.mkdir(parents=True, exist_ok=True)
    # So that colcon in a workspace that contains this checkout does not search here.
    (place / 'COLCON_IGNORE').touch()
    runner = Runner(place / 'log')
    with file_lock(place / 'lock', lambda: runner.say('another run is building: waiting for it')):
        forget_other_underlay(place, f'{underlay.folder}\n{checkout}\n')
        base = without_ros(os.environ) if underlay.from_pypi else dict(os.environ)
        environment = underlay.environment.applied(base)
        require(missing_tools(underlay, environment), install=apt, say=runner.say)
        forget_removed_files(place / 'install')
        command = colcon(checkout, place, underlay, environment)
        runner.say(f'colcon builds {PACKAGE}')
        runner.run('build', command, environment, checkout)
        for line in (place / 'log' / 'build.log').read_text(errors='replace').splitlines():
            if 'NOT generated' in line:
                runner.say(line.removeprefix('-- '))
        script = place / SCRIPT
        unfinished = place / f'{SCRIPT}.part'
        whole = describe(place / 'install').over(underlay.environment)
        unfinished.write_text(whole.script(f'{PACKAGE} and the ROS 2 it is built on'))
        unfinished.replace(script)
    runner.say(f'{PACKAGE} is built')
    return script


def missing_tools(underlay: choice.Underlay, environment: Mapping[str, str]) -> list[Missing]:
    """List the missing build tools; an underlay from PyPI has all but the compilers."""
    if underlay.from_pypi:
        return missing_compilers(environment)
    path = environment.get('PATH')
    absent = [] if shutil.which('cmake', path=path) else [Missing('CMake', 'cmake')]
    if not any(shutil.which(name, path=path) for name in ('ninja', 'make')):
        absent.append(Missing('make', 'make'))
    return absent


def forget_other_underlay(place: Path, built_on: str) -> None:
    """Remove a build made on another underlay or in another folder; it contains their paths."""
    note = place / 'built_on'
    if note.exists() and note.read_text() == built_on:
        return
    for name in ('build', 'install', SCRIPT):
        path = place / name
        if path.is_dir():
            remove(path)
        else:
            path.unlink(missing_ok=True)
    note.write_text(built_on)


def forget_removed_files(install: Path) -> None:
    """Remove the links to deleted files of the checkout, which colcon leaves."""
    for path in install.rglob('*'):
        if path.is_symlink() and not path.exists():
            path.unlink()


def colcon(
    checkout: Path, place: Path, underlay: choice.Underlay, environment: Mapping[str, str]
) -> list[str | Path]:
    """Return the command that builds the package."""
    program = shutil.which('colcon', path=environment.get('PATH'))
    if program is None:
        msg = f'no colcon in {underlay.folder}: remove that folder and run again'
        raise UnderlayError(msg)
    ninja = shutil.which('ninja', path=environment.get('PATH'))
    return [
        program,
        '--log-base',
        place / 'log' / 'colcon',
        'build',
        '--paths',
        checkout,
        '--build-base',
        place / 'build',
        '--install-base',
        place / 'install',
        '--merge-install',
        '--symlink-install',
        '--event-handlers=console_direct+',
        '--cmake-args',
        *(['-GNinja'] if ninja else []),
        '-DBUILD_TESTING=OFF',
        # The type support of C++ doubles the time, and an underlay from PyPI has no C++ nodes.
        f'-DROS_DEEP_LEARNING_CPP={"OFF" if underlay.from_pypi else "ON"}',
        f'-DPython3_EXECUTABLE={underlay.python}',
    ]


def describe(install: Path) -> Environment:
    """Return the variables of the built package.

    Raises:
        UnderlayError: colcon reported success, but there is no package.
    """
    # Debian's own Python installs into local/lib/.../dist-packages.
    found = [
        path.parent.parent
        for lib in ('lib', 'local/lib')
        for path in install.glob(f'{lib}/python*/*-packages/{PACKAGE}/__init__.py')
    ]
    if not found:
        msg = f'no Python package {PACKAGE} in {install}: make clean, then run again'
        raise UnderlayError(msg)
    return Environment(
        {},
        {
            'PATH': (str(install / 'bin'),),
            'LD_LIBRARY_PATH': (str(install / 'lib'),),
            'AMENT_PREFIX_PATH': (str(install),),
            'CMAKE_PREFIX_PATH': (str(install),),
            'PYTHONPATH': (str(found[0]),),
        },
    )
