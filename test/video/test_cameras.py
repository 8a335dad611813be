# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of cameras: which resources are cameras, and what is requested from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from web_video import WebVideo, jpeg

from ros_deep_learning.errors import CameraError, ImageError
from ros_deep_learning.imaging.compressed import decode_jpeg
from ros_deep_learning.video import ahead, devices
from ros_deep_learning.video.cameras import (
    Camera,
    csi_pipeline,
    is_live,
    stream_pipeline,
    whole_pipeline,
)
from ros_deep_learning.video.options import VideoOptions
from ros_deep_learning.video.sources import has_end, open_frames


@pytest.mark.parametrize(
    ('resource', 'live'),
    [
        ('', False),
        ('clip.mp4', False),
        ('file:///home/me/clip.mp4', False),
        ('pictures/*.jpg', False),
        ('/dev/video0', True),
        ('v4l2:///dev/video2', True),
        ('csi://0', True),
        ('rtsp://user:secret@camera/stream', True),
        ('HTTP://camera/mjpeg', True),
        ('rtp://@:5004', True),
        ('pattern://bars', True),
        ('gst:rtspsrc location=rtsp://camera ! decodebin', True),
    ],
)
def test_what_is_live(resource: str, live: bool) -> None:
    assert is_live(resource) is live


@pytest.mark.parametrize('resource', ['ftp://host/in', 'display://0', 'x://y'])
def test_a_scheme_that_nobody_plays(resource: str) -> None:
    with pytest.raises(ImageError, match='known are file://, v4l2://, csi://, rtsp://'):
        open_frames(resource)


def test_a_camera_that_is_away_is_told_when_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, 'SYSTEM', tmp_path / 'none')
    camera = open_frames(f'v4l2://{tmp_path / "video9"}', VideoOptions(rate_hz=15.0))
    assert camera.live
    assert camera.rate_hz == 15.0
    with pytest.raises(CameraError, match=r'no camera at .*video9; this machine has no V4L2 dev'):
        next(camera.frames())
    for number, name in ((10, 'Loopback'), (2, 'HD Webcam')):
        (tmp_path / f'sys/video{number}').mkdir(parents=True)
        (tmp_path / f'sys/video{number}/name').write_text(f'{name}\n')
    monkeypatch.setattr(devices, 'SYSTEM', tmp_path / 'sys')
    told = r'there are /dev/video2 \(HD Webcam\), /dev/video10 \(Loopback\)'
    with pytest.raises(CameraError, match=told):
        next(camera.frames())


def test_a_file_that_is_no_camera_is_told(tmp_path: Path) -> None:
    (tmp_path / 'video9').write_bytes(b'no device')
    camera = open_frames(f'v4l2://{tmp_path / "video9"}')
    with pytest.raises(CameraError, match='cannot open'):
        next(camera.frames())


def until_it_goes(camera: Any) -> list[np.ndarray]:
    frames: list[np.ndarray] = []
    with pytest.raises(CameraError, match='gives no more frames'):
        frames.extend(camera.frames())
    return frames


def test_damaged_images_of_a_camera_are_left_out_and_told_once(
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ahead, 'STALE_S', 60.0)
    shown = [jpeg(40 * i, damaged=i in (1, 3)) for i in range(6)]
    server = WebVideo(shown)
    camera = open_frames(server.url, VideoOptions(decode_jpeg=decode_jpeg))
    assert camera.live
    frames = until_it_goes(camera)
    server.close()
    whole = [cv2.imdecode(np.frombuffer(shown[i], np.uint8), 1) for i in (0, 2, 4, 5)]
    np.testing.assert_allclose([f.mean() for f in frames], [w.mean() for w in whole], atol=1)
    (record,) = caplog.records
    assert f'left out an image of {server.url} (1 so far): this jpeg of' in record.getMessage()
    assert 'jpeg' not in capfd.readouterr().err


class V4L2Capture:
    """Stands in for OpenCV's capture of a V4L2 camera, as cap_v4l.cpp of 4.x behaves."""

    def __init__(self, images: list[bytes], code: str) -> None:
        self.images, self.code, self.decodes = images, code, True

    def isOpened(self) -> bool:  # noqa: N802  OpenCV's name
        return True

    def get(self, name: int) -> float:
        sizes = {cv2.CAP_PROP_FRAME_WIDTH: 64, cv2.CAP_PROP_FRAME_HEIGHT: 48, cv2.CAP_PROP_FPS: 30}
        if name in sizes:
            return float(sizes[name])
        assert name == cv2.CAP_PROP_FOURCC
        return float(cv2.VideoWriter.fourcc(*self.code))

    def set(self, name: int, value: float) -> bool:
        if name in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT):
            return False
        assert (name, value) == (cv2.CAP_PROP_CONVERT_RGB, 0)
        self.decodes = False
        return True

    def read(self) -> tuple[bool, np.ndarray | None]:
        if not self.images:
            return False, None
        data = np.frombuffer(self.images.pop(0), np.uint8)
        return True, cv2.imdecode(data, cv2.IMREAD_COLOR) if self.decodes else data[None]

    def release(self) -> None:
        pass


