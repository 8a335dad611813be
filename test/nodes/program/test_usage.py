# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What programs of nodes say of themselves, and the codes that they end with."""

from __future__ import annotations

import importlib
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ament_index_python.packages import get_package_prefix

from ros_deep_learning.nodes.collect import CollectNode
from ros_deep_learning.nodes.detectnet import DetectNetNode
from ros_deep_learning.nodes.imagenet import ImageNetNode
from ros_deep_learning.nodes.messages.inference_stats import InferenceStats
from ros_deep_learning.nodes.parameters.parameter_table import ParameterTable
from ros_deep_learning.nodes.program import spin
from ros_deep_learning.nodes.program.usage import help_text
from ros_deep_learning.nodes.recorder import RecorderNode
from ros_deep_learning.nodes.segnet import SegNetNode
from ros_deep_learning.nodes.video_output import VideoOutputNode
from ros_deep_learning.nodes.video_source import VideoSourceNode

NODES = (
    DetectNetNode,
    ImageNetNode,
    SegNetNode,
    VideoSourceNode,
    VideoOutputNode,
    RecorderNode,
)
PROGRAMS = [*(node.default_name for node in NODES), 'vision']


def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(get_package_prefix('ros_deep_learning')) / 'lib/ros_deep_learning' / name
    return subprocess.run(
        [str(program), *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@dataclass
class Ended:
    code: int
    out: str
    err: str


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Ended]]:
    """Call a program's main in this process."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    # It would set the memory of this process for good.
    monkeypatch.setattr(spin, 'keep_freed_images', lambda: None)

    def main(name: str, *arguments: str) -> Ended:
        monkeypatch.setattr(sys, 'argv', [f'/bin/{name}', *arguments])
        capfd.readouterr()
        code = importlib.import_module(f'ros_deep_learning.nodes.{name}').main()
        return Ended(code, *capfd.readouterr())

    yield main
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize('node', [*NODES, CollectNode])
def test_help_tells_every_topic_and_parameter(node: Any) -> None:
    text = help_text(node.default_name, [node])
    assert text.startswith(f'usage: ros2 run ros_deep_learning {node.default_name} ')
    for name in (*ParameterTable(node.settings_type).fields, *(t.name for t in node.topics)):
        assert re.search(rf'^    {re.escape(name)} ', text, re.MULTILINE), name
    assert max(map(len, text.splitlines())) < 100


@pytest.mark.parametrize('name', PROGRAMS)
def test_help_needs_no_graph(
    name: str, call: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    # rclpy could not even be initialised.
    monkeypatch.setenv('ROS_DOMAIN_ID', 'nonsense')
    done = call(name, '--help')
    assert done.code == 0
    assert done.out.startswith(f'usage: ros2 run ros_deep_learning {name} ')
    assert done.err == ''
    assert call(name, '-h', '--ros-args', '--bogus').out == done.out


@pytest.mark.rclpy
@pytest.mark.parametrize('name', ['detectnet', 'vision'])
def test_a_program_prints_its_help(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('ROS_DOMAIN_ID', 'nonsense')
    done = run(name, '--help')
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f'usage: ros2 run ros_deep_learning {name} ')
    assert done.stderr == ''


@pytest.mark.rclpy
@pytest.mark.usefixtures('ros_domain')
def test_ros2_run_gives_the_help_through() -> None:
    command = ['ros2', 'run', 'ros_deep_learning', 'segnet', '--help']
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert '~/class_mask' in done.stdout


@pytest.mark.parametrize('node', [DetectNetNode, ImageNetNode, SegNetNode])
def test_the_help_has_the_topics_of_the_running_node(
    node: Any, active_here: Callable[..., Any], graph: Any, ssd_onnx: Path
) -> None:
    name = node.default_name
    active_here(node)
    ways = {
        'in': graph.node.get_subscriber_names_and_types_by_node,
        'out': graph.node.get_publisher_names_and_types_by_node,
    }
    told = {(t.way, t.name.replace('~', f'/{name}')): t.type for t in node.topics}
    rclpy_own = {'/parameter_events', '/rosout', f'/{name}/transition_event', '/bond', '/clock'}
    # Subscribed to only where these are needed.
    inputs = ('image_in/compressed', 'image_in/ffmpeg', 'image_in/foxglove', 'camera_info_in')
    optional = {('out', '/detectnet/annotations'), *(('in', f'/{name}/{end}') for end in inputs)}
    # Published only by a node that reads its camera itself.
    optional.add(('out', f'/{name}/image_raw'))
    if InferenceStats is None:
        optional |= {way for way, kind in told.items() if kind.startswith('ros_deep_learning/')}

    def is_as_told() -> bool:
        if name not in graph.node.get_node_names():
            return False
        running = {
            (way, topic): types[0].replace('/msg/', '/')
            for way, names_of in ways.items()
            for topic, types in names_of(name, '/')
            if topic not in rclpy_own
        }
        return running == {k: v for k, v in told.items() if k in running or k not in optional}

    graph.wait_until('the topics of the help', is_as_told)


@pytest.mark.rclpy
@pytest.mark.usefixtures('ros_domain')
@pytest.mark.parametrize(
    ('name', 'arguments', 'code', 'words'),
    [
        ('detectnet', ['model:=x'], 2, "unknown argument 'model:=x': the program takes none"),
        (
            'detectnet',
            ['a b.JPG'],
            2,
            "for a picture or video, type detectnet 'a b.JPG' without ros2 run",
        ),
        ('vision', ['a.mp4'], 2, 'known are'),
        ('vision', ['posenet'], 2, 'known are detectnet, imagenet, segnet'),
        ('segnet', ['--ros-args', '--bogus'], 2, '--bogus'),
        ('segnet', ['--ros-args', '-p', 'model'], 2, "'-p model'"),
        ('segnet', ['--ros-args', '--params-file', '/no.yaml'], 2, '/no.yaml'),
        ('segnet', ['--ros-args', '-p', 'overlay_alpha:=999.0'], 1, 'parameter overlay_alpha'),
        ('segnet', ['--ros-args', '-p', 'overlay_alpha:=high'], 1, 'parameter overlay_alpha'),
        (
            'detectnet',
            ['--ros-args', '-p', 'threshold:=high'],
            1,
            "parameter threshold: expected a number, got 'high'",
        ),
        (
            'detectnet',
            ['--ros-args', '-p', 'use_sim_time:=maybe'],
            1,
            "parameter use_sim_time: expected true or false, got 'maybe'",
        ),
        ('video_source', ['--ros-args', '-p', 'resource:=/no.mp4'], 1, "no file or folder '/no"),
        ('video_output', ['--ros-args', '-p', 'resource:=x.txt'], 1, "cannot write 'x.txt'"),
    ],
)
def test_what_cannot_be_is_one_line_and_a_code(
    name: str, arguments: list[str], code: int, words: str, call: Callable[..., Ended]
) -> None:
    done = call(name, *arguments)
    assert done.code == code
    assert words in error_line(done.err)


@pytest.mark.rclpy
@pytest.mark.usefixtures('ros_domain')
@pytest.mark.parametrize(
    ('name', 'arguments', 'code', 'words'),
    [
        ('detectnet', ['model:=x'], 2, "unknown argument 'model:=x': the program takes none"),
        ('segnet', ['--ros-args', '-p', 'overlay_alpha:=999.0'], 1, 'parameter overlay_alpha'),
    ],
)
def test_a_process_ends_with_the_line_and_the_code(
    name: str, arguments: list[str], code: int, words: str
) -> None:
    done = run(name, *arguments)
    assert done.returncode == code
    assert words in error_line(done.stderr)


def error_line(text: str) -> str:
    assert 'Traceback' not in text
    (line,) = [line for line in text.splitlines() if line.startswith('error: ')]
    return line


def test_a_ros_that_does_not_start_is_told(
    call: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('ROS_DOMAIN_ID', 'nonsense')
    done = call('segnet')
    assert done.code == 2
    assert 'error: ROS does not start' in done.err
    assert 'Traceback' not in done.err


def test_a_process_that_goes_on_keeps_nothing_that_ends_it_at_a_signal(
    call: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('ROS_DOMAIN_ID', 'nonsense')
    before = signal.set_wakeup_fd(-1)
    try:
        call('segnet')
        assert signal.set_wakeup_fd(-1) == -1
    finally:
        signal.set_wakeup_fd(before)
    for thread in threading.enumerate():
        if thread.name == 'signals':
            thread.join(60)
            assert not thread.is_alive()


@pytest.mark.usefixtures('ros_domain')
def test_a_parameter_file_that_is_none_is_told(tmp_path: Path, call: Callable[..., Ended]) -> None:
    path = tmp_path / 'mine.yaml'
    path.write_text('threshold: [0.4\n')
    done = call('detectnet', '--ros-args', '--params-file', str(path))
    assert done.code == 2
    assert str(path) in done.err
    assert 'Traceback' not in done.err


@pytest.mark.rclpy
@pytest.mark.usefixtures('ros_domain')
@pytest.mark.parametrize(
    ('library', 'number'),
    [
        ('numpy', signal.SIGINT),
        ('rclpy', signal.SIGTERM),
        pytest.param('cv2', signal.SIGINT, marks=pytest.mark.slow),
        pytest.param('rclpy', signal.SIGINT, marks=pytest.mark.slow),
        pytest.param('numpy', signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param('cv2', signal.SIGTERM, marks=pytest.mark.slow),
    ],
)
def test_a_signal_during_the_imports_leaves_no_traceback(number: int, library: str) -> None:
    program = Path(get_package_prefix('ros_deep_learning')) / 'lib/ros_deep_learning/segnet'
    process = subprocess.Popen(
        [str(program)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    loaded = Path(f'/proc/{process.pid}/maps')
    end_s = time.monotonic() + 30
    while f'/{library}/' not in loaded.read_text() and time.monotonic() < end_s:
        time.sleep(0.01)
    process.send_signal(number)
    text, _ = process.communicate(timeout=30)
    assert process.returncode in (0, -number)
    assert 'Traceback' not in text


def test_an_interrupt_in_any_import_ends_the_program(tmp_path: Path) -> None:
    # Whatever the machine's speed: the signal comes in the middle of the module's import.
    module = tmp_path / 'rclpy'
    module.mkdir()
    (module / '__init__.py').write_text(
        'import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nsum(range(10))\n'
    )
    program = Path(get_package_prefix('ros_deep_learning')) / 'lib/ros_deep_learning/segnet'
    run_path = 'import runpy, sys; sys.path.insert(0, sys.argv[1]); runpy.run_path(sys.argv[2])'
    done = subprocess.run(
        [sys.executable, '-c', run_path, str(tmp_path), str(program)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGINT
    assert done.stderr == ''
