# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of `ros2 launch` and `ros2 lifecycle` for a ROS made from PyPI, without processes.

test/nodes/test_robot_guide.py runs both in real graphs.
"""

from __future__ import annotations

import argparse
import importlib.metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lifecycle_msgs.msg import State, Transition, TransitionDescription
from underlay import commands, recipe
from underlay.ros2_commands import launch, lifecycle, service_calls

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / 'launch' / 'segnet.launch.py'


def test_installed_commands_are_entry_points_of_ros2(tmp_path: Path) -> None:
    commands.install(tmp_path)
    (found,) = importlib.metadata.distributions(path=[str(tmp_path)])
    assert found.name == 'ros2_commands'
    points = {point.name: point for point in found.entry_points}
    assert {point.group for point in points.values()} == {'ros2cli.command'}
    assert set(points) == {'launch', 'lifecycle'}
    for point in points.values():
        assert (tmp_path / (point.module.replace('.', '/') + '.py')).is_file()


def test_a_change_of_a_command_makes_another_underlay() -> None:
    for files in (recipe.recipe_files(), recipe.distribution_files()):
        assert {'launch.py', 'lifecycle.py', 'entry_points.txt', 'commands.py'} <= {
            path.name for path in files
        }


def run_launch(*arguments: str) -> int:
    command = launch.LaunchCommand()
    parser = argparse.ArgumentParser()
    command.add_arguments(parser, 'ros2 launch')
    return command.main(parser=parser, args=parser.parse_args(arguments))


@pytest.mark.parametrize('option', ['-s', '--show-args'])
@pytest.mark.parametrize('place', [('ros_deep_learning', FILE.name), (str(FILE),)])
def test_arguments_are_shown(
    capsys: pytest.CaptureFixture[str], option: str, place: tuple[str, ...]
) -> None:
    assert run_launch(*place, option) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Arguments (pass arguments as '<name>:=<value>'):\n\n    'name':\n")
    assert "    'autostart':\n        " in printed
    assert "(default: 'info')" in printed


def test_a_description_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_launch('ros_deep_learning', FILE.name, '--print') == 0
    assert 'IncludeLaunchDescription' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['ros_deep_learning'], "no launch file 'ros_deep_learning'; expected PACKAGE FILE"),
        (['/nowhere/x.launch.py', 'a:=b'], "no launch file '/nowhere/x.launch.py'"),
        (['no_such_package', 'x.launch.py'], "no package 'no_such_package'"),
        (
            ['ros_deep_learning', 'x.launch.py'],
            "no file 'x.launch.py'; its launch files: detectnet",
        ),
        (
            ['ros_deep_learning', FILE.name, 'threshold=1'],
            "argument 'threshold=1'; expected NAME:=",
        ),
        ([str(FILE), ':=1'], "malformed launch argument ':=1'"),
    ],
)
def test_a_wrong_command_line(arguments: list[str], reason: str) -> None:
    with pytest.raises(RuntimeError) as raised:
        run_launch(*arguments)
    assert reason in str(raised.value)


def test_two_files_of_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ('a', 'b'):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / 'x.launch.py').touch()
    monkeypatch.setattr(launch, 'get_package_share_directory', lambda _: str(tmp_path))
    with pytest.raises(RuntimeError, match=r"pkg has several files 'x.launch.py'"):
        launch.chosen_file('pkg', ['x.launch.py'])


def test_arguments_keep_all_behind_the_first_sign() -> None:
    pairs = launch.parsed_arguments(['a:=1', 'b:=c:=d', 'empty:=', 'a:=2'])
    assert pairs == [('a', '2'), ('b', 'c:=d'), ('empty', '')]


def test_lifecycle_nodes_are_those_with_the_service() -> None:
    found = [
        ('/b/get_state', ['lifecycle_msgs/srv/GetState']),
        ('/a/get_state', ['lifecycle_msgs/srv/GetState']),
        ('/c/get_state', ['other/srv/GetState']),
        ('/a/change_state', ['lifecycle_msgs/srv/ChangeState']),
    ]
    node = SimpleNamespace(get_service_names_and_types=lambda: found)
    assert service_calls.lifecycle_nodes(node) == ['/a', '/b']


class Node:
    """Stands for ros2cli's nodes; `answers` stands for the services."""

    def __init__(self, args: Any) -> None: ...

    def __enter__(self) -> Node:
        return self

    def __exit__(self, *error: object) -> None: ...

    def get_service_names_and_types(self) -> list[tuple[str, list[str]]]:
        return [('/eye/get_state', ['lifecycle_msgs/srv/GetState'])]