@pytest.mark.parametrize(('code', 'seen'), [('MJPG', 2), ('YUYV', 3)])
def test_a_v4l2_camera_is_asked_for_its_jpeg_images(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str, seen: int
) -> None:
    images = [jpeg(90), jpeg(90, damaged=True), jpeg(90)]
    monkeypatch.setattr(cv2, 'VideoCapture', lambda *_: V4L2Capture(images, code))
    (tmp_path / 'video9').touch()
    camera = Camera(f'v4l2://{tmp_path / "video9"}', VideoOptions(decode_jpeg=decode_jpeg))
    assert [frame.shape for frame in until_it_goes(camera)] == [(48, 64, 3)] * seen


@pytest.mark.parametrize(('width', 'told'), [(64, False), (1280, True)])
def test_a_camera_that_gives_another_size_is_told(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    width: int,
    told: bool,
) -> None:
    monkeypatch.setattr(cv2, 'VideoCapture', lambda *_: V4L2Capture([jpeg(90)], 'YUYV'))
    (tmp_path / 'video9').touch()
    until_it_goes(Camera(f'v4l2://{tmp_path}/video9', VideoOptions(width=width)))
    assert ('asked for 1280xany at any Hz and gives 64x48 at 30 Hz' in caplog.text) is told


def test_a_video_of_a_web_server_is_a_file(
    bikes_clip: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clip = tmp_path / 'clip.avi'
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*'MJPG'), 20.0, (64, 48))
    for _ in range(40):
        writer.write(np.full((48, 64, 3), 90, np.uint8))
    writer.release()
    server = WebVideo(bikes_clip)
    source = open_frames(server.url)
    assert not source.live
    assert source.rate_hz == pytest.approx(25.0, abs=0.1)
    assert sum(1 for _ in source.frames()) == 250
    assert has_end(server.url)
    server.close()
    breaking = WebVideo(clip, most=clip.stat().st_size // 2)
    assert 0 < sum(1 for _ in open_frames(breaking.url).frames()) < 20
    assert 'of 40 frames' in caplog.text
    breaking.close()
    unable = WebVideo(bikes_clip, ranges=False)
    with pytest.raises(ImageError, match='may not answer range requests'):
        list(open_frames(unable.url).frames())
    unable.close()
    # One that is away may be a camera.
    assert open_frames(server.url).live


def test_an_opencv_without_gstreamer_is_told() -> None:
    assert not cv2.videoio_registry.hasBackend(cv2.CAP_GSTREAMER)
    with pytest.raises(ImageError, match='csi://0 needs an OpenCV built with GStreamer'):
        Camera('csi://0', VideoOptions())


def test_the_pipeline_of_a_csi_camera() -> None:
    plain = csi_pipeline('1', VideoOptions())
    assert plain.startswith('nvarguscamerasrc sensor-id=1 ! video/x-raw(memory:NVMM) ! nvvidconv')
    assert plain.endswith('format=BGR ! appsink drop=true max-buffers=1')
    asked = csi_pipeline('0', VideoOptions(width=1280, height=720, rate_hz=29.97))
    assert '(memory:NVMM), width=1280, height=720, framerate=29970/1000 !' in asked
    with pytest.raises(ImageError, match='expected a number'):
        csi_pipeline('0 ! filesink location=x', VideoOptions())


def test_the_pipeline_of_a_stream() -> None:
    asked = stream_pipeline('rtsp://camera/a', VideoOptions(latency_ms=150))
    assert asked.startswith('rtspsrc location="rtsp://camera/a" latency=150 ! decodebin !')
    assert 'uridecodebin uri="http://c/x"' in stream_pipeline('http://c/x', VideoOptions())
    with pytest.raises(ImageError, match='cannot have quotes'):
        stream_pipeline('rtsp://a" ! filesink location="x', VideoOptions())


def test_a_whole_pipeline_ends_with_what_hands_frames_over() -> None:
    assert whole_pipeline('gst:videotestsrc').startswith('videotestsrc ! videoconvert ! video/x')
    assert whole_pipeline('gst: a ! b ! appsink drop=true') == 'a ! b ! appsink drop=true'
    with pytest.raises(ImageError, match='expected such as gst:videotestsrc'):
        whole_pipeline('gst: ')
