# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of how processes of nodes run and end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rclpy
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from ros_deep_learning.nodes.rclpy_workarounds import NodeExecutor, SubscriptionEventCallbacks

pytestmark = pytest.mark.rclpy
BREAKING_NODE = """
import dataclasses, sys, time
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.task import Future
from ros_deep_learning.nodes.program.spin import run_node

@dataclasses.dataclass
class Settings:
    pass

class Breaking(Node):
    settings_type = Settings

    def __init__(self):
        super().__init__('breaking')
        self.finished = Future()
        group = ReentrantCallbackGroup()
        self.work_timer = self.create_timer(0.1, self.work, group)
        self.break_timer = self.create_timer(0.3, self.break_, group)

    def work(self):
        self.work_timer.cancel()
        print('begun')
        time.sleep(2.0)
        print('ended')

    def break_(self):
        1 / 0

    def abandon(self):
        pass

    def release(self):
        print('released')

sys.exit(run_node(Breaking, threads=2))
"""


@pytest.fixture
def context(ros_domain: int) -> Iterator[rclpy.Context]:
    context = rclpy.Context()
    rclpy.init(context=context)
    yield context
    rclpy.try_shutdown(context=context)


class Held:
    """An executor that spins a node, none of whose threads is free until ``free`` is set."""

    def __init__(self, executor: NodeExecutor, node: Any) -> None:
        self.free = threading.Event()
        self._executor, self._node = executor, node
        executor.add_node(node)
        for _ in range(2):
            executor.create_task(self.free.wait)
        self._spinning = threading.Thread(target=executor.spin)

    def __enter__(self) -> Held:
        self._spinning.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.free.set()
        self._executor.shutdown()
        self._spinning.join(10)
        self._node.destroy_node()


