# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of a camera that the node reads itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from mirror import MirrorNode
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.serialization import deserialize_message
from rclpy.time import Time
from sensor_msgs.msg import Image

from ros_deep_learning.errors import ImageError, RclpyError, SettingsError
from ros_deep_learning.nodes.parameters.vision_settings import VisionSettings
from ros_deep_learning.nodes.stream.own_camera import OwnCamera
from ros_deep_learning.video.options import VideoOptions

WAIT_S = 20.0


def wait_until(reached: Callable[[], Any]) -> None:
    end_s = time.monotonic() + WAIT_S
    while not reached():
        assert time.monotonic() < end_s
        time.sleep(0.01)


class Reader:
    """What a camera gives, and what its node says."""

    def __init__(self) -> None:
        self.cameras: list[OwnCamera] = []
        self.frames: list[Any] = []
        self.published: list[Image] = []
        self.said: list[str] = []
        self.wanted = False
        self.refused = 0

    def read(self, resource: str, **options: Any) -> OwnCamera:
        def say(text: str, **_: Any) -> None:
            self.said.append(text)

        log = SimpleNamespace(info=say, warning=say, error=say)
        node: Any = SimpleNamespace(
            get_logger=lambda: log,
            get_clock=lambda: SimpleNamespace(now=lambda: Time(nanoseconds=time.time_ns())),
            get_parameter=lambda _: SimpleNamespace(value=False),
        )
        self.cameras.append(
            OwnCamera(
                node,
                resource,
                VideoOptions(**options),
                'front',
                self.frames.append,
                wanted=lambda: self.wanted,
                publish=self._publish,
            )
        )
        return self.cameras[-1]

    def _publish(self, message: np.ndarray) -> None:
        if self.refused:
            self.refused -= 1
            msg = 'no room'
            raise RclpyError(msg)
        self.published.append(deserialize_message(message.tobytes(), Image))


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    for camera in reader.cameras:
        camera.close()


def test_frames_come_with_header_and_pixels_and_none_after_the_end(reader: Reader) -> None:
    camera = reader.read('pattern://bars', width=64, height=48, rate_hz=100.0)
    wait_until(lambda: len(reader.frames) > 3)
    camera.close()
    count = len(reader.frames)
    time.sleep(0.05)
    assert len(reader.frames) == count
    first, second = reader.frames[:2]
    assert first.header.frame_id == 'front'
    assert 0 < first.stamp_ns < second.stamp_ns
    assert first.topic == camera.topic_name == 'pattern://bars'
    assert first.encoding == 'bgr8'
    pixels = first.pixels()
    assert (pixels.size_wh, pixels.order) == ((64, 48), 'bgr')
    assert pixels.array[0, 0].tolist() == [191, 191, 191]
    assert reader.published == []


def test_images_are_published_while_somebody_wants_them(reader: Reader) -> None:
    reader.read('pattern://bars', width=64, height=48, rate_hz=100.0)
    wait_until(lambda: reader.frames)
    reader.wanted = True
    wait_until(lambda: reader.published)
    message = reader.published[0]
    (frame,) = (f for f in tuple(reader.frames) if f.header == message.header)
    assert (message.encoding, message.width, message.height) == ('bgr8', 64, 48)
    assert bytes(message.data) == frame.pixels().array.tobytes()


def test_an_image_that_cannot_be_published_ends_no_camera(reader: Reader) -> None:
    reader.refused, reader.wanted = 2, True
    camera = reader.read('pattern://bars', width=64, height=48, rate_hz=100.0)
    wait_until(lambda: reader.published)
    assert reader.published[0].header.stamp == reader.frames[2].header.stamp
    assert reader.said == ['an image of pattern://bars was not published: no room'] * 2
    assert camera.silence() == 'pattern://bars gives no frame'


def test_a_file_is_played_at_its_rate_and_its_end_is_the_reason_for_silence(
    reader: Reader, tmp_path: Path
) -> None:
    for value in (10, 200):
        cv2.imwrite(str(tmp_path / f'{value:03}.png'), np.full((48, 64, 3), value, np.uint8))
    began_ns = time.monotonic_ns()
    camera = reader.read(str(tmp_path), rate_hz=50.0)
    wait_until(lambda: 'ended' in camera.silence())
    assert camera.silence() == f'{tmp_path} has ended, after 2 frames'
    assert reader.said == [camera.silence()]
    assert [int(frame.pixels().array[0, 0, 0]) for frame in reader.frames] == [10, 200]
    # Due 20 ms after the first was, which may have come late.
    assert reader.frames[1].arrival_ns - began_ns >= 20e6


def test_a_camera_that_is_away_is_waited_for(reader: Reader) -> None:
    camera = reader.read('/dev/video77')
    wait_until(lambda: reader.said)
    assert '/dev/video77' in camera.silence()
    assert reader.said[0].endswith('; waiting for it')
    began_s = time.monotonic()
    camera.close()
    assert time.monotonic() - began_s < 1.0


def test_what_does_not_exist_is_an_error_at_once(reader: Reader) -> None:
    with pytest.raises(ImageError, match='nowhere'):
        reader.read('/nowhere/at/all')


def test_several_cameras_cannot_be_read() -> None:
    with pytest.raises(SettingsError, match='expected no cameras'):
        VisionSettings(input='/dev/video0', cameras='front, rear')


@pytest.mark.rclpy
def test_a_node_reads_its_camera_and_publishes_it_for_others(
    spinning: Callable[..., Any], graph: Any
) -> None:
    values = ('input:=pattern://bars', 'input_width:=64', 'input_height:=48')
    node = spinning(MirrorNode, *(word for value in values for word in ('-p', value)))
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    flipped = graph.inbox('/mirror/flipped', Image, 10)
    raw = graph.inbox('/mirror/image_raw', Image, 10)

    def both() -> bool:
        stamps = {str(message.header.stamp) for message in tuple(raw.messages)}
        return any(str(message.header.stamp) in stamps for message in tuple(flipped.messages))

    graph.wait_until('a result and its image', both)
    (camera,) = node.cameras
    assert graph.node.count_subscribers('/mirror/image_in') == 0
    graph.node.destroy_subscription(flipped.subscription)
    before = camera.statistics.snapshot().unwanted
    # The images alone are no reason to run the network.
    graph.wait_until('idleness', lambda: camera.statistics.snapshot().unwanted > before)
    assert node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
