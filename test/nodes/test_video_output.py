# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The video_output node as a real process."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from builtin_interfaces.msg import Time
from rcl_interfaces.srv import ListParameters
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage, Image

from ros_deep_learning.nodes.health import image_topics
from ros_deep_learning.nodes.video_output import VideoOutputNode

TOPIC = '/video_output/image_in'


def grey(level: int, size_wh: tuple[int, int] = (64, 48)) -> np.ndarray:
    return np.full((size_wh[1], size_wh[0], 3), level, np.uint8)


def levels_of(path: Path) -> list[int]:
    """Return the mean of each frame in steps of 40."""
    capture = cv2.VideoCapture(str(path))
    levels = []
    while (read := capture.read())[0]:
        levels.append(round(read[1].mean() / 40))
    return levels


def send(graph: Any, publisher: Any, program: Any, images: list[Image], written: Any) -> None:
    """Send images one after the other, each when the one before has been taken."""
    for count, image in enumerate(images, 1):
        publisher.publish(image)
        graph.wait_until(f'image {count}: {program.text()}', lambda count=count: written(count))


@pytest.mark.parametrize(
    ('suffix', 'kind'),
    [('', Image), ('/compressed', CompressedImage), ('/ffmpeg', CompressedImage)],
)
def test_a_source_is_answered_from_when_images_can_arrive(
    spinning: Callable[..., Any],
    graph: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    suffix: str,
    kind: Any,
) -> None:
    monkeypatch.setitem(image_topics.VIDEO_TYPES, 'ffmpeg', 'sensor_msgs/msg/CompressedImage')
    spinning(VideoOutputNode, '-p', f'resource:={tmp_path / "out.avi"}')
    node = graph.node
    graph.wait_until('the subscription', lambda: node.count_subscribers(TOPIC))
    assert node.count_publishers('/video_output/written') == 0
    node.create_publisher(kind, f'{TOPIC}{suffix}', 1)
    graph.wait_until('the answers', lambda: node.count_publishers('/video_output/written'))


@pytest.mark.rclpy
@pytest.mark.smoke
@pytest.mark.parametrize(
    'number', [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_a_video_keeps_the_time_of_the_stamps_and_is_finished_by_a_signal(
    number: int,
    start: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    tmp_path: Path,
) -> None:
    path = tmp_path / 'new' / 'out.avi'
    program = start(
        'video_output', '--ros-args', '-p', f'resource:={path}', '-p', 'framerate:=1.0',
        '-p', 'qos_overrides./video_output/image_in.subscription.depth:=10',
    )  # fmt: skip
    publisher = graph.image_publisher(TOPIC)
    for index, stamp in enumerate((100, 101, 104, 105), 1):
        publisher.publish(make_image(grey(40 * index), stamp=stamp))
    graph.wait_until('the file', path.exists)
    graph.wait_until('the images', lambda: publisher.wait_for_all_acked())
    for _ in range(10):
        # In each round of its executor the node takes an image and answers.
        graph.call(ListParameters, '/video_output/list_parameters', ListParameters.Request())
    program.process.send_signal(number)
    assert program.process.wait(60) == 0
    assert levels_of(path) == [1, 2, 2, 2, 3, 4]
    assert f'wrote 4 images to {path}' in program.text()


def test_a_folder_takes_each_image_of_any_size_and_a_lie_is_left_out(
    start: Callable[..., Any], graph: Any, make_image: Callable[..., Image], tmp_path: Path
) -> None:
    program = start('video_output', '--ros-args', '-p', f'resource:={tmp_path / "seen-%d.png"}')
    publisher = graph.image_publisher(TOPIC)
    liar = make_image(grey(1))
    liar.step = 1
    publisher.publish(liar)
    graph.wait_until('the warning', lambda: 'left out an image' in program.text())
    colour = np.zeros((48, 64, 3), np.uint8)
    colour[..., 0] = 200
    images = [
        make_image(colour),
        make_image(grey(9, (32, 16))),
        make_image(np.full((10, 20), 77, np.uint8), encoding='mono8'),
    ]
    send(graph, publisher, program, images, lambda n: (tmp_path / f'seen-{n - 1}.png').exists())
    assert program.stop() == 0
    seen = [cv2.imread(str(tmp_path / f'seen-{index}.png')) for index in range(3)]
    assert [picture.shape for picture in seen] == [(48, 64, 3), (16, 32, 3), (10, 20, 3)]
    assert seen[0][0, 0].tolist() == [0, 0, 200]
    assert seen[2][0, 0].tolist() == [77, 77, 77]


def test_each_image_is_written_although_none_has_a_stamp(
    spinning: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    tmp_path: Path,
) -> None:
    resource = ('-p', f'resource:={tmp_path / "seen-%d.png"}')
    spinning(VideoOutputNode, *resource, '-p', 'every_image:=true')
    publisher = graph.image_publisher(TOPIC)
    for count in range(3):
        image = make_image(grey(40 * count))
        image.header.stamp = Time()
        publisher.publish(image)
        graph.wait_until('a picture', (tmp_path / f'seen-{count}.png').exists, timeout_s=20.0)


def test_a_new_size_in_the_middle_of_a_video_is_told_and_fitted(
    start: Callable[..., Any], graph: Any, make_image: Callable[..., Image], tmp_path: Path
) -> None:
    path = tmp_path / 'out.avi'
    program = start(
        'video_output', '--ros-args', '-p', f'resource:={path}', '-p', 'framerate:=1.0'
    )
    publisher = graph.image_publisher(TOPIC)
    publisher.publish(make_image(grey(40), stamp=1))
    graph.wait_until('the file', path.exists)
    publisher.publish(make_image(grey(80, (128, 32)), stamp=2))
    graph.wait_until('the warning', lambda: 'the images are 128x32 now' in program.text())
    assert program.stop() == 0
    assert levels_of(path) == [1, 2]


def test_a_place_that_cannot_be_written_is_told(
    start: Callable[..., Any], graph: Any, make_image: Callable[..., Image], tmp_path: Path
) -> None:
    (tmp_path / 'file').write_text('')
    path = tmp_path / 'file' / 'out.mp4'
    program = start('video_output', '--ros-args', '-p', f'resource:={path}')
    publisher = graph.image_publisher(TOPIC)
    publisher.publish(make_image(grey(40)))
    assert program.process.wait(60) == 1
    assert f'cannot write the video {path}' in program.text()
    assert 'Traceback' not in program.text()


@pytest.mark.rclpy
def test_a_best_effort_camera_is_taken_too(
    spinning: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    tmp_path: Path,
) -> None:
    spinning(VideoOutputNode, '-p', f'resource:={tmp_path / "seen"}')
    publisher = graph.node.create_publisher(Image, TOPIC, qos_profile_sensor_data)
    first = tmp_path / 'seen' / 'frame-000000.jpg'

    def sent() -> bool:
        publisher.publish(make_image(grey(9)))
        return first.exists()

    graph.wait_until('a picture', sent)
