# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A real ROS graph for each module: a domain of its own, test nodes, and real processes."""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import rclpy
from ament_index_python.packages import get_package_prefix, get_package_share_directory
from filelock import FileLock, Timeout
from rcl_interfaces.msg import ParameterValue
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.task import Future
from ros_graph import GOALS, Graph
from sensor_msgs.msg import Image

from ros_deep_learning.nodes.parameters.typed_arguments import TypedArguments, parameter_kinds
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


@contextmanager
def reserved_domain() -> Iterator[int]:
    """Reserve a domain, and let the body and its processes use it."""
    domain, lock = _free_domain()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('ROS_DOMAIN_ID', str(domain))
        patch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
        yield domain
    lock.release()


@contextmanager
def open_graph() -> Iterator[Graph]:
    """Create a test node in a context of its own."""
    graph = Graph()
    yield graph
    graph.close()


@pytest.fixture(scope='module')
def ros_domain() -> Iterator[int]:
    """Reserve a domain for the tests of a module."""
    with reserved_domain() as domain:
        yield domain


@pytest.fixture(scope='module')
def module_graph(ros_domain: int) -> Iterator[Graph]:
    with open_graph() as graph:
        yield graph


@pytest.fixture
def graph(module_graph: Graph, lasting: Lasting) -> Iterator[Graph]:
    """Lend the test node of the module to a test."""
    expected = {'tester', *lasting.nodes}

    def others() -> set[str]:
        return set(module_graph.node.get_node_names()) - expected

    def alone() -> bool:
        # Discovery of another process takes up to some seconds, the end of one longer.
        for _ in range(500):
            if not others():
                return True
            # A lifecycle node of this process leaves when its state machine is collected.
            gc.collect()
            time.sleep(0.02)
        return False

    # One of the same name would answer in place of the node under test.
    for _ in range(5):
        if alone():
            break
        module_graph.renew()
    else:
        pytest.fail(f'waited in vain for the end of {sorted(others())}')
    module_graph.begin()
    try:
        yield module_graph
    finally:
        module_graph.end()


class Program:
    """A real process of the package, its output kept in a file."""

    def __init__(self, command: list[str], log: Path) -> None:
        self.log = log
        self._begin = 0
        with log.open('w') as out:
            self.process = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )

    def text(self) -> str:
        """Return what the process printed since ``skip_text``, else since its start."""
        return self._whole_text()[self._begin :]

    def skip_text(self) -> None:
        self._begin = len(self._whole_text())

    def _whole_text(self) -> str:
        return self.log.read_text(errors='replace')

    def stop(self) -> int:
        """Interrupt it as a person would, and return its exit code."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            pytest.fail(f'{self.process.args} did not end on SIGINT:\n{self.text()}')

    def end(self) -> None:
        """Stop a process that still runs, which must end without an error."""
        if self.process.poll() is None:
            assert self.stop() == 0, self._whole_text()
            assert 'Traceback' not in self._whole_text(), self._whole_text()


@pytest.fixture
def program_type() -> type[Program]:
    return Program


def start_program(name: str, arguments: Sequence[str], log: Path) -> Program:
    executable = Path(get_package_prefix('ros_deep_learning')) / 'lib/ros_deep_learning' / name
    return Program([str(executable), *arguments], log)


@pytest.fixture
def start(tmp_path: Path, ros_domain: int) -> Iterator[Callable[..., Program]]:
    """Start programs that end with the test."""
    programs: list[Program] = []

    def begin(name: str, *arguments: str) -> Program:
        log = tmp_path / f'{name}.{len(programs)}.log'
        programs.append(start_program(name, arguments, log))
        return programs[-1]

    yield begin
    for program in programs:
        program.end()


class LastingNode:
    """A process of a lifecycle node that serves the tests of a module, one after the other."""

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.program = start_program(name, (), log)
        self._parameters: dict[str, ParameterValue] = {}

    def reset(self, graph: Graph, state: str) -> None:
        """Bring it to a state with the parameters of its start, and with nothing remembered."""
        self.program.skip_text()
        now = graph.state(self.name)
        if not self._parameters:
            self._parameters = graph.parameters(self.name)
        if now == 'active':
            now = self._change(graph, 'deactivate')
        graph.restore_parameters(self.name, self._parameters)
        if now == 'inactive' and state == 'unconfigured':
            now = self._change(graph, 'cleanup')
        if now == 'unconfigured' and state != now:
            now = self._change(graph, 'configure')
        if now == 'inactive' and state == 'active':
            now = self._change(graph, 'activate')
        assert now == state

    def _change(self, graph: Graph, transition: str) -> str:
        assert graph.transition(self.name, transition), self.program.text()
        return GOALS[transition]


class Lasting:
    """The lasting nodes of a module by their names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.nodes: dict[str, LastingNode] = {}
        self._started = 0

    def node(self, name: str) -> LastingNode:
        """Return a running node; start one where there is none, or where a test has ended it."""
        node = self.nodes.get(name)
        if node is None or node.program.process.poll() is not None:
            self._started += 1
            node = LastingNode(name, self._folder / f'{name}.{self._started}.log')
            self.nodes[name] = node
        return node

    def end(self) -> None:
        for node in self.nodes.values():
            node.program.end()


@pytest.fixture(scope='module')
def lasting(tmp_path_factory: pytest.TempPathFactory, ros_domain: int) -> Iterator[Lasting]:
    lasting = Lasting(tmp_path_factory.mktemp('lasting'))
    yield lasting
    lasting.end()


@pytest.fixture
def renewed(lasting: Lasting, graph: Graph) -> Callable[..., Program]:
    """Bring a lifecycle node of the module to a state, as if it were new."""

    def renew(name: str, state: str = 'active') -> Program:
        node = lasting.node(name)
        node.reset(graph, state)
        return node.program

    return renew


@pytest.fixture
def spinning(graph: Graph, lasting: Lasting) -> Iterator[Callable[..., Any]]:
    """Make a node in this process and spin it as a process would, until the test ends."""
    nodes: list[Any] = []
    executors: list[NodeExecutor] = []
    threads: list[threading.Thread] = []
    stop = Future()

    def spin(make: Any, *ros_arguments: str) -> Any:
        argv = ['test', '--ros-args', *ros_arguments]
        with TypedArguments(argv, parameter_kinds([make.settings_type])) as typed:
            rclpy.init(args=typed.argv)
        nodes.append(make())
        assert nodes[0].get_name() not in lasting.nodes, 'tests of both are in the same file'
        executors.append(NodeExecutor(2))
        executors[0].add_node(nodes[0])
        threads.append(
            threading.Thread(
                target=executors[0].spin_until_future_complete, args=(stop,), daemon=True
            )
        )
        threads[0].start()
        return nodes[0]

    yield spin
    for node in nodes:
        node.abandon()
    stop.set_result(None)
    for executor, thread in zip(executors, threads, strict=True):
        # An executor of Humble looks at the future only after some work.
        executor.create_task(lambda: None)
        thread.join(10)
        executor.shutdown()
    for node in nodes:
        node.release()
        node.destroy_node()
    rclpy.try_shutdown()


@pytest.fixture
def active_here(spinning: Callable[..., Any]) -> Callable[..., Any]:
    """Make a node in this process, configure and activate it."""

    def begin(make: Callable[[], Any], *ros_arguments: str) -> Any:
        node = spinning(make, *ros_arguments)
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
