# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What an underlay made from PyPI consists of, and the digest that names it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent

DISTRIBUTION = 'kilted'
OLDEST_PYTHON = (3, 10)
NEWEST_PYTHON = (3, 14)

ROS_PINS = HERE / 'ros.txt'
PYTHON_PINS = HERE / 'python.txt'
PYTHON_NEEDS = HERE / 'python.in'
TEST_PINS = HERE / 'tests.txt'
TEST_NEEDS = HERE / 'tests.in'
LAUNCH_PIN = HERE / 'launch.txt'
DISTRIBUTION_PINS = HERE / 'distribution.txt'
"""The Python packages of a whole distribution that Ubuntu has, but NumPy."""
MESSAGE_PACKAGE = HERE / 'message_package.cmake.in'
ROS2_COMMANDS = HERE / 'ros2_commands'
"""Commands of `ros2` that the wheel of launch.txt lacks."""

WHEEL_ROOT = 'isaacsim/exts/isaacsim.ros2.core/'
"""Folder in the wheel of launch.txt with a folder for each distribution."""

LAUNCH_ROOT = f'{WHEEL_ROOT}jazzy/'
"""The distribution to take the pure-Python packages from; they run on any core."""

LAUNCH_TAGS = ('--python-version', '3.12', '--platform', 'manylinux_2_35_x86_64')
"""The wheel is tagged for one Python only, but only pure Python is taken from it."""

LAUNCH_PACKAGES = (
    'diagnostic_updater',
    'launch',
    'launch_ros',
    'launch_testing',
    'launch_testing_ros',
    'launch_xml',
    'launch_yaml',
    'message_filters',
    'ros2cli',
    'ros2node',
    'ros2param',
    'ros2pkg',
    'ros2run',
    'ros2service',
    'ros2topic',
    'rosidl_runtime_py',
)

SOURCE_PACKAGES = ('empy', 'tensorrt-rtx-cu13')
"""PyPI has no wheels of these; they are pure Python."""

MESSAGE_PACKAGES = ('vision_msgs', 'composition_interfaces')
"""Built from their definitions; launch_ros imports composition_interfaces."""


@dataclass(frozen=True, slots=True)
class Need:
    """A line of python.in or tests.in."""

    requirement: str
    module: str | None
    """The module that makes the installation unnecessary; None to install in any case."""


def read_needs(text: str) -> list[Need]:
    """Read the text of python.in or tests.in."""
    needs = []
    for line in text.splitlines():
        requirement, _, comment = line.partition('#')
        if requirement.strip():
            module = comment.split()[0]
            needs.append(Need(requirement.strip(), None if module == 'always' else module))
    return needs


def distribution_name(requirement: str) -> str:
    """Return the normalised project name at the start of a requirement line (PEP 503)."""
    name = re.split(r'[^A-Za-z0-9._-]', requirement.strip(), maxsplit=1)[0]
    return re.sub(r'[-_.]+', '-', name).lower()


def pins_beyond(pins: Path, *others: Path) -> list[str]:
    """List the lines of a lock for projects that are in no other lock."""
    held = {distribution_name(line) for path in others for line in path.read_text().splitlines()}
    return [line for line in pins.read_text().splitlines() if distribution_name(line) not in held]


def digest(files: Iterable[Path], *facts: str) -> str:
    """Hash the contents of files and some facts into 16 hexadecimal digits."""
    state = hashlib.sha256()
    for part in (*(path.read_bytes() for path in files), *(fact.encode() for fact in facts)):
        state.update(len(part).to_bytes(8, 'little') + part)
    return state.hexdigest()[:16]


def recipe_files() -> list[Path]:
    """List the files that decide what an underlay from PyPI becomes."""
    steps = [HERE / name for name in ('recipe.py', 'pypi.py', 'pip.py', 'launch_stack.py')]
    return [ROS_PINS, PYTHON_PINS, LAUNCH_PIN, MESSAGE_PACKAGE, *steps, *command_files()]


def distribution_files() -> list[Path]:
    """List the files that decide what a whole distribution becomes."""
    steps = [HERE / name for name in ('distribution.py', 'launch_stack.py')]
    return [DISTRIBUTION_PINS, LAUNCH_PIN, *steps, *command_files()]


def command_files() -> list[Path]:
    """List the files of the commands that a made ROS gets, and of their installation."""
    commands = [path for path in ROS2_COMMANDS.iterdir() if path.is_file()]
    return [HERE / 'commands.py', *sorted(commands)]


NODE_TESTS = (
    'pytest',
    'pytest-timeout',
    'pytest-rerunfailures',
    'pytest-xdist',
    'hypothesis',
    'av',
    'scipy',
    'tritonclient',
    'grpcio',
)
"""The part of tests.in for a whole distribution, which needs no checkers and no CUDA."""


def layer_files() -> list[Path]:
    """List the files that decide what `make test` installs into an underlay."""
    return [TEST_NEEDS, TEST_PINS, HERE / 'layer.py']
