# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Serve frames as an RTSP stream."""

from __future__ import annotations

import logging
import math
import socket
import socketserver
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ImageError
from ..options import DEFAULT_RATE_HZ, VideoOptions
from .addresses import StreamAddress, read_address, without_password
from .pyav import load_pyav
from .rtp_encoder import RtpEncoder
from .rtp_sink import rtp_codec
from .rtsp_session import RtspSession
from .rtsp_viewer import Viewer

_log = logging.getLogger(__name__)

DEFAULT_PORT = 8554
MOST_VIEWERS = 16
PATIENCE_S = 10.0
"""How long a connection may stay without a request of somebody who may watch."""


class RtspSink:
    """A server that shows the newest frames to each viewer; nothing is encoded without one.

    Args:
        output: ``rtsp://@:8554/name`` for viewers of this machine alone, or
            ``rtsp://user:password@0.0.0.0:8554/name`` for those of the network who know both.
        options: Codec, bit rate and expected frame rate.

    Attributes:
        paths: Empty: no file is written.
        address: Where the server listens.
        codec: Of the stream.

    Raises:
        BackendUnavailableError: PyAV is not installed.
        ImageError: The address or codec is wrong, the port is in use, or a server that others can
            reach has no password.
    """

    def __init__(self, output: str, options: VideoOptions) -> None:
        load_pyav(without_password(output))
        self.address: StreamAddress = read_address(output, DEFAULT_PORT)
        self.codec = rtp_codec(without_password(output), options)
        self.paths: list[Path] = []
        self._options = options
        self._encoder: RtpEncoder | None = None
        self._viewers: list[Viewer] = []
        self._wants_key = False
        self._lock = threading.Lock()
        if not (self.address.is_loopback or self.address.password):
            msg = (
                f'{output} would be open to the whole network; to fix: give a name and a password '
                f'for its viewers, rtsp://user:password@{self.address.shown_host}:'
                f'{self.address.port}/{self.address.path}, or @ for this machine alone'
            )
            raise ImageError(msg)
        try:
            self._server = _Server(self)
        except OSError as err:
            msg = f'cannot serve {without_password(output)}: {err.strerror or err}'
            raise ImageError(msg) from err
        threading.Thread(target=self._server.serve_forever, name='rtsp', daemon=True).start()
        _log.info(
            'serves rtsp://%s:%d/%s',
            *(self.address.shown_host, self._server.server_address[1], self.address.path),
        )

    @property
    def url(self) -> str:
        """What a viewer on this machine opens, without the password."""
        port = self._server.server_address[1]
        return f'rtsp://{self.address.shown_host}:{port}/{self.address.path}'

    @property
    def viewer_count(self) -> int:
        """How many viewers there are."""
        return len(self._viewers)

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Send one frame to all viewers, shape (H, W, 3), uint8; none of them is waited for.

        Raises:
            ImageError: It cannot be encoded.
        """
        with self._lock:
            viewers, as_key, self._wants_key = list(self._viewers), self._wants_key, False
        if not viewers:
            return
        if self._encoder is None:
            size_wh = (frame_bgr.shape[1], frame_bgr.shape[0])
            rate_hz = self._options.rate_hz or DEFAULT_RATE_HZ
            self._encoder = RtpEncoder(self.codec, size_wh, rate_hz, self._options.bitrate)
        packets = self._encoder.encode(frame_bgr, as_key=as_key)
        for viewer in viewers:
            viewer.offer(packets)

    def join(self, viewer: Viewer) -> bool:
        """Send to a viewer from the next frame on; False if there are too many."""
        with self._lock:
            if len(self._viewers) >= MOST_VIEWERS:
                return False
            self._viewers.append(viewer)
            self._wants_key = True
        return True

    def leave(self, viewer: Viewer) -> None:
        """Stop sending to a viewer."""
        with self._lock, suppress(ValueError):
            self._viewers.remove(viewer)

    def close(self) -> None:
        """Close all connections and the port; a second call does nothing."""
        self._server.shutdown()
        self._server.server_close()
        self._server.close_connections()
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            encoder.close()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, stream: RtspSink) -> None:
        self.stream = stream
        # With the time until which a request is waited for.
        self._connections: dict[socket.socket, float] = {}
        if ':' in stream.address.host:
            self.address_family = socket.AF_INET6
        super().__init__((stream.address.host, stream.address.port), RtspSession)

    def process_request(self, request: Any, client_address: Any) -> None:
        if len(self._connections) >= 2 * MOST_VIEWERS:
            self.shutdown_request(request)
            return
        self._connections[request] = time.monotonic() + PATIENCE_S
        super().process_request(request, client_address)

    def let_in(self, request: Any) -> None:
        """Keep a connection, as its client may watch."""
        self._connections[request] = math.inf

    def service_actions(self) -> None:
        """End connections of those who only keep others out; called twice a second."""
        now_s = time.monotonic()
        for request, until_s in tuple(self._connections.items()):
            if until_s < now_s:
                with suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)

    def shutdown_request(self, request: Any) -> None:
        self._connections.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        _log.debug('a viewer at %s broke off', client_address, exc_info=True)

    def close_connections(self) -> None:
        for request in tuple(self._connections):
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)
