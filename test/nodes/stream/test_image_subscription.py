# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the subscription to cameras of either reliability, in a real graph."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import rclpy
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from ros_deep_learning.nodes.rclpy_workarounds import NodeExecutor
from ros_deep_learning.nodes.stream.frame import EachOnce
from ros_deep_learning.nodes.stream.image_subscription import LOOK_PERIOD_S, ImageSubscription

pytestmark = pytest.mark.rclpy
HD = np.zeros((1080, 1920, 3), np.uint8)
SMALL = np.zeros((48, 64, 3), np.uint8)


@pytest.fixture(params=[True, False], ids=['one copy', 'by rclpy'])
def one_copy(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def make_node(ros_domain: int) -> Iterator[Callable[..., Node]]:
    rclpy.init()
    executor = NodeExecutor(2)
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


def watch(node: Node, one_copy: bool = True) -> tuple[ImageSubscription, list[Any]]:
    images: list[Any] = []
    group = MutuallyExclusiveCallbackGroup()
    camera = ImageSubscription(node, '/camera', images.append, group, one_copy=one_copy)
    return camera, images


def reliability(graph: Any) -> set[str]:
    infos = graph.node.get_subscriptions_info_by_topic('/camera')
    return {info.qos_profile.reliability.name for info in infos}


def publisher(graph: Any, reliability: ReliabilityPolicy) -> Any:
    qos = QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=5, reliability=reliability)
    return graph.node.create_publisher(Image, '/camera', qos)


def test_full_hd_images_of_a_reliable_camera_all_arrive(
    make_node: Callable[..., Node], graph: Any, make_image: Callable[..., Image], one_copy: bool
) -> None:
    camera, images = watch(make_node(), one_copy)
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
    make_node: Callable[..., Node], graph: Any, make_image: Callable[..., Image], one_copy: bool
) -> None:
    camera, images = watch(make_node(), one_copy)
    images_out = publisher(graph, ReliabilityPolicy.BEST_EFFORT)
    graph.wait_until('a subscriber', images_out.get_subscription_count)

    def arrived() -> bool:
        images_out.publish(make_image(SMALL))
        return len(images) > 0

    graph.wait_until('an image', arrived)
    assert reliability(graph) == {'RELIABLE', 'BEST_EFFORT'}
    camera.close()
    graph.wait_until('the end', lambda: not reliability(graph))


def test_a_stray_best_effort_publisher_costs_a_reliable_camera_nothing(
    make_node: Callable[..., Node], graph: Any, make_image: Callable[..., Image], one_copy: bool
) -> None:
    camera, images = watch(make_node(), one_copy)
    images_out = publisher(graph, ReliabilityPolicy.RELIABLE)
    stray = publisher(graph, ReliabilityPolicy.BEST_EFFORT)

    def arrived(stamp: int, publisher: Any) -> bool:
        publisher.publish(make_image(SMALL, stamp=stamp))
        return any(image.header.stamp.sec == stamp for image in images)

    graph.wait_until('an image of the stray', lambda: arrived(1, stray))
    graph.wait_until('an image of the camera', lambda: arrived(2, images_out))
    graph.wait_until('two subscribers', lambda: images_out.get_subscription_count() == 2)
    # Larger than what arrives as best effort.
    for stamp in range(3, 13):
        images_out.publish(make_image(HD, stamp=stamp))
        graph.wait_until('the image', lambda n=stamp: images[-1].header.stamp.sec == n)
    graph.node.destroy_publisher(stray)
    graph.wait_until('one subscription', lambda: reliability(graph) == {'RELIABLE'})
    images_out.publish(make_image(HD, stamp=13))
    graph.wait_until('the image', lambda: images[-1].header.stamp.sec == 13)
    stamps = [s for s in (image.header.stamp.sec for image in images) if s > 2]
    assert stamps == list(range(3, 14))
    camera.close()


def test_a_parameter_overrides_the_reliability(make_node: Callable[..., Node], graph: Any) -> None:
    name = 'qos_overrides./camera.subscription.reliability'
    camera, _ = watch(make_node('-p', f'{name}:=best_effort'))
    graph.wait_until('a subscriber', lambda: reliability(graph))
    assert reliability(graph) == {'BEST_EFFORT'}
    camera.close()


def test_a_publisher_of_another_type_is_named_and_silence_explained(
    make_node: Callable[..., Node], graph: Any
) -> None:
    camera, _ = watch(make_node())
    assert camera.mismatches() == []
    assert camera.silence() == (
        'nobody publishes on /camera or /camera/compressed: start the camera, or remap /camera'
    )
    wrong = graph.node.create_publisher(CompressedImage, '/camera', 1)
    said = '/tester publishes on /camera with type sensor_msgs/msg/CompressedImage'
    graph.wait_until('a warning', lambda: said in ''.join(camera.mismatches()))
    graph.node.destroy_publisher(wrong)
    graph.wait_until('its end', lambda: not camera.mismatches())
    graph.node.create_publisher(Image, '/camera', 1)
    graph.wait_until('a publisher', lambda: 'nobody' not in camera.silence())
    assert camera.silence().startswith('/camera has a publisher, but it is silent')
    camera.close()


def jpeg_message(stamp: int, value: int = 200) -> CompressedImage:
    done, data = cv2.imencode('.jpg', np.full((48, 64, 3), value, np.uint8))
    assert done
    message = CompressedImage(format='rgb8; jpeg compressed bgr8', data=data.tobytes())
    message.header.stamp.sec = stamp
    return message


