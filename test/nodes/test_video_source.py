# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The video_source node as a real process."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image
from web_video import WebVideo, jpeg

from ros_deep_learning.errors import DeepLearningError, SettingsError
from ros_deep_learning.nodes import video_source
from ros_deep_learning.nodes.messages.calibration_file import read_calibration
from ros_deep_learning.nodes.video_source import VideoSourceNode
from ros_deep_learning.video.stamped import StampedFrame

BROKEN = """
import sys
from ros_deep_learning.video.sources import PictureFolder
from ros_deep_learning.nodes.video_source import main

def frames(self):
    yield from ()
    raise MemoryError('what nobody foresaw')

PictureFolder.frames = frames
sys.exit(main())
"""


@pytest.mark.rclpy
@pytest.mark.smoke
def test_every_frame_arrives_then_the_process_ends(
    start: Callable[..., Any], graph: Any, pictures: Path
) -> None:
    images = graph.inbox('/video_source/raw', Image)
    program = start(
        'video_source', '--ros-args',
        '-p', f'resource:={pictures}', '-p', 'framerate:=20.0', '-p', 'loop:=1',
        '-p', 'wait_for_subscriber:=true', '-p', 'frame_id:=left',
    )  # fmt: skip
    graph.wait_until('six frames', lambda: len(images) == 6)
    assert [m.data[0] for m in images.messages] == [0, 10, 20, 0, 10, 20]
    assert {(m.encoding, m.width, m.height, m.step) for m in images.messages} == {
        ('bgr8', 48, 32, 144)
    }
    assert {m.header.frame_id for m in images.messages} == {'left'}
    stamps = [(m.header.stamp.sec, m.header.stamp.nanosec) for m in images.messages]
    assert stamps == sorted(stamps)
    assert stamps[0][0] > 0
    assert program.process.wait(60) == 0
    assert 'the end, after 6 frames' in program.text()


@pytest.mark.rclpy
def test_a_build_without_our_messages_plays_a_file_too(
    spinning: Callable[..., Any], graph: Any, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_source, 'message_type', lambda name: None)
    images = graph.inbox('/video_source/raw', Image)
    arguments = (
        '-p',
        f'resource:={pictures}',
        '-p',
        'wait_for_nodes:=detectnet',
        '-p',
        'loop:=-1',
    )
    spinning(VideoSourceNode, *arguments)
    graph.wait_until('a frame', lambda: len(images))


def test_what_nobody_foresaw_ends_the_process(
    program_type: Any, ros_domain: int, pictures: Path, tmp_path: Path
) -> None:
    arguments = ['--ros-args', '-p', f'resource:={pictures}']
    program = program_type([sys.executable, '-c', BROKEN, *arguments], tmp_path / 'log')
    assert program.process.wait(60) == 1
    assert 'MemoryError: what nobody foresaw' in program.text()


class Stamped:
    """A stream whose frames tell that they were captured so many seconds ago."""

    live, rate_hz = True, 20.0

    def __init__(self, ago_s: float) -> None:
        self.told_ns: list[int] = []
        self._ago_ns = round(ago_s * 1e9)

    def frames(self) -> Iterator[Any]:
        raise NotImplementedError

    def stamped_frames(self) -> Iterator[StampedFrame]:
        while True:
            time.sleep(0.05)
            self.told_ns.append(time.time_ns() - self._ago_ns)
            yield StampedFrame(np.zeros((4, 6, 3), np.uint8), self.told_ns[-1])


@pytest.mark.parametrize('ago_s', [3.0, 3600.0])
def test_the_stamp_is_the_time_of_capture_unless_clocks_differ(
    spinning: Callable[..., Any],
    graph: Any,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    ago_s: float,
) -> None:
    stream = Stamped(ago_s)
    monkeypatch.setattr(video_source, 'open_frames', lambda *_: stream)
    images = graph.inbox('/video_source/raw', Image)
    spinning(VideoSourceNode, '-p', 'resource:=rtsp://camera/a')
    graph.wait_until('a frame', lambda: len(images) > 0)
    stamp = images.messages[0].header.stamp
    stamp_ns = stamp.sec * 10**9 + stamp.nanosec
    told = 'tells a time of capture that is 3600.' in capfd.readouterr().err
    if ago_s < 10:
        assert stamp_ns in stream.told_ns
        assert not told
    else:
        assert 0 <= time.time_ns() - stamp_ns < 60e9
        assert told


@pytest.mark.rclpy
def test_shape_and_turn(spinning: Callable[..., Any], graph: Any, pictures: Path) -> None:
    images = graph.inbox('/video_source/raw', Image)
    spinning(
        VideoSourceNode, '-p', f'resource:={pictures}/*.png', '-p', 'loop:=-1',
        '-p', 'framerate:=20.0', '-p', 'flip:=clockwise', '-p', 'width:=16',
    )  # fmt: skip
    graph.wait_until('frames', lambda: len(images) > 4)
    assert {(m.width, m.height) for m in images.messages} == {(16, 24)}


CALIBRATION = """
image_width: 96
image_height: 64
camera_name: front
camera_matrix: {rows: 3, cols: 3, data: [80.0, 0, 48.0, 0, 82.0, 32.0, 0, 0, 1]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [0.1, -0.2, 0, 0, 0]}
rectification_matrix: {rows: 3, cols: 3, data: [1, 0, 0, 0, 1, 0, 0, 0, 1]}
projection_matrix: {rows: 3, cols: 4, data: [80.0, 0, 48.0, 0, 0, 82.0, 32.0, 0, 0, 0, 1, 0]}
"""


