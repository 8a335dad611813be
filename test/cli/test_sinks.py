# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Where annotated frames go."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from ros_deep_learning.cli.frames.sinks import open_sink
from ros_deep_learning.errors import ImageError
from ros_deep_learning.video.options import VideoOptions
from ros_deep_learning.video.sources import (
    FrameSource,
    PictureFolder,
    SeveralPictures,
    VideoFile,
)


@pytest.fixture
def pictures(tmp_path: Path) -> PictureFolder:
    folder = tmp_path / 'in'
    folder.mkdir()
    for name in ('a.png', 'b.png'):
        cv2.imwrite(str(folder / name), np.zeros((16, 24, 3), np.uint8))
    return PictureFolder(folder)


def write(source: FrameSource, output: str | None, count: int) -> None:
    sink = open_sink(output, source, VideoOptions())
    for index in range(count):
        sink.write(np.full((32, 48, 3), 40 * index, np.uint8))
    sink.close()
    sink.close()


def test_nowhere(pictures: PictureFolder, tmp_path: Path) -> None:
    write(pictures, None, 2)
    write(pictures, '', 2)
    assert [p.name for p in tmp_path.iterdir()] == ['in']


def test_one_picture(pictures: PictureFolder, tmp_path: Path) -> None:
    write(PictureFolder(pictures.paths[0]), str(tmp_path / 'new' / 'x.png'), 1)
    assert cv2.imread(str(tmp_path / 'new' / 'x.png')).shape == (32, 48, 3)


def test_a_folder_keeps_names(pictures: PictureFolder, tmp_path: Path) -> None:
    write(pictures, str(tmp_path / 'out'), 2)
    assert sorted(p.name for p in (tmp_path / 'out').iterdir()) == ['a.png', 'b.png']
    assert int(cv2.imread(str(tmp_path / 'out' / 'b.png'))[0, 0, 0]) == 40


@pytest.mark.parametrize('name', ['x-%d.png', 'x-%i.png', 'x-%03d.png'])
def test_numbered_pictures(pictures: PictureFolder, tmp_path: Path, name: str) -> None:
    write(pictures, str(tmp_path / name), 2)
    assert (tmp_path / (name % 1)).is_file()


