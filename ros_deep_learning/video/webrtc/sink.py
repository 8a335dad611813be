# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Serve frames as a WebRTC stream, which a browser shows."""

from __future__ import annotations

import logging
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from ...errors import ImageError
from ...web.address import read_address
from ..encoders import padded
from ..options import VideoOptions
from ..streams.pyav import load_pyav
from .peers import load_aiortc

_log = logging.getLogger(__name__)

CODECS = ('h264', 'vp8')
DEFAULT_PORT = 8554


class WebrtcSink:
    """A server of a page and of WHEP, which shows each viewer the newest frames.

    Args:
        output: ``webrtc://@:8554/name`` for viewers of this machine alone, or
            ``webrtc://0.0.0.0:8554/name`` for those of the network who have the token.
        options: Its codec is ``h264``, ``vp8``, or ``unknown`` for what a viewer prefers.

    Attributes:
        paths: Empty: no file is written.
        url: What to open in a browser; on a network it has the token.

    Raises:
        BackendUnavailableError: aiortc is not installed.
        ImageError: The codec is not one of WebRTC.
        SettingsError: The address is of no known form, taken, or not of this machine.
    """

    def __init__(self, output: str, options: VideoOptions) -> None:
        self._av = load_pyav(output)
        load_aiortc(output)
        # aiohttp is an extra.
        from .server import WhepServer

        if options.codec not in ('unknown', *CODECS):
            msg = f'{output}: codec {options.codec} is not one of {", ".join(CODECS)}'
            raise ImageError(msg)
        parts = urlsplit(output)
        has_port = ':' in parts.netloc.rpartition(']')[2]
        where = parts.netloc if has_port else f'{parts.netloc}:{DEFAULT_PORT}'
        codec = '' if options.codec == 'unknown' else options.codec
        address = read_address(f'http://{where}')
        self._server = WhepServer(address, parts.path.strip('/') or 'stream', codec)
        self.paths: list[Path] = []
        self.url = self._server.url
        _log.info('open %s in a browser', self.url)

    @property
    def viewer_count(self) -> int:
        """How many viewers there are."""
        return self._server.viewer_count

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Show a frame to all viewers, shape (H, W, 3), uint8; none of them is waited for."""
        if not self._server.viewer_count:
            return
        height, width = frame_bgr.shape[:2]
        image = padded(frame_bgr, (width % 2, height % 2))
        # It copies, since the caller may write into the frame again.
        frame = self._av.VideoFrame.from_ndarray(image, format='bgr24')
        # Once for the encoders of all viewers.
        self._server.show(frame.reformat(format='yuv420p').to_ndarray())

    def close(self) -> None:
        """End all connections and free the port; a second call does nothing."""
        self._server.close()
