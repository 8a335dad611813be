# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the subscription to cameras of either reliability, in a real graph."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import rclpy
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from ros_deep_learning.nodes.camera import CameraSubscription

HD = np.zeros((1080, 1920, 3), np.uint8)
SMALL = np.zeros((48, 64, 3), np.uint8)


@pytest.fixture
def make_node(ros_domain: int) -> Iterator[Callable[..., Node]]:
    rclpy.init()
    executor = SingleThreadedExecutor()
    nodes: list[Node] = []

    def make(*arguments: str) -> Node:
        nodes.append(rclpy.create_node('viewer', cli_args=['--ros-args', *arguments]))
        executor.add_node(nodes[-1])
        return nodes[-1]

    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    yield make
    executor.shutdown()
    thread.join(10)
    for node in nodes:
        node.destroy_node()
    rclpy.try_shutdown()


def watch(node: Node) -> tuple[CameraSubscription, list[Any]]:
    images: list[Any] = []
    group = MutuallyExclusiveCallbackGroup()
    return CameraSubscription(node, '/camera', images.append, group), images


def reliability(graph: Any) -> set[str]:
    infos = graph.node.get_subscriptions_info_by_topic('/camera')
    return {info.qos_profile.reliability.name for info in infos}


def publisher(graph: Any, reliability: ReliabilityPolicy) -> Any:
    qos = QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=5, reliability=reliability)
    return graph.node.create_publisher(Image, '/camera', qos)


def test_full_hd_images_of_a_reliable_camera_all_arrive(
    make_node: Callable[..., Node], graph: Any, make_image: Callable[..., Image]
) -> None:
    camera, images = watch(make_node())
    images_out = publisher(graph, ReliabilityPolicy.RELIABLE)
    graph.wait_until('a subscriber', images_out.get_subscription_count)
    # Once the first is there, both ends know each other.
    images_out.publish(make_image(SMALL, stamp=1))
    graph.wait_until('the first image', lambda: len(images) == 1)
    for stamp in range(2, 12):
        images_out.publish(make_image(HD, stamp=stamp))
        graph.wait_until('the image', lambda n=stamp: images[-1].header.stamp.sec == n, 10)
    assert len(images) == 11
    assert reliability(graph) == {'RELIABLE'}
    camera.close()
    camera.close()
    graph.wait_until('the end', lambda: not reliability(graph))


def test_images_of_a_best_effort_camera_arrive(
    make_node: Callable[..., Node], graph: Any, make_image: Callable[..., Image]
) -> None:
    camera, images = watch(make_node())
    images_out = publisher(graph, ReliabilityPolicy.BEST_EFFORT)
    graph.wait_until('a subscriber', images_out.get_subscription_count)

    def arrived() -> bool:
        images_out.publish(make_image(SMALL))
        return len(images) > 0

    graph.wait_until('an image', arrived)
    assert reliability(graph) == {'BEST_EFFORT'}
    # A reliable camera beside it is received too.
    other = publisher(graph, ReliabilityPolicy.RELIABLE)
    graph.wait_until('a subscriber', other.get_subscription_count)
    images.clear()

    def arrived_too() -> bool:
        other.publish(make_image(SMALL, stamp=77))
        return any(image.header.stamp.sec == 77 for image in images)

    graph.wait_until('an image', arrived_too)
    camera.close()
    graph.wait_until('the end', lambda: not reliability(graph))


def test_a_parameter_overrides_the_reliability(make_node: Callable[..., Node], graph: Any) -> None:
    name = 'qos_overrides./camera.subscription.reliability'
    camera, _ = watch(make_node('-p', f'{name}:=best_effort'))
    graph.wait_until('a subscriber', lambda: reliability(graph))
    assert reliability(graph) == {'BEST_EFFORT'}
    camera.close()
