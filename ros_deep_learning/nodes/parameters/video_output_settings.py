# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of the video_output node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...video.options import OUTPUT_CODECS, VideoOptions
from .parameter_table import parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoOutputSettings:
    """The parameters of video_output."""

    NEVER_CHANGES: ClassVar[bool] = True

    resource: str = parameter(
        'video_output.mkv',
        'Where the images go: a video file (.mkv or .avi; .mp4 or .mov, which without PyAV are '
        'lost if the process is killed), a folder of pictures or a pattern such as frame-%d.jpg, '
        'display:// for a window, http://@:8080 for a page in the browser, or a stream as '
        'rtp://host:5004 or rtsp://@:8554/name. See docs/streams.md.',
    )
    codec: str = parameter(
        'unknown',
        'Codec of a video file or stream; unknown takes h264 if PyAV is installed, otherwise one '
        'that OpenCV can write.',
        choices=('unknown', *OUTPUT_CODECS),
    )
    bitrate: int = parameter(
        0,
        'Bits a second of a stream, where 0 is 4 Mbit/s, or of a video file, where 0 is a '
        'constant quality. Without PyAV, OpenCV chooses the bit rate of files.',
        minimum=0,
        maximum=2_000_000_000,
    )
    every_image: bool = parameter(
        False,
        'Whether a video has each image once, whatever its stamp; otherwise it keeps the time of '
        'the stamps.',
    )
    framerate: float = parameter(
        30.0,
        'Frames a second of a video file, where images are repeated or left out to follow their '
        'stamps; of a stream the rate that is expected.',
        minimum=0.1,
        maximum=1000.0,
    )

    def options(self) -> VideoOptions:
        """Return what is asked of the output."""
        return VideoOptions(rate_hz=self.framerate, codec=self.codec, bitrate=self.bitrate)
