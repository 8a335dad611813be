# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of cameras: which resources are cameras, and what is requested from them."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from ros_deep_learning.errors import CameraError, ImageError
from ros_deep_learning.video.cameras import (
    Camera,
    StreamOptions,
    csi_pipeline,
    is_live,
    stream_pipeline,
)
from ros_deep_learning.video.sources import open_frames


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
    ],
)
def test_what_is_live(resource: str, live: bool) -> None:
    assert is_live(resource) is live


@pytest.mark.parametrize('resource', ['webrtc://@:8554/in', 'display://0', 'x://y'])
def test_a_scheme_that_nobody_plays(resource: str) -> None:
    with pytest.raises(ImageError, match='known are file://, v4l2://, csi://, rtsp://'):
        open_frames(resource)


def test_a_camera_that_is_away_is_told_when_it_is_read(tmp_path: Path) -> None:
    camera = open_frames(f'v4l2://{tmp_path / "video9"}', StreamOptions(rate_hz=15.0))
    assert camera.live
    assert camera.rate_hz == 15.0
    with pytest.raises(CameraError, match=r'no camera at .*video9; list what there is'):
        next(camera.frames())


def test_a_file_that_is_no_camera_is_told(tmp_path: Path) -> None:
    (tmp_path / 'video9').write_bytes(b'no device')
    camera = open_frames(f'v4l2://{tmp_path / "video9"}')
    with pytest.raises(CameraError, match='cannot open'):
        next(camera.frames())


def test_an_opencv_without_gstreamer_is_told() -> None:
    assert not cv2.videoio_registry.hasBackend(cv2.CAP_GSTREAMER)
    with pytest.raises(ImageError, match='csi://0 needs an OpenCV built with GStreamer'):
        Camera('csi://0', StreamOptions())


def test_the_pipeline_of_a_csi_camera() -> None:
    plain = csi_pipeline('1', StreamOptions())
    assert plain.startswith('nvarguscamerasrc sensor-id=1 ! video/x-raw(memory:NVMM) ! nvvidconv')
    assert plain.endswith('format=BGR ! appsink drop=true max-buffers=1')
    asked = csi_pipeline('0', StreamOptions(width=1280, height=720, rate_hz=29.97))
    assert '(memory:NVMM), width=1280, height=720, framerate=29970/1000 !' in asked
    with pytest.raises(ImageError, match='expected a number'):
        csi_pipeline('0 ! filesink location=x', StreamOptions())


def test_the_pipeline_of_a_stream() -> None:
    asked = stream_pipeline('rtsp://camera/a', StreamOptions(latency_ms=150))
    assert asked.startswith('rtspsrc location="rtsp://camera/a" latency=150 ! decodebin !')
    assert 'uridecodebin uri="http://c/x"' in stream_pipeline('http://c/x', StreamOptions())
    with pytest.raises(ImageError, match='cannot have quotes'):
        stream_pipeline('rtsp://a" ! filesink location="x', StreamOptions())
