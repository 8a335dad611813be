# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of video topics: losses, and a node that reads one.

The message packages of video are on no index of Python packages. Their messages are stand-ins with
the fields of the definitions; in the graph it is sensor_msgs/CompressedImage on the video topic.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import rclpy
from builtin_interfaces.msg import Time
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from ros_deep_learning.errors import ImageError, SettingsError
from ros_deep_learning.nodes.health import image_topics
from ros_deep_learning.nodes.rclpy_workarounds import NodeExecutor
from ros_deep_learning.nodes.stream import packet_stream
from ros_deep_learning.nodes.stream.frame import Frame
from ros_deep_learning.nodes.stream.image_subscription import ImageSubscription
from ros_deep_learning.nodes.stream.packet_stream import PacketStream, lacking

pytest.importorskip('av')

from packets import GROUP, encoded, is_picture

pytestmark = pytest.mark.rclpy


@pytest.fixture(scope='module')
def h264() -> list[Any]:
    return encoded('h264')


def ffmpeg_packet(data: Any, number: int, pts: int | None = None) -> Any:
    """Make what has the fields of ffmpeg_image_transport_msgs 1.2."""
    return SimpleNamespace(
        header=Header(stamp=Time(sec=number + 1), frame_id='camera'),
        width=96,
        height=64,
        encoding='h264;yuv420p;bgr8;bgr8',
        pts=number if pts is None else pts,
        flags=0,
        is_bigendian=False,
        data=data,
    )


def foxglove_video(data: Any, number: int) -> Any:
    """Make what has the fields of foxglove_msgs/CompressedVideo."""
    stamp = Time(sec=number + 1)
    return SimpleNamespace(timestamp=stamp, frame_id='camera', data=data, format='h264')


class Arrivals:
    """Hands packets to a stream as a feed does, and keeps the numbers of the pictures."""

    def __init__(self, max_pixels: int = 10_000) -> None:
        self.said: list[str] = []
        self.stream = PacketStream(max_pixels, self.said.append)
        self.seen: list[int] = []
        self.errors: list[str] = []

    def arrive(self, message: Any, sent_as: int | None) -> None:
        frame = Frame(self.stream.read(message), '/video', 0, self.stream.decode)
        if not self.stream.arrives(frame, sent_as):
            return
        assert frame.header.frame_id == 'camera'
        number = frame.header.stamp.sec - 1
        try:
            assert is_picture(frame.pixels(), number)
        except ImageError as err:
            self.errors.append(str(err))
        else:
            self.seen.append(number)


def test_a_pyav_that_does_not_load_costs_the_images_and_not_the_node(
    h264: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, 'av', None)
    arrivals = Arrivals()
    for number, data in enumerate(h264[:3]):
        arrivals.arrive(ffmpeg_packet(data, number), number)
    assert len(arrivals.errors) == 3
    assert all('h264 needs PyAV, which does not load' in error for error in arrivals.errors)


SHOWN = [0, 1, *range(GROUP, 3 * GROUP)]


@pytest.mark.parametrize('make', [ffmpeg_packet, foxglove_video])
def test_a_gap_in_the_numbers_of_messages_is_a_loss(h264: list[Any], make: Any) -> None:
    arrivals = Arrivals()
    for number, data in enumerate(h264):
        if number != 2:
            arrivals.arrive(make(data, number), 100 + number)
    assert arrivals.seen == SHOWN
    assert arrivals.said == ['a packet of /video was lost: no image until the next key frame']


def test_without_numbers_a_gap_in_the_time_stamps_that_count_packets_is_a_loss(
    h264: list[Any],
) -> None:
    arrivals = Arrivals()
    for number, data in enumerate(h264):
        if number != 2:
            arrivals.arrive(ffmpeg_packet(data, number), None)
    assert arrivals.seen == SHOWN


@pytest.mark.parametrize('pts', [lambda n: 33_333 * n + n % 3, lambda _: 0])
def test_time_stamps_that_do_not_count_packets_are_no_loss(h264: list[Any], pts: Any) -> None:
    arrivals = Arrivals()
    for number, data in enumerate(h264):
        arrivals.arrive(ffmpeg_packet(data, number, pts(number)), None)
    assert arrivals.seen == [*range(3 * GROUP)]
    assert arrivals.said == []


