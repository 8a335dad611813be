# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A real ROS graph for each test: a domain of its own, a test node, and real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import rclpy
from ament_index_python.packages import get_package_prefix, get_package_share_directory
from filelock import FileLock, Timeout
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.task import Future
from ros_graph import Graph
from sensor_msgs.msg import Image

from ros_deep_learning.nodes.rclpy_workarounds import NodeExecutor


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(('', port))
        except OSError:
            return False
        return True


def _free_domain() -> tuple[int, FileLock]:
    # A domain is ours when we hold its lock and nobody uses its ports. These are 7400 + 250 *
    # domain for multicast, which discovery on the local host alone leaves out, and from 10 above
    # that two for each process (RTPS 2.5, section 9.6.2).
    for domain in range(20, 100):
        lock = FileLock(Path(tempfile.gettempdir()) / f'ros_domain_{domain}.lock')
        try:
            lock.acquire(blocking=False)
        except Timeout:
            continue
        first = 7400 + 250 * domain
        if all(_is_free(port) for port in range(first, first + 80)):
            return domain, lock
        lock.release()
    pytest.fail('no ROS_DOMAIN_ID from 20 to 99 is free')


@pytest.fixture
def ros_domain(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    domain, lock = _free_domain()
    monkeypatch.setenv('ROS_DOMAIN_ID', str(domain))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    yield domain
    lock.release()


@pytest.fixture
def graph(ros_domain: int) -> Iterator[Graph]:
    graph = Graph()
    yield graph
    graph.close()


class Program:
    """A real process of the package, its output kept in a file."""

    def __init__(self, command: list[str], log: Path) -> None:
        self.log = log
        with log.open('w') as out:
            self.process = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )

    def text(self) -> str:
        return self.log.read_text(errors='replace')

    def stop(self) -> int:
        """Interrupt it as a person would, and answer its exit code."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            pytest.fail(f'{self.process.args} did not end on SIGINT:\n{self.text()}')


@pytest.fixture
def program_type() -> type[Program]:
    return Program


@pytest.fixture
def start(tmp_path: Path, ros_domain: int) -> Iterator[Callable[..., Program]]:
    programs: list[Program] = []

    def begin(name: str, *arguments: str) -> Program:
        executable = Path(get_package_prefix('ros_deep_learning')) / 'lib/ros_deep_learning' / name
        log = tmp_path / f'{name}.{len(programs)}.log'
        programs.append(Program([str(executable), *arguments], log))
        return programs[-1]

    yield begin
    for program in programs:
        program.stop()


@pytest.fixture
def fresh(start: Callable[..., Program], graph: Graph) -> Callable[[str], Program]:
    """Start a lifecycle node and wait for it."""

    def begin(name: str) -> Program:
        program = start(name)
        assert graph.state(name) == 'unconfigured'
        return program

    return begin


@pytest.fixture
def activated(graph: Graph) -> Callable[[str, Program], Program]:
    """Configure and activate a fresh node."""

    def activate(name: str, program: Program) -> Program:
        assert graph.transition(name, 'configure'), program.text()
        assert graph.transition(name, 'activate'), program.text()
        return program

    return activate


@pytest.fixture
def spinning(ros_domain: int) -> Iterator[Callable[[Callable[[], Any]], Any]]:
    """Make a node in this process and spin it as a process would, until the test ends."""
    rclpy.init()
    executor = NodeExecutor(2)
    stop = Future()
    thread = threading.Thread(
        target=executor.spin_until_future_complete, args=(stop,), daemon=True
    )
    nodes: list[Any] = []

    def spin(make: Callable[[], Any]) -> Any:
        nodes.append(make())
        executor.add_node(nodes[-1])
        thread.start()
        return nodes[-1]

    yield spin
    for node in nodes:
        node.abandon()
    stop.set_result(None)
    # An executor of Humble looks at the future only after some work.
    executor.create_task(lambda: None)
    thread.join(10)
    executor.shutdown()
    for node in nodes:
        node.release()
        node.destroy_node()
    rclpy.try_shutdown()


@pytest.fixture
def active_here(spinning: Callable[..., Any]) -> Callable[[Callable[[], Any]], Any]:
    """Make a node in this process, configure and activate it."""

    def begin(make: Callable[[], Any]) -> Any:
        node = spinning(make)
        assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
        return node

    return begin


@pytest.fixture
def calls_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Note the names of functions of modules and classes as they are called."""

    def watch(*functions: tuple[Any, str]) -> list[str]:
        made: list[str] = []
        for owner, name in functions:
            original = getattr(owner, name)

            def spy(*args: Any, name: str = name, original: Any = original, **kw: Any) -> Any:
                made.append(name)
                return original(*args, **kw)

            monkeypatch.setattr(owner, name, spy)
        return made

    return watch


# As `ros2 launch` does it, which the ROS of PyPI lacks.
LAUNCH = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
arguments = [tuple(a.split(':=', 1)) for a in sys.argv[2:]]
include = IncludeLaunchDescription(
    PythonLaunchDescriptionSource(sys.argv[1]), launch_arguments=arguments
)
service = LaunchService()
service.include_launch_description(LaunchDescription([include]))
sys.exit(service.run())
"""


@pytest.fixture
def launch(tmp_path: Path, ros_domain: int) -> Iterator[Callable[..., Program]]:
    """Start a launch file of the package with its arguments, in a process of its own."""
    running: list[Program] = []

    def begin(name: str, *arguments: str) -> Program:
        file = Path(get_package_share_directory('ros_deep_learning')) / 'launch' / name
        command = [sys.executable, '-c', LAUNCH, str(file), *arguments]
        running.append(Program(command, tmp_path / f'launch.{len(running)}.log'))
        return running[-1]

    yield begin
    for launched in running:
        launched.stop()


def image_message(picture: np.ndarray, *, encoding: str = 'rgb8', stamp: int = 7) -> Image:
    """Make an Image message by the ROS definition alone, without the code under test."""
    message = Image(encoding=encoding, height=picture.shape[0], width=picture.shape[1])
    message.header.stamp.sec = stamp
    message.header.stamp.nanosec = 123456789
    message.header.frame_id = 'front_camera_optical'
    message.step = picture.strides[0]
    message.data.frombytes(np.ascontiguousarray(picture).tobytes())
    return message


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Three pictures, 48x32, whose blue tells them apart, and a file that is none."""
    folder = tmp_path / 'pictures'
    folder.mkdir()
    for index in range(3):
        picture = np.full((32, 48, 3), (10 * index, 100, 200), np.uint8)
        assert cv2.imwrite(str(folder / f'{index}.png'), picture)
    (folder / 'notes.txt').write_text('no picture')
    return folder


@pytest.fixture
def make_image() -> Callable[..., Image]:
    return image_message