class Shower:
    """Publishes with a new stamp until an image that came from the topic is there."""

    def __init__(self, graph: Any, images: list[Any], make_image: Callable[..., Image]) -> None:
        self.graph, self.images, self.make_image = graph, images, make_image
        self.stamp = 0

    def show(self, publishers: list[Any], until_topic: str) -> Any:
        first = self.stamp + 1

        def seen() -> Any:
            self.stamp += 1
            for publisher in publishers:
                compressed = publisher.msg_type is CompressedImage
                make = jpeg_message if compressed else partial(self.make_image, SMALL)
                publisher.publish(make(stamp=self.stamp))
            time.sleep(0.05)
            return next(
                (
                    image
                    for image in self.images
                    if image.topic == until_topic and image.header.stamp.sec >= first
                ),
                None,
            )

        return self.graph.wait_until(f'an image of {until_topic}', seen)


def test_compressed_images_are_taken_only_while_there_are_no_raw_ones_and_none_twice(
    make_node: Callable[..., Node], graph: Any, make_image: Callable[..., Image], one_copy: bool
) -> None:
    camera, images = watch(make_node(), one_copy)
    shower = Shower(graph, images, make_image)
    subscribed = partial(graph.node.count_subscribers, '/camera/compressed')
    graph.wait_until('the subscription', lambda: graph.node.count_subscribers('/camera'))
    assert subscribed() == 0
    compressed = graph.node.create_publisher(CompressedImage, '/camera/compressed', 5)
    frame = shower.show([compressed], '/camera/compressed')
    assert frame.encoding == 'rgb8; jpeg compressed bgr8'
    assert np.abs(frame.pixels().array.astype(int) - 200).max() < 3
    assert camera.topic_name == '/camera/compressed'
    raw = graph.node.create_publisher(Image, '/camera', 5)
    shower.show([raw, compressed], '/camera')
    graph.wait_until('the end of the compressed subscription', lambda: subscribed() == 0)
    assert camera.topic_name == '/camera'
    graph.node.destroy_publisher(raw)
    shower.show([compressed], '/camera/compressed')
    stamps = [image.header.stamp.sec for image in images]
    assert len(set(stamps)) == len(stamps)
    camera.close()
    graph.wait_until('the end', lambda: subscribed() == 0)
    assert graph.node.count_subscribers('/camera') == 0


def test_an_image_that_comes_by_two_topics_is_handed_over_once() -> None:
    got: list[Any] = []
    receive = EachOnce(got.append)

    def come(topic: str, *stamps: int) -> None:
        for stamp in stamps:
            receive(SimpleNamespace(topic=topic, stamp_ns=stamp))  # type: ignore[arg-type]

    come('/camera/compressed', 1, 2, 3)
    # The other one lags, and then goes on.
    come('/camera', 2, 3, 4)
    come('/camera/compressed', 4)
    # A camera may repeat its stamps, or set none.
    come('/camera', 4, 0, 0)
    come('/camera/compressed', 0, 5)
    assert [frame.stamp_ns for frame in got] == [1, 2, 3, 4, 4, 0, 0, 0, 5]


@pytest.mark.parametrize('transport', ['raw', 'compressed'])
def test_a_transport_that_was_asked_for_is_the_only_one(
    make_node: Callable[..., Node], graph: Any, make_image: Callable[..., Image], transport: str
) -> None:
    images: list[Any] = []
    group = MutuallyExclusiveCallbackGroup()
    camera = ImageSubscription(
        make_node(), '/camera', images.append, group, transport, one_copy=True
    )
    raw = graph.node.create_publisher(Image, '/camera', 5)
    compressed = graph.node.create_publisher(CompressedImage, '/camera/compressed', 5)
    shower = Shower(graph, images, make_image)
    shower.show([raw, compressed], camera.topic_name)
    time.sleep(2 * LOOK_PERIOD_S)
    shower.show([raw, compressed], camera.topic_name)
    assert {image.topic for image in images} == {camera.topic_name}
    counts = [graph.node.count_subscribers(t) for t in ('/camera', '/camera/compressed')]
    assert counts == [transport == 'raw', transport == 'compressed']
    camera.close()


@pytest.mark.parametrize(
    ('remaps', 'raw', 'compressed'),
    [
        ((), '/viewer/image_in', '/viewer/image_in/compressed'),
        (('-r', '~/image_in:=/a/image_raw'), '/a/image_raw', '/a/image_raw/compressed'),
        (('-r', '~/image_in/compressed:=/b/jpeg'), '/viewer/image_in', '/b/jpeg'),
        (
            ('-r', '/a/x:=/c', '-r', '~/image_in:=/a/x', '-r', '__ns:=/n'),
            '/a/x',
            '/a/x/compressed',
        ),
    ],
)
def test_the_compressed_topic_follows_the_raw_one_unless_it_is_remapped(
    make_node: Callable[..., Node], remaps: tuple[str, ...], raw: str, compressed: str
) -> None:
    group = MutuallyExclusiveCallbackGroup()
    camera = ImageSubscription(make_node(*remaps), '~/image_in', lambda _: None, group)
    assert (camera.raw_topic, camera.compressed_topic) == (raw, compressed)
    camera.close()


@pytest.mark.parametrize(
    ('transport', 'topic', 'base'),
    [
        ('compressed', '/b/image_raw/compressed', '/b/image_raw'),
        ('compressed', '/b/jpeg', '/b/jpeg'),
        ('raw', '/b/image_raw/compressed', '/viewer/image_in'),
        ('auto', '/b/image_raw/compressed', '/viewer/image_in'),
    ],
)
def test_images_of_a_topic_of_their_own_have_the_calibration_beside_it(
    make_node: Callable[..., Node], transport: str, topic: str, base: str
) -> None:
    node = make_node('-r', f'~/image_in/compressed:={topic}')
    group = MutuallyExclusiveCallbackGroup()
    camera = ImageSubscription(node, '~/image_in', lambda _: None, group, transport)
    assert camera.base_topic == base
    camera.close()
