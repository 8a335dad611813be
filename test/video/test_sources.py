# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of frames from videos and pictures."""

from __future__ import annotations

from fractions import Fraction
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
    assert "1.png' is no picture that OpenCV decodes" in record.getMessage()
    assert record.getMessage().endswith(': left out (1 so far)')


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


def encoded(path: Path, pixels: str, size_wh: tuple[int, int], times: range | list[int]) -> None:
    av = pytest.importorskip('av')
    codec = 'ffv1' if pixels == 'bgr0' else 'libx264'
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = size_wh
        stream.pix_fmt = pixels
        for index, time in enumerate(times):
            image = np.full((size_wh[1], size_wh[0], 3), 12 * index, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format='bgr24')
            frame.pts, frame.time_base = time, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


@pytest.mark.parametrize(
    ('pixels', 'size_wh', 'times'),
    [
        ('yuv420p10le', (64, 48), range(20)),
        ('yuv422p', (64, 47), range(20)),
        ('yuv444p', (63, 47), range(20)),
        ('bgr0', (63, 47), range(20)),
        ('yuv420p', (64, 48), [0, 1, 2, 10, 11, 40, 41, 42, 43, 100]),
    ],
    ids=['10 bits', 'odd height', 'odd size', 'lossless', 'variable rate'],
)
def test_unusual_videos_are_read_whole(
    tmp_path: Path,
    pixels: str,
    size_wh: tuple[int, int],
    times: range | list[int],
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = tmp_path / 'clip.mkv'
    encoded(path, pixels, size_wh, times)
    frames = list(open_frames(str(path)).frames())
    assert {frame.shape for frame in frames} == {(size_wh[1], size_wh[0], 3)}
    means = [frame.mean() for frame in frames]
    np.testing.assert_allclose(means, 12 * np.arange(len(times)), atol=5)
    assert caplog.messages == []


def test_a_video_that_was_cut_off_plays_as_far_as_it_goes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / 'clip.mkv'
    encoded(path, 'bgr0', (64, 48), range(20))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    count = sum(1 for _ in open_frames(str(path)).frames())
    assert 0 < count < 20
    assert caplog.messages == [f'{path} broke off after {count} of 20 frames']
