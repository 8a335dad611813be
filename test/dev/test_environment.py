# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The variables of an environment, against a real POSIX shell."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from underlay.environment import MARK, Environment, source, without_ros

HOSTILE = """a b'c"d$HOME`id`\\ ;*\nend"""


def sourced(script: str, environ: dict[str, str], name: str) -> str:
    """Source a script in sh and give a variable as a child process sees it."""
    program = script + f'\n/usr/bin/printenv {name}\n'
    shell = ['/bin/sh', '-eu', '-c', program]
    return subprocess.run(
        shell, env=environ, capture_output=True, check=True, text=True
    ).stdout.removesuffix('\n')


def test_an_empty_environment_changes_nothing() -> None:
    empty = Environment()
    assert empty.applied({'A': '1'}) == {'A': '1'}
    assert sourced(empty.script('empty'), {'A': '1'}, 'A') == '1'


def test_values_survive_the_shell() -> None:
    environment = Environment({'VALUE': HOSTILE}, {'PLACES': (f'/x {HOSTILE}', '/y')})
    script = environment.script('hostile')
    assert sourced(script, {}, 'VALUE') == HOSTILE
    assert sourced(script, {}, 'PLACES') == f'/x {HOSTILE}:/y'


def test_folders_come_first_and_leave_no_empty_part() -> None:
    environment = Environment({}, {'PLACES': ('/new', '/newer')})
    script = environment.script('folders')
    assert sourced(script, {'PLACES': '/old'}, 'PLACES') == '/new:/newer:/old'
    assert sourced(script, {'PLACES': ''}, 'PLACES') == '/new:/newer'
    assert sourced(script, {}, 'PLACES') == '/new:/newer'


def test_a_subprocess_gets_what_a_shell_gets() -> None:
    environment = Environment({'VALUE': 'v'}, {'PLACES': ('/new', '/a')})
    assert environment.applied({'PLACES': '/b'})['PLACES'] == '/new:/a:/b'
    # Once more is not twice, and empty parts (the current folder) are dropped.
    assert environment.applied({'PLACES': '/b::/new'})['PLACES'] == '/new:/a:/b'
    assert environment.applied({'VALUE': 'w'})['VALUE'] == 'v'


def test_one_environment_over_another() -> None:
    below = Environment({'A': 'below', 'B': 'below'}, {'P': ('/below', '/both'), 'Q': ('/q',)})
    above = Environment({'A': 'above'}, {'P': ('/above', '/both')})
    assert above.over(below) == Environment(
        {'A': 'above', 'B': 'below'}, {'P': ('/above', '/both', '/below'), 'Q': ('/q',)}
    )


def test_json_and_back(tmp_path: Path) -> None:
    environment = Environment({'VALUE': HOSTILE}, {'PLACES': ('/x', '/y')})
    text = json.dumps(environment.to_json())
    assert Environment.from_json(json.loads(text)) == environment


def test_without_ros_keeps_the_rest() -> None:
    environ = {'PATH': '/bin', 'AMENT_PREFIX_PATH': '/opt/ros/x', 'PYTHONPATH': '/y', 'CC': 'gcc'}
    assert without_ros(environ) == {'PATH': '/bin', 'CC': 'gcc'}


def test_sourcing_here_puts_another_ros_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    other = {'PATH': '/bin', 'ROS_DISTRO': 'x', 'AMENT_PREFIX_PATH': '/opt/ros/x', MARK: '/cache'}
    monkeypatch.setattr(os, 'environ', other)
    source(Environment({'ROS_DISTRO': 'y'}, {'AMENT_PREFIX_PATH': ('/opt/ros/y',)}))
    assert other == {'PATH': '/bin', 'ROS_DISTRO': 'y', 'AMENT_PREFIX_PATH': '/opt/ros/y'}
