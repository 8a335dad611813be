# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The sourced distribution: found by its variables, refused where it does not fit."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from underlay import UnderlayError, recipe, sourced
from underlay.environment import MARK, Environment
from underlay.interpreter import Interpreter
from underlay.pip import pip
from underlay.runner import Runner

JAZZY = {
    'ROS_DISTRO': 'jazzy',
    'ROS_VERSION': '2',
    'AMENT_PREFIX_PATH': '/ws/install:/opt/ros/jazzy',
    'PYTHONPATH': '/opt/ros/jazzy/lib/python3.12/site-packages',
    'LD_LIBRARY_PATH': '/opt/ros/jazzy/lib',
    'PATH': '/opt/ros/jazzy/bin:/usr/bin',
    'HOME': '/root',
}


def interpreter(path: Path, body: str) -> Interpreter:
    path.write_text(f'#!/bin/sh\n{body}\n')
    path.chmod(0o755)
    return Interpreter(str(path), str(path), 'CPython', (3, 12, 3), 'linux-x86_64', '', True, ())


@pytest.mark.parametrize('missing', ['ROS_DISTRO', 'AMENT_PREFIX_PATH'])
def test_no_distribution_is_sourced(missing: str) -> None:
    assert sourced.find({}) is None
    assert sourced.find({**JAZZY, missing: ''}) is None
    assert sourced.find({name: value for name, value in JAZZY.items() if name != missing}) is None


def test_an_underlay_made_here_is_no_distribution() -> None:
    assert sourced.find({**JAZZY, MARK: '/cache/underlay'}) is None


def test_the_snapshot_holds_what_the_distribution_set_and_no_more() -> None:
    found = sourced.find(JAZZY)
    assert found is not None
    assert found.name == 'jazzy'
    assert found.snapshot == Environment(
        {'ROS_DISTRO': 'jazzy', 'ROS_VERSION': '2'},
        {
            'PATH': ('/opt/ros/jazzy/bin',),
            'LD_LIBRARY_PATH': ('/opt/ros/jazzy/lib',),
            'AMENT_PREFIX_PATH': ('/ws/install', '/opt/ros/jazzy'),
            'PYTHONPATH': ('/opt/ros/jazzy/lib/python3.12/site-packages',),
        },
    )


def test_a_python_that_cannot_import_its_rclpy(tmp_path: Path) -> None:
    found = sourced.find(JAZZY)
    assert found is not None
    with pytest.raises(
        UnderlayError, match=r'ROS 2 jazzy is sourced, but .*PYTHON=/usr/bin'
    ) as err:
        sourced.check(found, interpreter(tmp_path / 'python3', 'exit 1'))
    assert '\n' not in str(err.value)


def test_missing_ros_packages_are_named_with_their_debian_packages(tmp_path: Path) -> None:
    found = sourced.find(JAZZY)
    assert found is not None
    present = [name for name in sourced.ROS_MODULES if name != 'vision_msgs']
    answer = f'[{", ".join(f"{chr(34)}{name}{chr(34)}" for name in present)}]'
    body = f"""case "$2" in 'import rclpy') ;; *) echo '[{answer}, "1.26.4"]' ;; esac"""
    missing = sourced.check(found, interpreter(tmp_path / 'python3', body))
    assert [item.package for item in missing] == ['ros-jazzy-vision-msgs']


def test_a_complete_distribution_lacks_nothing(tmp_path: Path) -> None:
    found = sourced.find(JAZZY)
    assert found is not None
    quoted = ', '.join(f'"{name}"' for name in sourced.ROS_MODULES)
    python = interpreter(tmp_path / 'python3', f"echo '[[{quoted}], null]'")
    assert sourced.check(replace(found, name='lyrical'), python) == []


def test_our_pins_are_the_constraints_unless_numpy_is_another() -> None:
    lock = recipe.TEST_PINS
    pins = lock.read_text().splitlines()
    needs = recipe.read_needs('pytest<9  # always\nscipy  # scipy\nRuff  # always\n')
    assert sourced.constraints(None, needs, lock) == pins
    kept = sourced.constraints('1.26.4', needs, lock)
    assert kept[0] == 'numpy==1.26.4'
    names = {recipe.distribution_name(line) for line in kept}
    assert names == {'numpy', 'pytest', 'ruff'}
    assert sourced.constraints('1.26.4', [], lock) == ['numpy==1.26.4']
    for own in ('2.2.6', '2.4.6'):
        kept = sourced.constraints(own, needs, lock)
        assert [line for line in kept if line.startswith('numpy')] == [f'numpy=={own}']
        assert kept[1:] == [line for line in pins if not line.startswith('numpy')]


@pytest.mark.parametrize(
    ('present', 'expected'),
    [
        ('scipy', ['install -c LIMITS --force-reinstall pytest<9']),
        ('', ['install -c LIMITS scipy', 'install -c LIMITS --force-reinstall pytest<9']),
    ],
)
def test_only_what_is_lacking_is_installed(
    tmp_path: Path, present: str, expected: list[str]
) -> None:
    python = tmp_path / 'bin' / 'python3'
    python.parent.mkdir()
    found = f'["{present}"]' if present else '[]'
    looked = f'[{found}, "1.26.4"]'
    interpreter(python, f'[ "$1" = -c ] && echo \'{looked}\' || echo "$@" >> {tmp_path}/asked')
    needs = recipe.read_needs('pytest<9  # always\nscipy  # scipy\n')
    runner = Runner(tmp_path / 'logs', io.StringIO())
    sourced.install('tests', tmp_path, needs, recipe.TEST_PINS, runner)
    limits = tmp_path / 'tests_constraints.txt'
    assert limits.read_text().splitlines()[0] == 'numpy==1.26.4'
    options = ' '.join(map(str, pip(tmp_path, 'x')[4:])) + ' '
    asked = (tmp_path / 'asked').read_text()
    lines = asked.replace('-m pip ', '').replace('--no-compile ', '').replace(options, '')
    assert lines.replace(str(limits), 'LIMITS').splitlines() == expected


def test_ros2_runs_with_the_python_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / 'bin').mkdir()
    sourced.write_ros2(tmp_path)
    program = tmp_path / 'bin' / 'ros2'
    assert program.read_text().startswith(f'#!{tmp_path}/bin/python3\n')
    assert program.stat().st_mode & 0o111 == 0o111
