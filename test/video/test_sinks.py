# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of outputs: videos, numbered pictures and their errors."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

import ros_deep_learning
from ros_deep_learning.errors import ImageError
from ros_deep_learning.paths import VIDEO_SUFFIXES
from ros_deep_learning.video.encoders import has_encoder
from ros_deep_learning.video.options import OUTPUT_CODECS, VideoOptions
from ros_deep_learning.video.sinks import open_output, write_picture


def frame(level: int = 80) -> np.ndarray:
    return np.full((48, 64, 3), level, np.uint8)


@pytest.mark.parametrize('suffix', VIDEO_SUFFIXES)
def test_a_video_without_frames_is_no_file(tmp_path: Path, suffix: str) -> None:
    sink = open_output(str(tmp_path / f'new/out{suffix}'), VideoOptions(rate_hz=25.0))
    sink.close()
    sink.close()
    assert sink.paths == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('suffix', VIDEO_SUFFIXES)
def test_each_kind_of_video(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f'out{suffix}'
    sink = open_output(f'file://{path}', VideoOptions(rate_hz=25.0))
    for _ in range(3):
        sink.write(frame())
    sink.close()
    assert sink.paths == [path]
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(25.0)
    assert abs(int(capture.read()[1].mean()) - 80) < 4


def test_a_codec_that_is_asked_for(tmp_path: Path) -> None:
    sink = open_output(str(tmp_path / 'out.avi'), VideoOptions(rate_hz=25.0, codec='mpeg4'))
    sink.write(frame())
    sink.close()
    code = int(cv2.VideoCapture(str(tmp_path / 'out.avi')).get(cv2.CAP_PROP_FOURCC))
    assert code.to_bytes(4, 'little').decode().lower() in ('mp4v', 'fmp4')


def test_a_codec_that_does_not_fit_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 'vp9' in OUTPUT_CODECS
    options = VideoOptions(rate_hz=25.0, codec='vp8')
    if has_encoder('vp8'):
        sink = open_output(str(tmp_path / 'out.mov'), options)
        with pytest.raises(ImageError, match=r'out\.mov as vp8: .*; to fix: a \.mkv takes every'):
            sink.write(frame())
        sink.close()
    monkeypatch.setitem(sys.modules, 'av', None)
    sink = open_output(str(tmp_path / 'out.mov'), options)
    with pytest.raises(ImageError, match=r'as vp8; .* every OpenCV has mjpeg in an .avi'):
        sink.write(frame())
    sink.close()


@pytest.mark.parametrize('output', ['', 'notes.txt'])
def test_what_is_no_output(output: str) -> None:
    with pytest.raises(ImageError, match=r'expected a folder, or one of .bmp'):
        open_output(output, VideoOptions(rate_hz=25.0))


@pytest.mark.parametrize('output', ['rtmp://host/out', 'ftp://host/out'])
def test_a_url_is_no_folder(output: str) -> None:
    with pytest.raises(ImageError, match=f'cannot write .{output}.: expected a path'):
        open_output(output, VideoOptions(rate_hz=25.0))


def test_one_picture_of_many_frames() -> None:
    with pytest.raises(ImageError, match='is one picture, but there are many frames'):
        open_output('out.jpg', VideoOptions(rate_hz=25.0))


def test_pictures_in_a_folder_and_by_a_pattern(tmp_path: Path) -> None:
    for output, name in (
        (tmp_path / 'a', 'frame-000000.jpg'),
        (tmp_path / 'b/x-%d.png', 'x-0.png'),
    ):
        sink = open_output(str(tmp_path / output), VideoOptions(rate_hz=25.0))
        assert sink.paths == []
        sink.write(frame())
        sink.close()
        (folder,) = sink.paths
        assert [p.name for p in folder.iterdir()] == [name]


SCRIPT = """
import os, resource, signal, sys
import numpy as np
from ros_deep_learning.errors import ImageError
from ros_deep_learning.video.encoders import has_encoder
from ros_deep_learning.video.options import VideoOptions
from ros_deep_learning.video.sinks import open_output
path, limit, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
sink = open_output(path, VideoOptions(rate_hz=30.0))
rng = np.random.default_rng(0)
try:
    for _ in range(count):
        sink.write(rng.integers(0, 256, (120, 160, 3), np.uint8))
    if not limit:
        os.kill(os.getpid(), signal.SIGKILL)
    sink.close()
except ImageError as err:
    print(err)
"""


def record(path: Path, limit: int, count: int) -> subprocess.CompletedProcess[str]:
    """Record noise in a process whose files have a limit, or which is killed at the end."""
    return subprocess.run(
        [sys.executable, '-c', SCRIPT, str(path), str(limit), str(count)],
        capture_output=True,
        text=True,
        cwd=Path(ros_deep_learning.__file__).parents[1],
    )


@pytest.mark.parametrize('name', ['out.mkv', 'out.avi', 'out.mp4', 'out-%d.png'])
def test_what_cannot_be_written_is_said(tmp_path: Path, name: str) -> None:
    done = record(tmp_path / name, 30_000 if '%' in name else 300_000, 60)
    if '%' in name:
        assert f'cannot write {tmp_path / "out-0.png"}: File too large' in done.stdout
        assert list(tmp_path.iterdir()) == []
    else:
        assert 'was not written completely: ' in done.stdout
        assert 'of 60 frames can be read; is the disk full?' in done.stdout


@pytest.mark.parametrize(
    'suffix',
    [
        '.mkv',
        '.avi',
        pytest.param('.mp4', marks=pytest.mark.skipif(not has_encoder('h264'), reason='no PyAV')),
    ],
)
def test_a_kill_costs_seconds_and_not_the_recording(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f'out{suffix}'
    assert record(path, 0, 150).returncode == -9
    capture, count = cv2.VideoCapture(str(path)), 0
    while capture.grab():
        count += 1
    assert count > 60


def test_a_picture_that_cannot_be_written_leaves_the_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = np.zeros((8, 8, 3), np.uint8)
    write_picture(tmp_path / 'a.png', frame)
    before = (tmp_path / 'a.png').read_bytes()

    def torn(path: Path, data: bytes) -> int:
        with path.open('wb') as stream:
            stream.write(data[:9])
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(Path, 'write_bytes', torn)
    with pytest.raises(ImageError, match='no space left on the disk'):
        write_picture(tmp_path / 'a.png', frame + 1)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]


def test_a_video_ends_readably_before_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = iter([100 * 2**20, 2**20])
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: SimpleNamespace(free=next(free)))
    sink = open_output(str(tmp_path / 'out.mp4'), VideoOptions(rate_hz=25.0))
    for _ in range(16):
        sink.write(frame())
    with pytest.raises(ImageError, match=r'no space left on the disk .* ends after 16 frames'):
        sink.write(frame())
    sink.close()
    assert cv2.VideoCapture(str(tmp_path / 'out.mp4')).get(cv2.CAP_PROP_FRAME_COUNT) == 16


