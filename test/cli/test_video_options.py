# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The options of sources and outputs in the programs, and a camera that goes and comes back."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ros_deep_learning.cli import imagenet
from ros_deep_learning.cli.frames import inputs, sinks
from ros_deep_learning.cli.frames.replay import watchers_wait
from ros_deep_learning.cli.old_names import video_viewer
from ros_deep_learning.errors import CameraError, SenderAwaitedError
from ros_deep_learning.video import play
from ros_deep_learning.video.arguments import add_source_arguments, source_options
from ros_deep_learning.video.options import VideoOptions
from ros_deep_learning.video.sinks import open_output
from ros_deep_learning.video.streams.rtp_sink import RtpSink

WIDTH, HEIGHT = 64, 48


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two pictures whose left half is white."""
    folder = tmp_path / 'in'
    folder.mkdir()
    for name in ('a.png', 'b.png'):
        picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        picture[:, : WIDTH // 2] = 255
        cv2.imwrite(str(folder / name), picture)
    return folder


def frames_of(path: Path) -> list[NDArray[np.uint8]]:
    capture = cv2.VideoCapture(str(path))
    found = []
    while (one := capture.read())[0]:
        found.append(np.asarray(one[1], np.uint8))
    return found


def viewed(source: Path, output: Path, *options: str) -> list[NDArray[np.uint8]]:
    assert video_viewer.main([str(source), *options, str(output)]) == 0
    return frames_of(output)


def test_frames_are_turned_and_scaled(pictures: Path, tmp_path: Path) -> None:
    (one, _) = viewed(pictures, tmp_path / '1.avi', '--input-flip=clockwise')
    assert one.shape == (WIDTH, HEIGHT, 3)
    assert one[5, 20].min() > 200
    assert one[-5, 20].max() < 50
    (one, _) = viewed(pictures, tmp_path / '2.avi', '--input_width', '32')
    assert one.shape == (HEIGHT // 2, WIDTH // 2, 3)
    (one, _) = viewed(pictures, tmp_path / '3.avi', '--width=32', '--height=32')
    assert one.shape == (32, 32, 3)


def test_pictures_are_repeated(pictures: Path, tmp_path: Path) -> None:
    assert len(viewed(pictures, tmp_path / '1.avi', '--input-loop=2')) == 6
    assert len(viewed(pictures, tmp_path / '2.avi', '--loop=-1', '--limit=5')) == 5
    assert video_viewer.main([str(pictures), str(tmp_path / 'out'), '--loop=1']) == 0
    names = sorted(path.name for path in (tmp_path / 'out').iterdir())
    assert names == ['a.png', 'b.png', 'frame-000002.jpg', 'frame-000003.jpg']


def test_a_video_is_repeated(bikes_clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [str(bikes_clip), 'display://0', '--headless', '--loop=1', '--width=16']
    assert video_viewer.main(command) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith('nowhere: 500 frames in ')


def test_rate_and_codec_of_a_video(pictures: Path, tmp_path: Path) -> None:
    av = pytest.importorskip('av')
    asked = ('--input-rate=5', '--output-codec=h265', '--bitrate=900000')
    viewed(pictures, tmp_path / '1.mkv', *asked)
    viewed(pictures, tmp_path / '2.mkv', *asked, '--output-rate=12')
    for name, rate_hz in (('1.mkv', 5), ('2.mkv', 12)):
        with av.open(str(tmp_path / name)) as file:
            (stream,) = file.streams
            assert stream.codec_context.name == 'hevc'
            assert stream.average_rate == rate_hz


def test_a_program_has_them_too(
    astronaut: NDArray[np.uint8], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture, output = tmp_path / 'astronaut.png', tmp_path / 'out.avi'
    cv2.imwrite(str(picture), astronaut[..., ::-1])
    options = ('--input-loop=2', '--input-flip=rotate-180', '--input-rate=7', '--input-width=256')
    assert imagenet.main([str(picture), *options, str(output), '--backend=onnxruntime']) == 0
    assert '(mjpeg): 3 frames' in capsys.readouterr().out.splitlines()[-1]
    assert frames_of(output)[0].shape == (256, 256, 3)
    assert cv2.VideoCapture(str(output)).get(cv2.CAP_PROP_FPS) == 7
    turned = cv2.resize(astronaut[::-1, ::-1, ::-1], (256, 256), interpolation=cv2.INTER_AREA)
    # Below the text of the class.
    assert np.abs(frames_of(output)[2][60:].astype(int) - turned[60:]).mean() < 8


def test_codec_and_latency_reach_the_source() -> None:
    parser = argparse.ArgumentParser()
    add_source_arguments(parser)
    read = parser.parse_args(['--input-codec=mjpeg', '--input-latency=150', '--input-rate=15'])
    assert source_options(read) == VideoOptions(codec='mjpeg', latency_ms=150, rate_hz=15.0)
    assert source_options(read, loop=-1).loop == -1
    assert source_options(parser.parse_args(['--loop=3']), loop=-1).loop == 3


@pytest.mark.parametrize(
    ('option', 'words'),
    [
        ('--input-flip=round', '--input-flip: expected one of none, counterclockwise, '),
        ('--input-codec=x', '--input-codec: expected one of unknown, raw, mjpeg, '),
        ('--input-width=-1', '--input-width: expected 0 to 32768, got -1'),
        ('--input-rate=nan', '--input-rate: expected 0 to 1000, got nan'),
        ('--input-loop=-2', '--input-loop: expected -1 to 1e+06, got -2'),
        ('--output-codec=divx', '--output-codec: expected one of unknown, h264, '),
        ('--bitrate=-4', '--bitrate: expected 0 to 2e+09, got -4'),
    ],
)
def test_wrong_values(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, words: str
) -> None:
    command = [str(pictures), str(tmp_path / 'out.avi'), option]
    assert video_viewer.main(command) == 1
    assert capsys.readouterr().err.startswith(f'video-viewer: {words}')
    assert imagenet.main(command) == 1
    assert capsys.readouterr().err.startswith(f'imagenet: {words}')


class Unplugged:
    """A camera that gives two frames each time it is opened, until it is away for good."""

    live, rate_hz = True, 30.0

    def __init__(self, opened: int) -> None:
        self._left = opened

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        if not self._left:
            msg = 'no camera at /dev/video9; this machine has no V4L2 device'
            raise CameraError(msg)
        self._left -= 1
        yield from np.zeros((2, HEIGHT, WIDTH, 3), np.uint8)
        msg = '/dev/video9 gives no more frames'
        raise CameraError(msg)


def with_camera(patch: pytest.MonkeyPatch, camera: Any) -> None:
    patch.setattr(inputs, 'open_frames', lambda *_: camera)
    patch.setattr(play, 'FIRST_WAIT_S', 0.01)


def test_a_camera_that_was_unplugged_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with_camera(monkeypatch, Unplugged(3))
    command = ['/dev/video9', '--backend=onnxruntime', '--limit=6']
    assert imagenet.main(command) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith('6 frames in ')
    told = [one.message for one in caplog.records if 'waiting for it' in one.message]
    assert told == ['/dev/video9 gives no more frames; waiting for it, Ctrl-C ends']


def test_a_camera_that_was_never_there_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_camera(monkeypatch, Unplugged(0))
    assert video_viewer.main(['/dev/video9', 'display://0', '--headless']) == 1
    assert capsys.readouterr().err.startswith('video-viewer: no camera at /dev/video9; ')


def test_a_source_that_listens_is_waited_for_from_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Listening(Unplugged):
        """A server that two attempts find without a sender."""

        def frames(self) -> Iterator[NDArray[np.uint8]]:
            if not self._left:
                yield from np.zeros((2, HEIGHT, WIDTH, 3), np.uint8)
                return
            self._left -= 1
            msg = 'nobody sends to webrtc://@:8554/name'
            raise SenderAwaitedError(msg)

    with_camera(monkeypatch, Listening(2))
    # It goes on listening, so that no pause is made.
    monkeypatch.setattr(play, 'FIRST_WAIT_S', 60.0)
    assert video_viewer.main(['webrtc://@:8554/name', str(tmp_path / 'seen'), '--limit=2']) == 0
    assert len(list((tmp_path / 'seen').iterdir())) == 2
    told = [one.message for one in caplog.records if 'waiting for it' in one.message]
    assert told == ['nobody sends to webrtc://@:8554/name; waiting for it, Ctrl-C ends']


def test_a_video_of_a_camera_keeps_its_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_camera(monkeypatch, Unplugged(2))
    # Of 30 frames a second: a tenth of a second is three, and a repeated one is none.
    times_s = iter([0.0, 0.1, 0.101, 0.2])
    monkeypatch.setattr(sinks, 'monotonic_ns', lambda: round(1e9 * next(times_s)))
    output = tmp_path / 'out.avi'
    assert video_viewer.main(['/dev/video9', str(output), '--limit=4']) == 0
    assert len(frames_of(output)) == 7


def test_what_is_watched_keeps_the_rate_of_a_file(tmp_path: Path) -> None:
    pytest.importorskip('av')
    with closing(RtpSink('rtp://127.0.0.1:5004', VideoOptions())) as stream:
        assert watchers_wait(stream) is not None
    assert watchers_wait(open_output(str(tmp_path / 'out.avi'), VideoOptions())) is None


class Interrupted:
    """A camera of which the user has seen enough after two frames."""

    live, rate_hz = True, 30.0

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        yield from np.zeros((2, HEIGHT, WIDTH, 3), np.uint8)
        raise KeyboardInterrupt


@pytest.mark.parametrize('program', [imagenet, video_viewer])
def test_an_interrupted_program_tells_what_it_wrote(
    program: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with_camera(monkeypatch, Interrupted())
    output = tmp_path / 'out.avi'
    assert program.main(['/dev/video9', str(output)]) == 130
    assert re.search(rf'{output}( .mjpeg.)?: 2 frames in ', capsys.readouterr().out)
    assert len(frames_of(output)) >= 1
