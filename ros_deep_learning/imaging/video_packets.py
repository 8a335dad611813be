# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Decode the packets of an H.264 or H.265 stream, one message each, through PyAV."""

from __future__ import annotations

import re
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import BackendUnavailableError, ImageError
from ..text import quoted
from .flat_bytes import flat_bytes
from .pixels import Pixels

Codec = Literal['h264', 'hevc']

_NAMES: tuple[tuple[re.Pattern[str], Codec], ...] = (
    (re.compile('h\\.?264|x264|avc', re.IGNORECASE), 'h264'),
    (re.compile('h\\.?265|x265|hevc', re.IGNORECASE), 'hevc'),
)
_NAL_UNIT = re.compile(rb'\x00\x00\x01(.)', re.DOTALL)
_H264_KEY = frozenset({5})
"""NAL unit types of an instantaneous decoding refresh (H.264, table 7-1)."""
_H265_KEY = frozenset(range(16, 22))
"""NAL unit types of intra random access points (H.265, table 7-1)."""


def read_codec(text: str) -> Codec:
    """Return the codec of a message's format or encoding.

    Args:
        text: Such as ``h264`` (foxglove_msgs/CompressedVideo), ``hevc;yuv420p;bgr8;bgr8`` or the
            name of an encoder such as ``h264_nvenc`` (ffmpeg_image_transport_msgs/FFMPEGPacket).

    Raises:
        ImageError: It is neither H.264 nor H.265.
    """
    name = text.partition(';')[0]
    for pattern, codec in _NAMES:
        if pattern.search(name):
            return codec
    msg = f'codec {quoted(name)} is not decoded; only h264 and h265 are'
    raise ImageError(msg)


def has_key_frame(data: Any, codec: Codec) -> bool:
    """Return whether decoding can begin with a packet in Annex B format."""
    types = [unit[0] for unit in _NAL_UNIT.findall(flat_bytes(data).tobytes())]
    if codec == 'h264':
        return any(each & 0x1F in _H264_KEY for each in types)
    return any(each >> 1 & 0x3F in _H265_KEY for each in types)


class PacketDecoder:
    """Decodes a stream from a key frame on; after a loss it waits for the next one.

    FFmpeg decodes H.264 on after a lost packet, with wrong pixels that it does not mark, so a
    loss has to be told.

    Args:
        codec: The codec of the stream.
        max_pixels: Largest accepted image.

    Raises:
        BackendUnavailableError: PyAV is not installed.
    """

    def __init__(self, codec: Codec, max_pixels: int) -> None:
        try:
            import av
        except ImportError as err:
            msg = f'{codec} needs PyAV, which does not load ({err}); to fix: pip install av'
            raise BackendUnavailableError(msg) from err
        self._av = av
        self._codec = codec
        self._max_pixels = max_pixels
        self._decoder: Any = None

    @property
    def waits_for_key_frame(self) -> bool:
        """Whether packets are passed over until the next key frame."""
        return self._decoder is None

    def lost(self) -> None:
        """Forget the pictures so far: a packet is missing."""
        self._decoder = None

    def decode(self, data: Any) -> Pixels | None:
        """Decode the next packet, which holds one picture.

        Args:
            data: Its bytes, as ``flat_bytes`` takes them.

        Returns:
            The picture; None while a key frame is waited for.

        Raises:
            ImageError: The packet is damaged or its picture is too large; the next key frame is
                waited for.
        """
        content = flat_bytes(data).tobytes()
        if self._decoder is None:
            if not has_key_frame(content, self._codec):
                return None
            self._decoder = self._av.CodecContext.create(self._codec, 'r')
            # Coded pictures are padded to whole blocks, so the exact limit is checked later.
            self._decoder.options = {'max_pixels': str(2 * self._max_pixels)}
            # Threads would hold frames back.
            self._decoder.thread_type = 'NONE'
        try:
            frames = self._decoder.decode(self._av.Packet(content))
        except self._av.FFmpegError as err:
            self.lost()
            msg = f'a {self._codec} packet of {len(content)} bytes cannot be decoded: {err}'
            raise ImageError(msg) from err
        if len(frames) != 1 or frames[0].is_corrupt:
            self.lost()
            msg = f'a {self._codec} packet of {len(content)} bytes is damaged or has no picture'
            raise ImageError(msg)
        return Pixels(self._pixels(frames[0]))

    def _pixels(self, frame: Any) -> NDArray[np.uint8]:
        if frame.width * frame.height > self._max_pixels:
            self.lost()
            msg = (
                f'a picture of {frame.width}x{frame.height} pixels is refused: the limit is '
                f'{self._max_pixels} pixels (of a node: max_image_pixels)'
            )
            raise ImageError(msg)
        return np.asarray(frame.to_ndarray(format='rgb24'), np.uint8)
