# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The video_source node as a real process, and the frames it plays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import Image

from ros_deep_learning.errors import ImageError
from ros_deep_learning.nodes.frames import open_frames


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / 'pictures'
    folder.mkdir()
    for index in range(3):
        picture = np.full((32, 48, 3), (10 * index, 100, 200), np.uint8)
        assert cv2.imwrite(str(folder / f'{index}.png'), picture)
    (folder / 'notes.txt').write_text('no picture')
    return folder


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match='no picture in'):
        open_frames(str(tmp_path))


@pytest.mark.parametrize('resource', ['', '/no/such/file.mp4'])
def test_nothing_there_is_refused(resource: str) -> None:
    with pytest.raises(ImageError, match='set the parameter resource'):
        open_frames(resource)


def test_a_file_that_is_no_video_is_refused(tmp_path: Path) -> None:
    path = tmp_path / 'fake.mp4'
    path.write_bytes(b'not a video at all')
    with pytest.raises(ImageError, match=r'cannot read .*fake\.mp4 as a video'):
        open_frames(str(path))


def test_a_broken_picture_is_named(pictures: Path) -> None:
    (pictures / '1.png').write_bytes(b'broken')
    frames = open_frames(str(pictures)).frames()
    next(frames)
    with pytest.raises(ImageError, match=r'1\.png'):
        next(frames)


def test_a_folder_plays_in_the_order_of_names_and_again(pictures: Path) -> None:
    source = open_frames(f'file://{pictures}')
    for _ in range(2):
        assert [int(frame[0, 0, 0]) for frame in source.frames()] == [0, 10, 20]


def test_a_video_plays_whole_at_its_own_rate(bikes_clip: Path) -> None:
    source = open_frames(str(bikes_clip))
    assert source.rate_hz == pytest.approx(25.0, abs=0.1)
    shapes = [frame.shape for frame in source.frames()]
    assert shapes == [(272, 640, 3)] * 250


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
    assert program.process.wait(30) == 0
    assert 'the end, after 6 frames' in program.text()


def test_a_missing_resource_is_one_line_and_exit_code_1(start: Callable[..., Any]) -> None:
    program = start('video_source', '--ros-args', '-p', 'resource:=/no/such.mp4')
    assert program.process.wait(30) == 1
    assert "error: no file or folder '/no/such.mp4'" in program.text()
    assert 'Traceback' not in program.text()