@pytest.mark.parametrize('suffix', VIDEO_SUFFIXES)
def test_on_a_full_disk_no_video_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: SimpleNamespace(free=2**20))
    sink = open_output(str(tmp_path / f'out{suffix}'), VideoOptions(rate_hz=25.0))
    with pytest.raises(ImageError, match=r'no space left on the disk .* ends after 0 frames'):
        sink.write(frame())
    sink.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('suffix', ['.mp4', '.mov', '.mkv'])
def test_a_video_without_a_frame_ends(tmp_path: Path, suffix: str) -> None:
    # FFmpeg would crash, and with it this process.
    code = (
        'import sys; from pathlib import Path; '
        'from ros_deep_learning.video.encoders import PyAvWriter; '
        "PyAvWriter(Path(sys.argv[1]), 'h264', 30.0, (64, 48)).release()"
    )
    command = [sys.executable, '-c', code, str(tmp_path / f'out{suffix}')]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ('name', 'codec', 'read'),
    [
        ('out.mp4', 'unknown', ('h264', 'mov,mp4,m4a,3gp,3g2,mj2', 'avc1')),
        ('out.mov', 'unknown', ('h264', 'mov,mp4,m4a,3gp,3g2,mj2', 'avc1')),
        ('out.mkv', 'unknown', ('h264', 'matroska,webm', None)),
        ('out.mp4', 'h265', ('hevc', 'mov,mp4,m4a,3gp,3g2,mj2', 'hvc1')),
        ('out.mkv', 'vp8', ('vp8', 'matroska,webm', None)),
        ('out.mp4', 'vp9', ('vp9', 'mov,mp4,m4a,3gp,3g2,mj2', 'vp09')),
    ],
)
def test_browsers_play_it(
    tmp_path: Path, name: str, codec: str, read: tuple[str, str, str | None]
) -> None:
    av = pytest.importorskip('av')
    sink = open_output(str(tmp_path / name), VideoOptions(rate_hz=29.97, codec=codec))
    # Chroma has half the size, so an odd one is a case of its own.
    for level in (40, 80, 200):
        sink.write(np.full((47, 63, 3), level, np.uint8))
    sink.close()
    with av.open(str(tmp_path / name)) as file:
        (stream,) = file.streams
        assert (stream.codec_context.name, file.format.name) == read[:2]
        assert read[2] in (None, stream.codec_context.codec_tag)
        assert stream.codec_context.pix_fmt == 'yuv420p'
        assert stream.average_rate == pytest.approx(Fraction(2997, 100), rel=0.01)
        shown = [each.to_ndarray(format='bgr24') for each in file.decode(stream)]
    assert [each.shape for each in shown] == [(48, 64, 3)] * 3
    assert [each.mean() for each in shown] == pytest.approx([40, 80, 200], abs=4)


