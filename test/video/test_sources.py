# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of frames from videos and pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from ros_deep_learning.errors import ImageError
from ros_deep_learning.video.sources import open_frames


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
    with pytest.raises(ImageError, match='no file or folder'):
        open_frames(resource)


def test_a_file_that_is_no_video_is_refused(tmp_path: Path) -> None:
    path = tmp_path / 'fake.mp4'
    path.write_bytes(b'not a video at all')
    with pytest.raises(ImageError, match=r'cannot read .*fake\.mp4 as a video'):
        open_frames(str(path))


def test_a_broken_picture_is_named_and_left_out(
    pictures: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (pictures / '1.png').write_bytes(b'broken')
    assert [int(f[0, 0, 0]) for f in open_frames(str(pictures)).frames()] == [0, 20]
    (record,) = caplog.records
    assert '1.png as a picture: left out (1 so far)' in record.getMessage()


def test_a_folder_of_broken_pictures_is_an_error(pictures: Path) -> None:
    for index in range(3):
        (pictures / f'{index}.png').write_bytes(b'broken')
    with pytest.raises(ImageError, match=r'2\.png'):
        list(open_frames(str(pictures)).frames())


def test_a_video_without_a_frame_is_an_error(pictures: Path) -> None:
    path = pictures / 'clip.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 20.0, (64, 48))
    writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    data = path.read_bytes()
    begin, end = data.index(b'\xff\xd8'), data.index(b'\xff\xd9')
    path.write_bytes(data[:begin] + bytes(end - begin) + data[end:])
    with pytest.raises(ImageError, match='has no frame that can be decoded'):
        list(open_frames(str(path)).frames())


def test_a_folder_plays_in_the_order_of_names_and_again(pictures: Path) -> None:
    source = open_frames(f'file://{pictures}')
    for _ in range(2):
        assert [int(frame[0, 0, 0]) for frame in source.frames()] == [0, 10, 20]


def test_a_video_plays_whole_at_its_own_rate(bikes_clip: Path) -> None:
    source = open_frames(str(bikes_clip))
    assert source.rate_hz == pytest.approx(25.0, abs=0.1)
    shapes = [frame.shape for frame in source.frames()]
    assert shapes == [(272, 640, 3)] * 250
