# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Encode frames and cut them into RTP packets, both through PyAV."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import ImageError
from ..encoders import padded
from .pyav import cause, load_pyav
from .sdp import CLOCK_HZ, RTP_FORMATS

DEFAULT_BITRATE = 4_000_000
"""That of jetson-utils."""
KEY_PERIOD_S = 2.0
PACKET_BYTES = 1400
"""Fits into an Ethernet frame, also through a tunnel."""
_RTCP_TYPES = range(192, 224)
"""Second byte of an RTCP packet, which none of RTP has (RFC 5761, section 4)."""

_X26X = {'preset': 'ultrafast', 'tune': 'zerolatency', 'forced-idr': '1'}
_VPX = {'deadline': 'realtime', 'cpu-used': '8', 'lag-in-frames': '0'}
_ENCODERS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    'h264': ('libx264', _X26X),
    'h265': ('libx265', {**_X26X, 'x265-params': 'log-level=none:repeat-headers=1'}),
    'vp8': ('libvpx', _VPX),
    'vp9': ('libvpx-vp9', _VPX),
    # RTP sends no Huffman tables (RFC 2435, section 3.1).
    'mjpeg': ('mjpeg', {'huffman': 'default'}),
}


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """A packet of RTP or RTCP.

    Attributes:
        data: Its bytes.
        starts_key_frame: Whether decoding can begin with it.
    """

    data: bytes
    starts_key_frame: bool = False

    @property
    def is_rtcp(self) -> bool:
        """Whether it is a report of the sender, not a part of a picture."""
        return self.data[1] in _RTCP_TYPES


class RtpEncoder:
    """Encodes frames at the time they come; those of another size are scaled to the first.

    Args:
        codec: A key of ``RTP_FORMATS``.
        size_wh: Size of the first frame. Its last column and row are repeated up to an even
            size, of MJPEG up to a multiple of 8 pixels.
        rate_hz: Expected frame rate, for the rate control.
        bitrate: Bits a second; 0 = 4 Mbit/s.

    Raises:
        BackendUnavailableError: PyAV is not installed.
        ImageError: The encoder cannot be opened.
    """

    def __init__(
        self, codec: str, size_wh: tuple[int, int], rate_hz: float, bitrate: int = 0
    ) -> None:
        self._av = load_pyav('a stream as output')
        # Two by two pixels share their colour; RTP tells the size of a JPEG in units of 8 pixels
        # (RFC 2435, section 3.1.5).
        unit = 8 if codec == 'mjpeg' else 2
        self._size_wh, self._pad_wh = size_wh, (-size_wh[0] % unit, -size_wh[1] % unit)
        self._written: list[bytes] = []
        self._reports: list[RtpPacket] = []
        self._last_tick = -1
        name, options = _ENCODERS[codec]
        self._pixels = 'yuvj420p' if codec == 'mjpeg' else 'yuv420p'
        muxer = {
            'packetsize': str(PACKET_BYTES),
            'payload_type': str(RTP_FORMATS[codec].payload),
            'strict': 'experimental',  # VP9
        }
        try:
            self._container = self._av.open(_Packets(self._written), 'w', 'rtp', options=muxer)
            rate = Fraction(rate_hz).limit_denominator(1001)
            self._stream: Any = self._container.add_stream(name, rate=rate, options=dict(options))
            self._stream.width = size_wh[0] + self._pad_wh[0]
            self._stream.height = size_wh[1] + self._pad_wh[1]
            self._stream.pix_fmt = self._pixels
            self._stream.bit_rate = bitrate or DEFAULT_BITRATE
            context = self._stream.codec_context
            context.time_base = Fraction(1, CLOCK_HZ)
            context.gop_size = max(1, round(KEY_PERIOD_S * rate_hz))
            if codec == 'mjpeg':
                # Threads cut a JPEG by restart markers, of which FFmpeg's RTP tells nothing.
                context.thread_count = 1
            self._container.start_encoding()
        except (ValueError, self._av.FFmpegError) as err:
            msg = f'cannot encode {codec}, {size_wh[0]}x{size_wh[1]}: {cause(err)}'
            raise ImageError(msg) from err
        # The reports of the sender count from here.
        self._start_s = time.monotonic()

    def encode(self, frame_bgr: NDArray[np.uint8], *, as_key: bool = False) -> list[RtpPacket]:
        """Encode a frame that was captured now.

        Args:
            frame_bgr: Shape (H, W, 3), uint8.
            as_key: Whether decoding must be able to begin with it.

        Raises:
            ImageError: It cannot be encoded.
        """
        if (frame_bgr.shape[1], frame_bgr.shape[0]) != self._size_wh:
            frame_bgr = cv2.resize(frame_bgr, self._size_wh).astype(np.uint8, copy=False)
        image = padded(frame_bgr, self._pad_wh)
        tick = round((time.monotonic() - self._start_s) * CLOCK_HZ)
        self._last_tick = max(tick, self._last_tick + 1)
        packets: list[RtpPacket] = []
        self._written.clear()
        try:
            frame = self._av.VideoFrame.from_ndarray(image, format='bgr24')
            frame = frame.reformat(format=self._pixels)
            frame.pts, frame.time_base = self._last_tick, Fraction(1, CLOCK_HZ)
            if as_key:
                frame.pict_type = self._av.video.frame.PictureType.I
            for coded in self._stream.encode(frame):
                self._container.mux(coded)
                packets += self._cut(is_key=bool(coded.is_keyframe))
        except (ValueError, self._av.FFmpegError) as err:
            msg = f'cannot encode a frame for the stream: {cause(err)}'
            raise ImageError(msg) from err
        return packets

    def _cut(self, *, is_key: bool) -> list[RtpPacket]:
        """Return what was written for a frame."""
        packets = [RtpPacket(data) for data in self._written]
        self._written.clear()
        reports = [packet for packet in packets if packet.is_rtcp]
        parts = [packet for packet in packets if not packet.is_rtcp]
        self._reports = reports or self._reports
        if is_key:
            # FFmpeg tells the time every 5 s, but who begins to watch wants to know it.
            return [*self._reports, replace(parts[0], starts_key_frame=True), *parts[1:]]
        return [*reports, *parts]

    def close(self) -> None:
        """Free the encoder."""
        self._container.close()


class _Packets:
    """A file for PyAV; FFmpeg writes each packet by itself."""

    def __init__(self, written: list[bytes]) -> None:
        self._written = written

    def write(self, data: Any) -> int:
        self._written.append(bytes(data))
        return len(data)