def test_without_pyav_it_is_the_codec_of_opencv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, 'av', None)
    sink = open_output(str(tmp_path / 'out.mp4'), VideoOptions(rate_hz=25.0))
    sink.write(frame())
    sink.close()
    code = int(cv2.VideoCapture(str(tmp_path / 'out.mp4')).get(cv2.CAP_PROP_FOURCC))
    assert code.to_bytes(4, 'little').decode().lower() in ('mp4v', 'fmp4')


def test_an_encoder_that_cannot_write_there_is_told(tmp_path: Path) -> None:
    pytest.importorskip('av')
    (tmp_path / 'out.mp4').mkdir()
    sink = open_output(str(tmp_path / 'out.mp4'), VideoOptions(rate_hz=25.0))
    with pytest.raises(ImageError, match=r'cannot write the video .*out\.mp4 as h264: '):
        sink.write(frame())
    sink.close()


@pytest.mark.parametrize('codec', ['h264', 'h265'])
def test_a_bit_rate_bounds_a_file(tmp_path: Path, codec: str) -> None:
    pytest.importorskip('av')
    noise = np.random.default_rng(0).integers(0, 256, (50, 96, 128, 3), np.uint8)
    sizes = []
    for bitrate in (0, 200_000):
        sink = open_output(
            str(tmp_path / f'{bitrate}.mkv'),
            VideoOptions(rate_hz=25.0, codec=codec, bitrate=bitrate),
        )
        for image in noise:
            sink.write(image)
        sink.close()
        sizes.append((tmp_path / f'{bitrate}.mkv').stat().st_size)
    # Two seconds; an encoder may take twice its rate for noise.
    assert sizes[1] < 2 * 2 * 200_000 / 8 < sizes[0]


@pytest.mark.parametrize('codec', ['vp8', 'vp9', 'mjpeg', 'mpeg4'])
def test_a_higher_bit_rate_gives_a_better_file(
    tmp_path: Path, bikes_frames: list[Any], codec: str
) -> None:
    pytest.importorskip('av')
    sizes, errors = [], []
    for bitrate in (200_000, 2_000_000):
        path = tmp_path / f'{bitrate}.mkv'
        sink = open_output(str(path), VideoOptions(codec=codec, bitrate=bitrate))
        for image in 3 * bikes_frames:
            sink.write(image)
        sink.close()
        sizes.append(path.stat().st_size)
        capture = cv2.VideoCapture(str(path))
        shown = [capture.read()[1] for _ in range(12)]
        errors.append(np.abs(np.int16(shown) - np.int16(3 * bikes_frames)).mean())
    assert sizes[0] < 0.9 * sizes[1]
    assert errors[1] < errors[0]


def test_a_bit_rate_without_pyav_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, 'av', None)
    sink = open_output(str(tmp_path / 'out.avi'), VideoOptions(bitrate=1_000_000))
    sink.write(frame())
    sink.close()
    assert 'the bit rate has no effect, OpenCV chooses that of mjpeg' in caplog.text