def test_an_event_of_the_middleware_counts_only_without_numbers(h264: list[Any]) -> None:
    for sent_as, seen in ((1, [0, 1]), (None, [0])):
        arrivals = Arrivals()
        arrivals.arrive(foxglove_video(h264[0], 0), sent_as)
        arrivals.stream.reported_lost()
        arrivals.arrive(foxglove_video(h264[1], 1), sent_as and sent_as + 1)
        assert arrivals.seen == seen
        assert arrivals.stream.passed_over == (sent_as is None)


def test_damage_and_other_codecs_are_errors_of_their_frames(h264: list[Any]) -> None:
    arrivals = Arrivals()
    arrivals.arrive(foxglove_video(h264[0], 0), 1)
    arrivals.arrive(foxglove_video(b'\0' * 50, 1), 2)
    arrivals.arrive(foxglove_video(h264[2], 2), 3)
    other = foxglove_video(h264[0], 3)
    other.format = 'av1'
    arrivals.arrive(other, 4)
    arrivals.arrive(foxglove_video(h264[GROUP], GROUP), 5)
    assert arrivals.seen == [0, GROUP]
    damage, codec = arrivals.errors
    assert 'a h264 packet of 50 bytes' in damage
    assert "codec 'av1' is not decoded; only h264 and h265 are" in codec


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'ffmpeg_image_transport_msgs.msg', None)
    assert lacking('ffmpeg') == (
        'sudo apt install ros-$ROS_DISTRO-ffmpeg-image-transport-msgs, and pip install av'
    )
    monkeypatch.setattr(packet_stream, 'video_message', lambda _: CompressedImage)
    assert lacking('ffmpeg') == ''
    monkeypatch.setitem(sys.modules, 'av', None)
    assert lacking('ffmpeg') == 'pip install av'


@pytest.fixture
def node(graph: Any) -> Iterator[Any]:
    # After the graph, which waits until no other node is there.
    rclpy.init()
    made = rclpy.create_node('viewer')
    executor = NodeExecutor(2)
    executor.add_node(made)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    yield made
    executor.shutdown()
    thread.join(10)
    made.destroy_node()
    rclpy.try_shutdown()


@pytest.mark.parametrize('transport', ['auto', 'ffmpeg'])
def test_a_node_takes_every_packet_of_a_video_topic(
    monkeypatch: pytest.MonkeyPatch, node: Any, graph: Any, h264: list[Any], transport: str
) -> None:
    kinds = {'ffmpeg': 'sensor_msgs/msg/CompressedImage'}
    monkeypatch.setitem(image_topics.VIDEO_TYPES, 'ffmpeg', kinds['ffmpeg'])
    frames: list[Frame] = []
    lost: list[int] = []
    group = MutuallyExclusiveCallbackGroup()
    camera = ImageSubscription(node, '/camera', frames.append, group, transport, lost=lost.append)
    video = graph.node.create_publisher(CompressedImage, '/camera/ffmpeg', QoSProfile(depth=60))
    graph.wait_until('a subscriber', video.get_subscription_count)
    assert camera.topic_name == '/camera/ffmpeg'

    def message(number: int) -> CompressedImage:
        made = CompressedImage(format='h264', data=h264[number])
        made.header.stamp.sec = number + 1
        return made

    def begun() -> bool:
        # A packet that is no key frame, until one arrives: then no message is lost any more.
        video.publish(message(1))
        time.sleep(0.05)
        return 'none has a key frame' in camera.silence()

    graph.wait_until('the first packet', begun)
    assert frames == []
    for number in range(3 * GROUP):
        video.publish(message(number))
    graph.wait_until('all pictures', lambda: len(frames) == 3 * GROUP)
    assert [frame.header.stamp.sec - 1 for frame in frames] == [*range(3 * GROUP)]
    assert all(is_picture(frame.pixels(), n) for n, frame in enumerate(frames))
    assert sum(lost) == 0
    if transport == 'auto':
        graph.node.create_publisher(Image, '/camera', 1)
        graph.wait_until('raw images again', lambda: camera.topic_name == '/camera')
        gone = partial(graph.node.count_subscribers, '/camera/ffmpeg')
        graph.wait_until('the end of the video', lambda: not gone())
    camera.close()


def test_a_transport_that_is_not_installed_is_refused_with_the_fix(
    monkeypatch: pytest.MonkeyPatch, node: Any
) -> None:
    monkeypatch.setitem(sys.modules, 'ffmpeg_image_transport_msgs.msg', None)
    group = MutuallyExclusiveCallbackGroup()
    with pytest.raises(SettingsError, match='image_transport ffmpeg cannot be read; to fix: sudo'):
        ImageSubscription(node, '/camera', lambda _: None, group, 'ffmpeg')
