# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of the video_source node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...imaging.compressed import decode_jpeg
from ...video.options import CAMERA_CODECS, VideoOptions
from ...video.turns import TURNS
from .parameter_table import parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoSourceSettings:
    """The parameters of video_source."""

    NEVER_CHANGES: ClassVar[bool] = True

    resource: str = parameter(
        '/dev/video0',
        'What to play: a video file, a picture, a folder or pattern of pictures; a camera as '
        '/dev/video0, v4l2:///dev/video0 or csi://0; a stream as rtsp://, rtp://@:5004 or '
        'http://; pattern://bars; a GStreamer pipeline after gst:. See docs/streams.md.',
    )
    width: int = parameter(
        0, 'Width of the images; 0 is that of the source.', minimum=0, maximum=32_768
    )
    height: int = parameter(
        0, 'Height of the images; 0 is that of the source.', minimum=0, maximum=32_768
    )
    framerate: float = parameter(
        0.0, 'Frames a second; 0 is the rate of the source.', minimum=0.0, maximum=1000.0
    )
    codec: str = parameter(
        'unknown',
        'Codec to request of a V4L2 camera, which unknown leaves to the camera, or codec of an '
        'rtp:// stream, which is h264 if unknown. Files and other streams contain their codec.',
        choices=tuple(CAMERA_CODECS),
    )
    flip: str = parameter(
        'none',
        'How the images are rotated or flipped, with the names of jetson-inference.',
        choices=TURNS,
    )
    loop: int = parameter(
        0,
        'How many times to repeat a file or folder; -1 repeats it forever.',
        minimum=-1,
        maximum=1_000_000,
    )
    latency: int = parameter(
        2000,
        'Milliseconds that a late packet of a stream is waited for.',
        minimum=0,
        maximum=60_000,
    )
    camera_info_url: str = parameter(
        '',
        'Calibration that is published as camera_info beside the images: a YAML file of '
        'camera_info_manager, as a path, file:// or package://.',
    )
    frame_id: str = parameter('camera', 'frame_id of the published headers.')
    wait_for_subscriber: bool = parameter(
        False, 'Whether to wait with the first frame for a subscriber.'
    )
    wait_for_nodes: str = parameter(
        '',
        'Names of vision nodes that get every frame of a file: the next frame waits for their '
        '~/stats of the last, if the build generated its message.',
        names=True,
    )
    wait_for_output: str = parameter(
        '',
        'Name of a video_output that gets every frame of a file: the next frame waits for its '
        '~/written of the last.',
    )

    def options(self) -> VideoOptions:
        """Return what to request of a source, and what to make of its frames."""
        return VideoOptions(
            width=self.width,
            height=self.height,
            rate_hz=self.framerate,
            flip=self.flip,
            codec=self.codec,
            latency_ms=self.latency,
            loop=self.loop,
            decode_jpeg=decode_jpeg,
        )