def run_lifecycle(
    monkeypatch: pytest.MonkeyPatch, *arguments: str, success: bool = True
) -> list[tuple[str, Any]]:
    """Run the command on a stand-in for a node; return the services called, with requests."""
    calls = []
    transition = TransitionDescription(
        transition=Transition(id=1, label='configure'),
        start_state=State(id=1, label='unconfigured'),
        goal_state=State(id=10, label='configuring'),
    )
    answers = {
        '/eye/get_state': SimpleNamespace(current_state=State(id=1, label='unconfigured')),
        '/eye/get_available_transitions': SimpleNamespace(available_transitions=[transition]),
        '/eye/change_state': SimpleNamespace(success=success),
    }

    def call(node: Any, service: str, kind: Any, request: Any, **_: Any) -> Any:
        calls.append((service, request))
        return answers[service]

    monkeypatch.setattr(lifecycle, 'NodeStrategy', Node)
    monkeypatch.setattr(lifecycle, 'DirectNode', Node)
    monkeypatch.setattr(lifecycle, 'call', call)
    command = lifecycle.LifecycleCommand()
    parser = argparse.ArgumentParser()
    command.add_arguments(parser, 'ros2 lifecycle')
    assert command.main(parser=parser, args=parser.parse_args(arguments)) == 0
    return calls


@pytest.mark.parametrize(
    ('arguments', 'printed'),
    [
        (['nodes'], '/eye\n'),
        (['nodes', '-c'], '1\n'),
        (['get'], '/eye: unconfigured [1]\n'),
        (['get', 'eye'], 'unconfigured [1]\n'),
        (['list', '/eye'], '- configure [1]\n\tStart: unconfigured\n\tGoal: configuring\n'),
        (['set', '/eye', 'configure'], 'Transitioning successful\n'),
        (['set', 'eye', '1'], 'Transitioning successful\n'),
    ],
)
def test_lifecycle_prints(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    printed: str,
) -> None:
    calls = run_lifecycle(monkeypatch, *arguments)
    assert capsys.readouterr().out == printed
    if arguments[0] == 'set':
        assert (calls[-1][0], calls[-1][1].transition.id) == ('/eye/change_state', 1)


def test_transitions_that_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="'activate'; /eye can now: configure"):
        run_lifecycle(monkeypatch, 'set', '/eye', 'activate')
    with pytest.raises(RuntimeError, match='/eye did not configure; its log has the reason'):
        run_lifecycle(monkeypatch, 'set', '/eye', 'configure', success=False)


class Client:
    """A client of a service that answers from the second call on, or never."""

    def __init__(self, *, ready: bool, answers: bool) -> None:
        self.ready, self.answers, self.calls = ready, answers, 0

    def wait_for_service(self, timeout_s: float) -> bool:
        return self.ready

    def call_async(self, request: Any) -> Any:
        self.calls += 1
        done = self.answers and self.calls > 1
        return SimpleNamespace(done=lambda: done, result=lambda: request)


@pytest.mark.parametrize(
    ('client', 'reason'),
    [
        (Client(ready=False, answers=False), 'Node not found: there is no /eye/get_state'),
        (Client(ready=True, answers=False), '/eye/get_state does not answer'),
        (Client(ready=True, answers=True), None),
    ],
)
def test_calls(monkeypatch: pytest.MonkeyPatch, client: Client, reason: str | None) -> None:
    now = 0.0

    def spin(node: Any, future: Any, timeout_sec: float | None) -> None:
        nonlocal now
        now += timeout_sec or 0.0

    time = SimpleNamespace(sleep=lambda _: None, monotonic=lambda: now)
    monkeypatch.setattr(service_calls, 'time', time)
    monkeypatch.setattr(service_calls.rclpy, 'spin_until_future_complete', spin)
    node = SimpleNamespace(
        create_client=lambda *_: client, destroy_client=lambda _: None, node='spun'
    )
    if reason is None:
        assert service_calls.call(node, '/eye/get_state', None, 'asked', 10.0) == 'asked'
        assert client.calls == 2
    else:
        with pytest.raises(RuntimeError, match=reason):
            service_calls.call(node, '/eye/get_state', None, 'asked', 10.0)