@pytest.mark.parametrize('name', ['x-%d.png', 'x-%i.png', '%03d.png'])
def test_one_picture_can_be_numbered(pictures: PictureFolder, tmp_path: Path, name: str) -> None:
    write(PictureFolder(pictures.paths[0]), str(tmp_path / name), 1)
    assert (tmp_path / (name % 0)).is_file()
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize('suffix', ['avi', 'mp4'])
def test_a_video(pictures: PictureFolder, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f'out.{suffix}'
    write(pictures, str(path), 3)
    frames = list(VideoFile(path).frames())
    assert [frame.shape for frame in frames] == [(32, 48, 3)] * 3
    assert [round(float(frame.mean()), -1) for frame in frames] == [0, 40, 80]


def test_frames_of_a_video_are_brought_to_one_size(
    pictures: PictureFolder, tmp_path: Path
) -> None:
    sink = open_sink(str(tmp_path / 'out.avi'), pictures, VideoOptions())
    for size in (32, 64):
        sink.write(np.zeros((size, size, 3), np.uint8))
    sink.close()
    assert [f.shape for f in VideoFile(tmp_path / 'out.avi').frames()] == [(32, 32, 3)] * 2


def test_frames_of_a_video_get_numbers_in_a_folder(tmp_path: Path, bikes_clip: Path) -> None:
    write(VideoFile(bikes_clip), str(tmp_path / 'out'), 2)
    names = sorted(p.name for p in (tmp_path / 'out').iterdir())
    assert names == ['frame-000000.jpg', 'frame-000001.jpg']


@pytest.mark.parametrize(
    ('output', 'complaint'),
    [
        ('x.png', 'is one picture, but there are many frames'),
        ('x.txt', r'cannot write .*: expected a folder, or one of'),
        ('x-%d-%d.png', 'cannot write pictures'),
        ('file/x-%d.png', 'cannot write pictures'),
    ],
)
def test_outputs_that_cannot_be(
    pictures: PictureFolder, tmp_path: Path, output: str, complaint: str
) -> None:
    (tmp_path / 'file').write_text('')
    with pytest.raises(ImageError, match=complaint):
        open_sink(str(tmp_path / output), pictures, VideoOptions())


@pytest.mark.parametrize('output', ['in', 'in/.', 'link', 'in/x-%d.png'])
@pytest.mark.parametrize('scheme', ['', 'file://'])
def test_no_source_is_written_over(
    pictures: PictureFolder, tmp_path: Path, output: str, scheme: str
) -> None:
    (tmp_path / 'link').symlink_to(tmp_path / 'in')
    cv2.imwrite(str(tmp_path / 'in' / 'x-1.png'), np.zeros((16, 24, 3), np.uint8))
    with pytest.raises(ImageError, match='would be overwritten'):
        open_sink(f'{scheme}{tmp_path / output}', PictureFolder(tmp_path / 'in'), VideoOptions())


def test_one_picture_of_many_is_not_written_over_its_source(pictures: PictureFolder) -> None:
    folder = pictures.paths[0].parent
    with pytest.raises(ImageError, match=r'a\.png would be overwritten'):
        open_sink(str(folder), PictureFolder(folder / 'a.*'), VideoOptions())


def test_a_video_is_not_written_over_itself(tmp_path: Path, bikes_clip: Path) -> None:
    (tmp_path / 'link.mp4').symlink_to(bikes_clip)
    with pytest.raises(ImageError, match=r'link\.mp4 would be overwritten'):
        open_sink(f'file://{tmp_path}/link.mp4', VideoFile(bikes_clip), VideoOptions())


def test_no_other_file_is_overwritten_unless_forced(
    pictures: PictureFolder, tmp_path: Path, bikes_clip: Path
) -> None:
    write(pictures, str(tmp_path / 'out'), 2)
    write(VideoFile(bikes_clip), str(tmp_path / 'frames'), 1)
    write(VideoFile(bikes_clip), str(tmp_path / 'out.avi'), 1)
    again = {'out': pictures, 'out.avi': VideoFile(bikes_clip), 'frames': VideoFile(bikes_clip)}
    for name, source in again.items():
        with pytest.raises(ImageError, match=f'{name}.* is there already: add --force'):
            open_sink(str(tmp_path / name), source, VideoOptions())
        open_sink(str(tmp_path / name), source, VideoOptions(), force=True).close()


def test_two_pictures_of_one_name_do_not_share_a_file(
    pictures: PictureFolder, tmp_path: Path
) -> None:
    (tmp_path / 'other').mkdir()
    twin = tmp_path / 'other' / 'a.png'
    cv2.imwrite(str(twin), np.zeros((16, 24, 3), np.uint8))
    with pytest.raises(ImageError, match='2 inputs would be written to'):
        open_sink(str(tmp_path / 'out'), SeveralPictures([*pictures.paths, twin]), VideoOptions())


def test_outputs_may_be_told_as_addresses(pictures: PictureFolder, tmp_path: Path) -> None:
    write(PictureFolder(pictures.paths[0]), f'file://{tmp_path}/x.png', 1)
    assert (tmp_path / 'x.png').is_file()


def test_a_picture_that_cannot_be_written(pictures: PictureFolder, tmp_path: Path) -> None:
    (tmp_path / 'out' / 'a.png').mkdir(parents=True)
    sink = open_sink(str(tmp_path / 'out'), pictures, VideoOptions())
    with pytest.raises(ImageError, match=r'cannot write .*a\.png'):
        sink.write(np.zeros((8, 8, 3), np.uint8))
