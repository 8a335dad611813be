# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Serve frames as a WebRTC stream, which a browser shows."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..options import VideoOptions
from ..streams.pyav import load_pyav
from .addresses import server_address
from .codecs import send_track, webrtc_codec
from .peers import load_aiortc

_log = logging.getLogger(__name__)

MOST_VIEWERS = 16


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
        load_pyav(output)
        self._aiortc = load_aiortc(output)
        # aiohttp is an extra.
        from .newest import Newest, Planes, planes_of
        from .server import PeerServer

        self._planes_of = planes_of
        self._codec = webrtc_codec(output, options.codec)
        address, name = server_address(output)
        self._newest: Newest[Planes] = Newest(lambda function: self._server.call(function))
        self._server = PeerServer(
            address=address,
            name=name,
            method='whep',
            page='watch',
            attach=self._attach,
            most_peers=MOST_VIEWERS,
        )
        self.paths: list[Path] = []
        self.url = self._server.url
        _log.info('open %s in a browser', self.url)

    @property
    def viewer_count(self) -> int:
        """How many viewers there are."""
        return self._server.peer_count

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Show a frame to all viewers, shape (H, W, 3), uint8; none of them is waited for."""
        if self._server.peer_count:
            self._newest.put(self._planes_of(frame_bgr))

    def close(self) -> None:
        """End all connections and free the port; a second call does nothing."""
        self._server.close()

    def _attach(self, _: str, peer: Any) -> None:
        from .newest import NewestTrack

        send_track(self._aiortc, peer, NewestTrack(self._newest), self._codec)
