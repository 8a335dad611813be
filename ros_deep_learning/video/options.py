# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a user may ask of a source or an output of video, and the names of codecs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DEFAULT_RATE_HZ = 30.0
"""Frame rate of what has none of its own."""

CAMERA_CODECS = {
    'unknown': '',
    'raw': 'YUYV',
    'mjpeg': 'MJPG',
    'h264': 'H264',
    'h265': 'HEVC',
    'vp8': 'VP80',
    'vp9': 'VP90',
}
"""V4L2 four-character codes by the codec names of jetson-inference."""

OUTPUT_CODECS = {
    'h264': 'avc1',
    'h265': 'hvc1',
    'vp8': 'VP80',
    'vp9': 'VP90',
    'mpeg4': 'mp4v',
    'mjpeg': 'MJPG',
}
"""Four-character codes of video files by the codec names of jetson-inference."""


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """Options of a source or an output; each ignores those that it has no use for.

    A camera or stream may deliver another size, rate or codec than was requested.

    Attributes:
        width: Image width in pixels; 0 = that of the source.
        height: Image height in pixels; 0 = that of the source.
        rate_hz: Frame rate; 0 = that of the source.
        flip: One of ``TURNS``: how frames are rotated or mirrored.
        codec: Of a source a key of ``CAMERA_CODECS``, of an output one of ``OUTPUT_CODECS``;
            ``unknown`` leaves it to the source, or takes the default of the output.
        latency_ms: How long a packet of a stream that is late is waited for, in milliseconds.
        loop: How many times a file is repeated; -1 = for ever.
        bitrate: Bits a second of an encoded output; 0 = the encoder's default.
        decode_jpeg: Decodes the JPEG images of a camera, shape (N,), to (H, W, 3) BGR, and raises
            ImageError for damaged ones; None leaves it to the reader, which may fill them with
            grey.
    """

    width: int = 0
    height: int = 0
    rate_hz: float = 0.0
    flip: str = 'none'
    codec: str = 'unknown'
    latency_ms: int = 2000
    loop: int = 0
    bitrate: int = 0
    decode_jpeg: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] | None = None
