# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""docs/robot.md as a new user follows it: every command, in its order, as it stands."""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext
from launch.launch_description_sources import PythonLaunchDescriptionSource

from ros_deep_learning.nodes.imagenet import ImageNetNode
from ros_deep_learning.nodes.parameters.parameter_table import ParameterTable
from ros_deep_learning.nodes.video_source import VideoSourceNode

pytestmark = pytest.mark.rclpy
CHECKOUT = Path(__file__).parents[2]
GUIDE = CHECKOUT / 'docs' / 'robot.md'
NODES = {node.default_name: node for node in (ImageNetNode, VideoSourceNode)}
STEP_S = 180
ANSWER_S = 30
TRIES = 40
NOT_YET = (
    'not appear to be published yet',
    'Node not found',
    'Unable to find node',
    'does not answer',
)


class Block(NamedTuple):
    """A fenced block: how it is marked, and what is in it."""

    kind: str
    lines: list[str]


def blocks() -> Iterator[Block]:
    for kind, text in re.findall(
        r'^```(sh terminal|sh|text)\n(.*?)^```$', GUIDE.read_text(), re.M | re.S
    ):
        yield Block(kind, text.splitlines())


def test_the_guide_has_commands_and_says_what_they_print() -> None:
    kinds = [block.kind for block in blocks()]
    assert kinds.count('sh terminal') >= 5
    assert kinds.count('sh') >= 8
    assert all(before == 'sh' for before, kind in pairwise(kinds) if kind == 'text')


def commands() -> Iterator[list[str]]:
    for block in blocks():
        if block.kind != 'text':
            yield from (shlex.split(line.partition(' | ')[0]) for line in block.lines)


LAUNCHES = [command[3:] for command in commands() if command[1] == 'launch']
RUNS = [command[3:] for command in commands() if command[1] == 'run']
PARAMETERS = [command[2:] for command in commands() if command[1] == 'param']


def test_every_command_of_the_guide_is_of_a_kind_that_is_checked_here() -> None:
    kinds = {command[1] for command in commands()}
    assert all(command[0] == 'ros2' for command in commands())
    assert kinds == {'run', 'launch', 'lifecycle', 'param', 'topic'}
    assert min(map(len, (LAUNCHES, RUNS, PARAMETERS))) > 0


@pytest.mark.parametrize('command', LAUNCHES)
def test_launch_files_and_arguments_of_the_guide_exist(command: list[str]) -> None:
    file, *arguments = command
    path = Path(get_package_share_directory('ros_deep_learning'), 'launch', file)
    context = LaunchContext()
    context.launch_configurations.update(argument.split(':=', 1) for argument in arguments)
    description = PythonLaunchDescriptionSource(str(path)).get_launch_description(context)
    known = {argument.name for argument in description.get_launch_arguments()}
    assert {argument.partition(':=')[0] for argument in arguments} <= known


@pytest.mark.parametrize('command', RUNS)
def test_programs_and_parameters_of_the_guide_exist(command: list[str]) -> None:
    program, *arguments = command
    node = NODES[program]
    given = [value for flag, value in pairwise(arguments) if flag == '-p']
    names = {value.partition(':=')[0] for value in given}
    assert names <= set(ParameterTable(node.settings_type).fields)
    assert names


@pytest.mark.parametrize('command', PARAMETERS)
def test_parameters_that_the_guide_changes_exist(command: list[str]) -> None:
    _, node, *name = command
    assert node in ('/imagenet', '/second')
    assert set(name[:1]) <= set(ParameterTable(ImageNetNode.settings_type).fields)


@pytest.mark.slow
def test_word_by_word(
    tmp_path: Path,
    ros_domain: int,
    program_type: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    # What the guide writes goes elsewhere; what it reads is the checkout's.
    for name in ('docs', 'models'):
        (tmp_path / name).symlink_to(CHECKOUT / name)
    running: list[Any] = []
    printed = ''
    try:
        for block in blocks():
            if block.kind == 'text':
                absent = [line for line in block.lines if line not in printed]
                assert not absent, f'{absent} not in what was printed:\n{printed}'
                continue
            if block.kind == 'sh':
                printed = ''.join(step(line) for line in block.lines)
                continue
            (line,) = block.lines
            log = tmp_path / f'terminal.{len(running)}.log'
            running.append(program_type(['bash', '-c', f'exec {line}'], log))
    finally:
        subprocess.run(['ros2', 'daemon', 'stop'], timeout=60, check=False)
        codes = [program.stop() for program in reversed(running)]
    logs = '\n'.join(program.text() for program in running)
    assert 'Traceback' not in logs
    assert set(codes) <= {0, -2, 130}, logs


def step(line: str) -> str:
    """Run a command, again while what it is about is not there yet, as a person would.

    A call is made again too where DDS lost the answer, as the guide says: rmw_fastrtps drops the
    answer to a client that it has not matched within 100 ms.
    """
    is_call = line.startswith(('ros2 service call', 'ros2 lifecycle'))
    printed = ''
    for _ in range(TRIES):
        try:
            done = subprocess.run(
                ['bash', '-c', line],
                capture_output=True,
                text=True,
                timeout=ANSWER_S if is_call else STEP_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            if not is_call:
                raise
            continue
        printed = done.stdout + done.stderr
        if not any(words in printed for words in NOT_YET):
            return printed
        time.sleep(1)
    pytest.fail(f'{line}: {printed}')