def test_the_calibration_is_published_beside_the_images_in_their_size(
    spinning: Callable[..., Any], graph: Any, pictures: Path, tmp_path: Path
) -> None:
    path = tmp_path / 'front.yaml'
    path.write_text(CALIBRATION)
    images = graph.inbox('/front/image_raw', Image)
    infos = graph.inbox('/front/camera_info', CameraInfo)
    spinning(
        VideoSourceNode, '-r', '~/raw:=/front/image_raw', '-p', f'resource:={pictures}/*.png',
        '-p', 'loop:=-1', '-p', 'framerate:=20.0', '-p', f'camera_info_url:=file://{path}',
    )  # fmt: skip
    graph.wait_until('both', lambda: len(images) > 2 and len(infos) > 2)
    info = infos.messages[0]
    assert (info.width, info.height, info.distortion_model) == (48, 32, 'plumb_bob')
    assert list(info.k) == [40.0, 0, 24.0, 0, 41.0, 16.0, 0, 0, 1]
    assert list(info.d) == [0.1, -0.2, 0, 0, 0]
    stamps = {str(m.header.stamp) for m in images.messages}
    assert {str(m.header.stamp) for m in infos.messages} & stamps


@pytest.mark.parametrize(
    ('text', 'cause'),
    [
        (None, 'No such file'),
        ('', 'is no calibration of camera_info_manager'),
        ('{{', 'is no calibration of camera_info_manager'),
        (CALIBRATION.replace('image_width: 96', ''), 'has no image_width'),
        (CALIBRATION.replace('image_height: 64', 'image_height: 0'), 'is for images of 96x0'),
        (CALIBRATION.replace('image_width: 96', 'image_width: -96'), 'is for images of -96x64'),
        (CALIBRATION.replace('[1, 0, 0, 0, 1,', '[1, 0, 0,'), 'expected 9 numbers'),
        (CALIBRATION.replace('82.0, 32.0, 0, 0, 1]', 'a, b, 0, 0, 1]'), 'could not convert'),
    ],
)
def test_what_is_no_calibration(tmp_path: Path, text: str | None, cause: str) -> None:
    path = tmp_path / 'front.yaml'
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingsError, match=cause):
        read_calibration(str(path))


@pytest.mark.parametrize('url', ['http://host/x.yaml', 'package://no_such_package/x.yaml'])
def test_where_no_calibration_is(url: str) -> None:
    with pytest.raises(SettingsError, match=r'expected a path|there is no package'):
        read_calibration(url)


def test_a_stream_that_goes_is_waited_for_and_played_again(
    start: Callable[..., Any], graph: Any
) -> None:
    # A reader that is slow would miss most of a burst.
    shown, period_s = [jpeg(90)] * 10, 0.1
    stream = WebVideo(shown, period_s=period_s)
    images = graph.inbox('/video_source/raw', Image, 50)
    program = start(
        'video_source', '--ros-args', '-p', f'resource:={stream.url}',
        '-p', 'wait_for_subscriber:=true',
    )  # fmt: skip
    graph.wait_until('frames', lambda: len(images) >= 3)
    graph.wait_until('its end', lambda: 'gives no more frames; waiting for it' in program.text())
    stream.close()
    seen = len(images)
    stream = WebVideo(shown, stream.port, period_s=period_s)
    graph.wait_until('frames again', lambda: len(images) > seen)
    assert program.process.poll() is None
    assert program.stop() == 0
    assert program.text().count('waiting for it') == 1
    stream.close()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Five frames, whose values tell them apart."""
    path = tmp_path / 'clip.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 20.0, (64, 48))
    for index in range(5):
        writer.write(np.full((48, 64, 3), 40 * index, np.uint8))
    writer.release()
    return path


def test_a_video_of_a_web_server_plays_to_its_end(
    spinning: Callable[..., Any], graph: Any, clip: Path
) -> None:
    server = WebVideo(clip)
    images = graph.inbox('/video_source/raw', Image, 50)
    arguments = ('-p', f'resource:={server.url}', '-p', 'wait_for_subscriber:=true')
    node = spinning(VideoSourceNode, *arguments, '-p', 'loop:=1')
    graph.wait_until('the end', node.finished.done)
    server.close()
    assert node.finished.result() == 0
    graph.wait_until('all images', lambda: len(images) == 10)
    values = [m.data[0] for m in images.messages]
    assert np.abs(np.subtract(values, [0, 40, 80, 120, 160] * 2)).max() < 3


@pytest.mark.parametrize('loop', [-1, 0, 2])
def test_a_video_without_a_frame_is_an_error_however_often_it_is_played(
    spinning: Callable[..., Any], graph: Any, clip: Path, loop: int
) -> None:
    data = bytearray(clip.read_bytes())
    begin, end = data.index(b'\xff\xd8'), data.rindex(b'\xff\xd9')
    data[begin:end] = bytes(end - begin)
    clip.write_bytes(data)
    node = spinning(VideoSourceNode, '-p', f'resource:={clip}', '-p', f'loop:={loop}')
    graph.wait_until('the end', node.finished.done)
    assert node.finished.result() == 1


@pytest.mark.parametrize(
    ('resource', 'words'),
    [
        ('ftp://host/in', 'cannot play ftp://host/in: known are file://'),
        ('csi://0', 'csi://0 needs an OpenCV built with GStreamer'),
    ],
)
def test_what_this_opencv_cannot_play_is_told(
    spinning: Callable[..., Any], resource: str, words: str
) -> None:
    with pytest.raises(DeepLearningError, match=re.escape(words)):
        spinning(VideoSourceNode, '-p', f'resource:={resource}')
