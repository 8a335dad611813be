# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of how processes of nodes run and end."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import rclpy
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from ros_deep_learning.nodes.camera_feed import SubscriptionEventCallbacks
from ros_deep_learning.nodes.spin import NodeExecutor


@pytest.fixture
def context(ros_domain: int) -> Iterator[rclpy.Context]:
    context = rclpy.Context()
    rclpy.init(context=context)
    yield context
    rclpy.try_shutdown(context=context)


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
    executor = NodeExecutor(2, context=context)
    executor.add_node(node)
    free = threading.Event()
    for _ in range(2):
        executor.create_task(free.wait)
    spinning = threading.Thread(target=executor.spin)
    spinning.start()
    try:
        lenient = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        graph.node.create_publisher(Image, '/pictures', lenient)
        graph.wait_until('the event', lambda: any(e._executor_event for e in events))
        node.destroy_subscription(strict)
        free.set()
        graph.wait_until('the end of it', lambda: not any(e._executor_event for e in events))
        heard: list[Image] = []
        node.create_subscription(Image, '/others', heard.append, 1)
        graph.image_publisher('/others').publish(Image())
        graph.wait_until('an image', lambda: heard)
        assert not told
    finally:
        free.set()
        executor.shutdown()
        spinning.join(10)
        node.destroy_node()


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
    executor = Counting(2, context=context)
    executor.add_node(node)
    free = threading.Event()
    for _ in range(2):
        executor.create_task(free.wait)
    spinning = threading.Thread(target=executor.spin)
    spinning.start()
    try:
        publisher = graph.image_publisher('/pictures')
        publisher.publish(make_image(np.zeros((480, 640, 3), np.uint8)))
        graph.wait_until('the message', lambda: subscription._executor_event)
        before = len(rounds)
        time.sleep(1.0)
        # rclpy alone makes thousands.
        assert len(rounds) - before < 40
        assert not taken
        free.set()
        graph.wait_until('the image', lambda: taken)
    finally:
        free.set()
        executor.shutdown()
        spinning.join(10)
        node.destroy_node()


def test_all_threads_of_an_executor_run_from_the_start(context: rclpy.Context) -> None:
    before = threading.active_count()
    executor = NodeExecutor(5, context=context)
    assert threading.active_count() == before + 5
    executor.shutdown()
    assert threading.active_count() == before


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
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
    assert program.process.wait(20) == 0
    timer.cancel()
    text = program.text()
    assert not [word for word in ('Traceback', 'ERROR', 'rror:', 'invalid') if word in text], text


def test_nodes_that_are_told_to_end_while_they_load_end(
    start: Callable[..., Any], graph: Any
) -> None:
    program = start('vision', '--ros-args', '-p', 'autostart:=true')
    graph.wait_until('the first node', lambda: 'detectnet' in graph.node.get_node_names())
    assert program.stop() == 0
    assert 'Traceback' not in program.text()
