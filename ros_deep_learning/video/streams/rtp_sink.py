# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Send frames to one address as RTP."""

from __future__ import annotations

import logging
import socket
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ImageError
from ..options import DEFAULT_RATE_HZ, VideoOptions
from .addresses import read_address
from .pyav import load_pyav
from .rtp_encoder import RtpEncoder
from .sdp import RTP_FORMATS

_log = logging.getLogger(__name__)


def rtp_codec(output: str, options: VideoOptions) -> str:
    """Return the codec of a stream, H.264 unless another is asked for.

    Raises:
        ImageError: It is not one of RTP.
    """
    codec = 'h264' if options.codec == 'unknown' else options.codec
    if codec not in RTP_FORMATS:
        known = ', '.join(RTP_FORMATS)
        msg = f'{output}: codec {codec} cannot be streamed; expected one of {known}'
        raise ImageError(msg)
    return codec


class RtpSink:
    """Sends each frame at once, whether somebody receives it or not.

    Args:
        output: ``rtp://host:port``.
        options: Codec, bit rate and expected frame rate.

    Raises:
        BackendUnavailableError: PyAV is not installed.
        ImageError: The address or the codec is wrong.
    """

    def __init__(self, output: str, options: VideoOptions) -> None:
        load_pyav(output)
        address = read_address(output)
        self._output, self._options = output, options
        self._codec = rtp_codec(output, options)
        self._encoder: RtpEncoder | None = None
        self.paths: list[Path] = []
        try:
            found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)
        except OSError as err:
            msg = f'cannot send to {output}: {err.strerror or err}'
            raise ImageError(msg) from err
        family, _, _, _, peer = found[0]
        self._peer: tuple[Any, ...] = peer
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        form = RTP_FORMATS[self._codec]
        _log.info(
            'sends to %s; to watch there: gst-launch-1.0 udpsrc port=%d caps="application/x-rtp,'
            'media=video,clock-rate=90000,encoding-name=%s,payload=%d" ! decodebin ! '
            'autovideosink',
            *(output, address.port, form.encoding, form.payload),
        )

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Send one frame, shape (H, W, 3), uint8; packets that find no room are dropped.

        Raises:
            ImageError: It cannot be encoded, or the network cannot be reached.
        """
        if self._encoder is None:
            size_wh = (frame_bgr.shape[1], frame_bgr.shape[0])
            rate_hz = self._options.rate_hz or DEFAULT_RATE_HZ
            self._encoder = RtpEncoder(self._codec, size_wh, rate_hz, self._options.bitrate)
        host, port, *rest = self._peer
        for packet in self._encoder.encode(frame_bgr):
            # Reports go to the port above (RFC 3550, section 11).
            peer = (host, int(port) + packet.is_rtcp, *rest)
            try:
                self._socket.sendto(packet.data, peer)
            except (BlockingIOError, ConnectionError):
                continue
            except OSError as err:
                msg = f'cannot send to {self._output}: {err.strerror or err}'
                raise ImageError(msg) from err

    def close(self) -> None:
        """Stop sending; a second call does nothing."""
        self._socket.close()
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            encoder.close()
