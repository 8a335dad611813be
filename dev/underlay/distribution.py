# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Make whole ROS 2 distributions from the wheel of launch.txt.

They represent the distributions on robots: what is made here is only sourced, and the rest is
done as on any sourced distribution. They have no C headers, so no messages can be generated.
"""

from __future__ import annotations

import os
import platform
import sys
import zipfile
from collections.abc import Collection
from functools import partial
from pathlib import Path, PurePosixPath

from . import UnderlayError, commands, launch_stack, other_python, recipe, wheel
from .environment import Environment, without_ros
from .folder import cache_root, made_once, read_complete
from .interpreter import Interpreter, environment_python
from .machine import Missing, missing_python_parts, require
from .pip import install_lock
from .runner import Runner

NUMPY = {'jazzy': 'numpy==2.4.6', 'humble': 'numpy==1.26.4'}
"""The distributions, and the NumPy of each: one of either major version."""

PYTHON = '3.12'
"""The Python that their rclpy was compiled for."""

_CHECK = (
    'import rclpy, launch_ros.actions, diagnostic_updater, vision_msgs.msg; '
    'rclpy.init(); rclpy.create_node("check"); rclpy.shutdown()'
)


def can_be_made_here() -> bool:
    """Return whether the distributions are compiled for this machine."""
    return sys.platform == 'linux' and platform.machine() == 'x86_64'


def find_or_make(name: str, *, apt: bool) -> tuple[Path, Environment]:
    """Return the interpreter and the variables of a distribution; make it on the first call.

    Raises:
        UnderlayError: It cannot be made; the line names the fix.
    """
    if name not in NUMPY:
        msg = f'no distribution {name!r} can be made; there are {", ".join(NUMPY)}'
        raise UnderlayError(msg)
    if not can_be_made_here():
        msg = f'ROS 2 {name} can be made on x86-64 Linux only; source one that is installed'
        raise UnderlayError(msg)
    runner = Runner(cache_root() / 'logs' / f'whole-{name}')
    python = interpreter(runner, apt=apt)
    facts = [name, python.executable, '.'.join(map(str, python.version))]
    key = recipe.digest(recipe.distribution_files(), *facts)
    folder = cache_root() / f'whole-{name}-{python.short}-{key}'
    environment = read_complete(folder)
    if environment is None:
        require(missing_python_parts(python, headers=False), install=apt, say=runner.say)
        waiting = partial(runner.say, f'another run is making {folder}: waiting for it')
        environment = made_once(folder, partial(make, folder, name, python, runner), waiting)
    return environment_python(folder), environment


def interpreter(runner: Runner, *, apt: bool) -> Interpreter:
    """Find the Python of the distributions, or install it if apt has it.

    Raises:
        UnderlayError: There is none; the line names the fix.
    """
    found = other_python.find(PYTHON, os.environ)
    if found is None:
        thing = Missing(f'CPython {PYTHON}', f'python{PYTHON}-venv')
        try:
            require([thing], install=apt, say=runner.say)
        except UnderlayError as err:
            msg = f'{err}; or pyenv install {PYTHON}, or uv python install {PYTHON}'
            raise UnderlayError(msg) from err
        found = other_python.find(PYTHON, os.environ)
    if found is None:
        msg = f'no CPython {PYTHON} on PATH, though apt-get installed one'
        raise UnderlayError(msg)
    return found


def make(folder: Path, name: str, python: Interpreter, runner: Runner) -> Environment:
    """Make the distribution in `folder`, which does not exist yet.

    Raises:
        UnderlayError: A step failed; the line names the reason and its log.
    """
    base = without_ros(os.environ)
    runner.say(f'1/3 virtual environment for ROS 2 {name} in {folder}')
    runner.run('venv', [python.executable, '-m', 'venv', folder], base)
    packages = folder / 'lib' / f'python{python.short}' / 'site-packages'

    def libraries() -> None:
        pins = recipe.DISTRIBUTION_PINS.read_text().splitlines()
        first = [pin for pin in pins if pin.startswith('setuptools=')]
        for log, wanted in (('setuptools', first), ('python', [*pins, NUMPY[name]])):
            lock = folder / f'{log}.txt'
            lock.write_text('\n'.join(wanted) + '\n')
            runner.run(log, install_lock(folder, lock), base)

    def distribution() -> None:
        unpack(wheel.fetch(folder, runner), name, folder, packages)

    runner.say('2/3 its Python packages that Ubuntu has, and the distribution (133 MB)')
    runner.together(libraries, distribution)
    launch_stack.write_console_programs(folder, packages)
    commands.install(packages)
    runner.say('3/3 check')
    environment = describe(folder, name)
    runner.run('check', [environment_python(folder), '-c', _CHECK], environment.applied(base))
    return environment


def describe(folder: Path, name: str) -> Environment:
    """Return the variables that a setup file of the distribution would set."""
    return Environment(
        {'ROS_DISTRO': name, 'ROS_VERSION': '2', 'ROS_PYTHON_VERSION': '3'},
        {
            'PATH': (str(folder / 'bin'),),
            'LD_LIBRARY_PATH': (str(folder / 'lib'),),
            'AMENT_PREFIX_PATH': (str(folder),),
            'CMAKE_PREFIX_PATH': (str(folder),),
        },
    )


def unpack(archive: Path, name: str, folder: Path, packages: Path) -> None:
    """Unpack a distribution, and what it lacks of the launch stack.

    Raises:
        UnderlayError: The wheel has no such distribution.
    """
    root = f'{recipe.WHEEL_ROOT}{name}/'
    with zipfile.ZipFile(archive) as opened:
        members = opened.namelist()
        own = {
            PurePosixPath(member[len(root) :]).parts[1:2]
            for member in members
            if member.startswith(root)
        }
        lacking = [package for package in recipe.LAUNCH_PACKAGES if (package,) not in own]
        if not own:
            msg = f'{archive.name} has no ROS 2 {name}'
            raise UnderlayError(msg)
        for member in members:
            target = destination(member, root, folder, packages)
            if target is None:
                # Pure Python that runs on any rclpy, and that the distribution of a robot has.
                target = destination(member, recipe.LAUNCH_ROOT, folder, packages, lacking)
            if target is not None:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(opened.read(member))
    for package in lacking:
        (folder / 'share' / 'ament_index' / 'resource_index' / 'packages' / package).touch()


def destination(
    member: str, root: str, folder: Path, packages: Path, only: Collection[str] | None = None
) -> Path | None:
    """Return the path for a member of the wheel, None if it is not needed.

    Args:
        member: Path in the wheel.
        root: Where the distribution lies in the wheel.
        folder: Where it is to lie.
        packages: For its Python packages.
        only: The packages that are wanted (None: all).
    """
    if not member.startswith(root) or member.endswith('/'):
        return None
    parts = PurePosixPath(member[len(root) :]).parts
    if len(parts) < 2 or '..' in parts or parts == ('rclpy', '__init__.py'):
        return None
    if only is not None and parts[1].partition('-')[0] not in only:
        return None
    if parts[0] == 'rclpy':
        return packages.joinpath(*parts[1:])
    return folder.joinpath(*parts) if parts[0] in ('lib', 'share') else None
