# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Encode video files through PyAV; those of H.264 and H.265 as browsers play them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from ..text import one_line

_X26X = {'preset': 'superfast'}
_VPX = {'deadline': 'realtime', 'cpu-used': '8', 'row-mt': '1'}
_ENCODERS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    'h264': ('libx264', _X26X),
    # With frames in another order, x265 leaves the times of a very short video undefined, and
    # FFmpeg crashes on them.
    'h265': ('libx265', {**_X26X, 'x265-params': 'log-level=error:bframes=0'}),
    'vp8': ('libvpx', _VPX),
    'vp9': ('libvpx-vp9', _VPX),
    'mpeg4': ('mpeg4', {}),
    'mjpeg': ('mjpeg', {}),
}
_VPX_BITS_A_PIXEL, _VPX_LEAST_BITRATE = 0.15, 250_000
"""Where no bit rate is given: VP8 has no constant quality."""
_KEY_FRAME_S = 2.0
"""Seconds between key frames; a killed process loses about as much of a .mp4 or .mov."""
_HYBRID_SINCE = (61, 7)
"""Version of libavformat (FFmpeg 7.1) that can finish a fragmented file as an ordinary one."""


def has_encoder(codec: str) -> bool:
    """Return whether PyAV is installed, and encodes a codec such as ``h264``."""
    try:
        import av

        av.codec.Codec(_ENCODERS[codec][0], 'w')
    except (ImportError, KeyError, ValueError):
        return False
    return True


def padded(frame_bgr: NDArray[np.uint8], pad_wh: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a frame whose last column and row are repeated, C-contiguous.

    Args:
        frame_bgr: Shape (H, W, 3), uint8.
        pad_wh: Columns and rows to add at the right and at the bottom.
    """
    right, bottom = pad_wh
    if right or bottom:
        bordered = cv2.copyMakeBorder(frame_bgr, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
        return np.asarray(bordered, np.uint8)
    return np.ascontiguousarray(frame_bgr)


class PyAvWriter:
    """Writes frames into a video file, with the methods of ``cv2.VideoWriter``.

    A .mp4 or .mov is written in fragments, so that what is there can be played at any time.

    Args:
        path: The file; its suffix says the container.
        codec: A codec that ``has_encoder`` knows.
        rate_hz: Frame rate.
        size_wh: Width and height of the frames in pixels.
        bitrate: Bits a second; 0 = what the encoder takes for a constant quality, of VP8 and VP9
            0.15 bits a pixel.

    Raises:
        ImageError: The file cannot be written, or the container does not take the codec.
    """

    def __init__(
        self, path: Path, codec: str, rate_hz: float, size_wh: tuple[int, int], bitrate: int = 0
    ) -> None:
        import av

        self._av, self._path, self._bytes = av, path, 0
        rate = Fraction(rate_hz).limit_denominator(1001)
        # Their chroma has half the width and height.
        self._pad_wh = (size_wh[0] % 2, size_wh[1] % 2)
        options = {'flush_packets': '1'}
        if path.suffix.lower() in ('.mp4', '.mov'):
            hybrid = av.library_versions['libavformat'] >= _HYBRID_SINCE
            fragmented = 'frag_keyframe+empty_moov+default_base_moof'
            options['movflags'] = 'hybrid_fragmented' if hybrid else fragmented
        encoder, chosen = _ENCODERS[codec]
        if encoder.startswith('libvpx'):
            wanted = round(_VPX_BITS_A_PIXEL * size_wh[0] * size_wh[1] * rate_hz)
            bitrate = bitrate or max(_VPX_LEAST_BITRATE, wanted)
        try:
            self._file = av.open(str(path), 'w', options=options)
            self._stream: Any = self._file.add_stream(encoder, rate=rate, options=dict(chosen))
            self._stream.width = size_wh[0] + self._pad_wh[0]
            self._stream.height = size_wh[1] + self._pad_wh[1]
            self._stream.pix_fmt = 'yuvj420p' if codec == 'mjpeg' else 'yuv420p'
            if bitrate:
                self._stream.bit_rate = bitrate
            self._stream.gop_size = max(1, round(_KEY_FRAME_S * rate_hz))
            if codec == 'h265':
                # Apple's players take no other tag.
                self._stream.codec_tag = 'hvc1'
            self._file.start_encoding()
        except (av.FFmpegError, ValueError) as err:
            fix = '' if isinstance(err, OSError) else '; to fix: a .mkv takes every codec'
            msg = f'cannot write the video {path} as {codec}: {one_line(err)}{fix}'
            raise ImageError(msg) from err

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Write one frame, shape (H, W, 3), uint8.

        Raises:
            ImageError: It cannot be written.
        """
        image = padded(frame_bgr, self._pad_wh)
        frame = self._av.VideoFrame.from_ndarray(image, 'bgr24')
        self._mux(frame)

    def release(self) -> None:
        """Write what the encoder still holds, and finish the file.

        Raises:
            ImageError: It cannot be written.
        """
        try:
            self._mux(None)
        finally:
            try:
                # FFmpeg crashes where it finishes a fragmented file without a packet.
                if self._bytes:
                    self._file.close()
            except self._av.FFmpegError as err:
                msg = f'cannot finish the video {self._path}: {err}'
                raise ImageError(msg) from err
        # FFmpeg does not report every write that fails.
        if (there := self._path.stat().st_size) < self._bytes:
            msg = f'the video {self._path} has {there} of at least {self._bytes} bytes'
            raise ImageError(msg)

    def _mux(self, frame: Any) -> None:
        try:
            for packet in self._stream.encode(frame):
                self._bytes += packet.size
                self._file.mux(packet)
        except self._av.FFmpegError as err:
            msg = f'cannot write the video {self._path}: {err}'
            raise ImageError(msg) from err