def test_an_executor_survives_a_publisher_destroyed_while_it_lists_what_to_wait_for(
    context: rclpy.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    # MultiThreadedExecutor of rclpy 9 fails here with InvalidHandle; of 3 and 7 it does not.
    node = rclpy.create_node('busy', context=context)
    executor = NodeExecutor(2, context=context)
    doomed = [node.create_publisher(Image, 'pictures', 1)]

    def can_execute(entity: Any) -> bool:
        # The event handlers come last, and are listed when their publisher goes.
        if doomed and entity in doomed[0].event_handlers:
            node.destroy_publisher(doomed.pop())
        return True

    monkeypatch.setattr(executor, 'can_execute', can_execute)
    executor.add_node(node)
    executor.spin_once(0.1)
    executor.shutdown()
    assert not doomed
    node.destroy_node()


def test_an_executor_survives_an_event_whose_subscription_goes_before_a_thread_takes_it(
    context: rclpy.Context, graph: Any
) -> None:
    node = rclpy.create_node('busy', context=context)
    told: list[Any] = []
    strict = node.create_subscription(
        Image,
        '/pictures',
        told.append,
        1,
        event_callbacks=SubscriptionEventCallbacks(incompatible_qos=told.append),
    )
    events = strict.event_handlers
    with Held(NodeExecutor(2, context=context), node) as held:
        lenient = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        graph.node.create_publisher(Image, '/pictures', lenient)
        graph.wait_until('the event', lambda: any(e._executor_event for e in events))
        node.destroy_subscription(strict)
        held.free.set()
        graph.wait_until('the end of it', lambda: not any(e._executor_event for e in events))
        heard: list[Image] = []
        node.create_subscription(Image, '/others', heard.append, 1)
        graph.image_publisher('/others').publish(Image())
        graph.wait_until('an image', lambda: heard)
        assert not told


def test_an_executor_sleeps_while_a_message_waits_for_a_thread(
    context: rclpy.Context, graph: Any, make_image: Callable[..., Image]
) -> None:
    rounds: list[Any] = []

    class Counting(NodeExecutor):
        def can_execute(self, entity: Any) -> bool:
            if entity is never:
                rounds.append(entity)
            return bool(super().can_execute(entity))

    node = rclpy.create_node('busy', context=context)
    never = node.create_timer(3600.0, rounds.clear)
    taken: list[Image] = []
    subscription = node.create_subscription(Image, '/pictures', taken.append, 1)
    with Held(Counting(2, context=context), node) as held:
        publisher = graph.image_publisher('/pictures')
        publisher.publish(make_image(np.zeros((480, 640, 3), np.uint8)))
        graph.wait_until('the message', lambda: subscription._executor_event)
        before = len(rounds)
        time.sleep(1.0)
        # rclpy alone makes thousands.
        assert len(rounds) - before < 40
        assert not taken
        held.free.set()
        graph.wait_until('the image', lambda: taken)


def test_all_threads_of_an_executor_run_from_the_start(context: rclpy.Context) -> None:
    before = threading.active_count()
    executor = NodeExecutor(5, context=context)
    assert threading.active_count() == before + 5
    executor.shutdown()
    assert threading.active_count() == before


@pytest.mark.parametrize(
    'number', [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_nodes_at_work_are_ended_without_an_error(
    number: int, start: Callable[..., Any], graph: Any, make_image: Callable[..., Image]
) -> None:
    program = start('vision', '--ros-args', '-p', 'autostart:=true')
    names = ('detectnet', 'imagenet', 'segnet')
    overlays = [graph.inbox(f'/{name}/overlay', Image) for name in names]
    publishers = [graph.image_publisher(f'/{name}/image_in') for name in names]
    image = make_image(np.zeros((240, 320, 3), np.uint8))
    # Images faster than the networks, so that a signal meets some of them at work.
    timer = graph.node.create_timer(
        0.02, lambda: [publisher.publish(image) for publisher in publishers]
    )
    graph.wait_until('results', lambda: all(len(inbox) > 3 for inbox in overlays))
    os.kill(program.process.pid, number)
    assert program.process.wait(60) == 0
    timer.cancel()
    text = program.text()
    assert not [word for word in ('Traceback', 'ERROR', 'rror:', 'invalid') if word in text], text


def test_a_parameter_that_a_node_does_not_have_is_told(
    start: Callable[..., Any], graph: Any, tmp_path: Path
) -> None:
    given = {'foldr': tmp_path, 'folder': tmp_path, 'Zz': 1, 'qos_overrides./a.depth': 1}
    arguments = [word for name, value in given.items() for word in ('-p', f'{name}:={value}')]
    program = start('collect', '--ros-args', *arguments)
    graph.wait_until('the warning', lambda: 'no parameter Zz' in program.text())
    assert program.stop() == 0
    text = program.text()
    assert 'no parameter Zz: it is ignored; --help names all' in text
    assert 'no parameter foldr: it is ignored; did you mean folder?' in text
    assert text.count('no parameter') == 2


def test_nodes_are_released_after_their_callbacks_where_one_of_these_breaks(
    ros_domain: int,
) -> None:
    child = subprocess.run(
        [sys.executable, '-c', BREAKING_NODE], capture_output=True, text=True, timeout=60
    )
    assert child.returncode == 1
    assert 'ZeroDivisionError' in child.stderr
    assert child.stdout.split() == ['begun', 'ended', 'released']


def test_nodes_that_are_told_to_end_while_they_load_end(
    start: Callable[..., Any], graph: Any
) -> None:
    program = start('vision', '--ros-args', '-p', 'autostart:=true')
    graph.wait_until('the first node', lambda: 'detectnet' in graph.node.get_node_names())
    assert program.stop() == 0
    assert 'Traceback' not in program.text()


HANGING_NODE = (
    BREAKING_NODE.replace('Breaking', 'Hanging')
    .replace('1 / 0', 'self.finished.set_result(0)')
    .replace("        print('released')", '        threading.Event().wait()')
    .replace('import dataclasses', 'import threading, dataclasses')
    .replace('threads=2', 'threads=1')
)


def test_a_process_that_hangs_at_its_end_says_where_and_ends(ros_domain: int) -> None:
    done = subprocess.run(
        [sys.executable, '-c', HANGING_NODE], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert 'error: not everything was freed within 5 s, so the process ends now' in done.stderr
    assert ' in release\n' in done.stderr


def test_a_process_whose_node_hangs_while_it_is_created_ends_at_a_signal(ros_domain: int) -> None:
    script = HANGING_NODE.replace(
        'self.finished = Future()', "print('creating', flush=True); threading.Event().wait()"
    ).replace(
        'sys.exit(',
        'from ros_deep_learning.nodes.program import end_watch\nend_watch.END_S = 0.5\nsys.exit(',
    )
    with subprocess.Popen(
        [sys.executable, '-c', script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        assert program.stdout.readline() == 'creating\n'
        program.send_signal(signal.SIGINT)
        assert program.wait(60) == 1
        assert ' in __init__\n' in program.stderr.read()


# After the work is done: of the middleware while it has Python's lock, of threads that are no
# daemons, and of C++ libraries when Python has ended.
AFTER_THE_WORK = {
    'middleware': ('ctypes.PyDLL(None).pause()', 0, 'in destroy_node'),
    'interpreter': (
        'threading.Thread(target=threading.Event().wait, daemon=False).start()',
        3,
        'Timeout (0:00:01)!',
    ),
    'library': ('libc = ctypes.CDLL(None); libc["__cxa_atexit"](libc.pause, None, None)', 0, ''),
}


@pytest.mark.parametrize('hang', AFTER_THE_WORK)
def test_a_process_that_hangs_after_its_work_ends_with_the_code_of_the_work(
    ros_domain: int, hang: str
) -> None:
    line, code, text = AFTER_THE_WORK[hang]
    destroy = f'    def destroy_node(self):\n        {line}\n        super().destroy_node()\n\n'
    script = (
        HANGING_NODE.replace('threading.Event().wait()', 'pass')
        .replace('    def release(', f'{destroy}    def release(')
        .replace('set_result(0)', f'set_result({code})')
        .replace('import threading', 'import ctypes, threading')
        .replace(
            'sys.exit(',
            'from ros_deep_learning.nodes.program import end_watch\n'
            'end_watch.END_S = 1.0\nsys.exit(',
        )
    )
    done = subprocess.run(
        [sys.executable, '-c', script], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == code, done.stderr
    assert text in done.stderr


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_interpreter_ends_is_not_the_end_of_the_process(
    ros_domain: int, number: signal.Signals
) -> None:
    script = (
        HANGING_NODE.replace('threading.Event().wait()', "print('released', flush=True)")
        .replace('    def release(', f'    {AFTER_THE_WORK["library"][0]}\n\n    def release(')
        .replace('import threading', 'import ctypes, threading')
        .replace(
            'sys.exit(',
            'from ros_deep_learning.nodes.program import end_watch\n'
            'end_watch.END_S = 3.0\nsys.exit(',
        )
    )
    with subprocess.Popen(
        [sys.executable, '-c', script], stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        assert 'released\n' in iter(program.stdout.readline, '')
        # Early, late, and while nothing of Python is left.
        for _ in range(25):
            program.send_signal(number)
            time.sleep(0.1)
        assert program.wait(60) == 0


def test_a_file_that_cannot_be_finished_is_an_error_of_the_process(ros_domain: int) -> None:
    script = HANGING_NODE.replace(
        'threading.Event().wait()',
        "raise ImageError('the video lacks frames')",
    ).replace(
        'from rclpy.node', 'from ros_deep_learning.errors import ImageError\nfrom rclpy.node'
    )
    done = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == 'error: the video lacks frames'
