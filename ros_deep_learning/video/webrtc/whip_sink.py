# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Send frames to a server of WebRTC, which shows them to its own viewers."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import CameraError, ImageError
from ..options import VideoOptions
from ..play import FIRST_WAIT_S, LONGEST_WAIT_S
from ..streams.pyav import load_pyav
from .codecs import send_track, webrtc_codec
from .exchange import Exchange
from .peers import load_aiortc, new_peer

_log = logging.getLogger(__name__)

CONNECT_S = 15.0
WARN_PERIOD_S = 30.0
END_S = 3.0


class WhipSink:
    """Sends the newest frames by WHIP, and connects again when the server has been away.

    Args:
        output: ``webrtc://host:8889/name``; the stream is offered at
            ``http://host:8889/name/whip``.
        options: Its codec is ``h264``, ``vp8``, or ``unknown`` for what the server prefers.

    Attributes:
        paths: Empty: no file is written.

    Raises:
        BackendUnavailableError: aiortc is not installed.
        ImageError: It is no URL, the codec is not one of WebRTC, or the server is not there or
            refuses the stream.
        SettingsError: The environment names a server of STUN or TURN in a wrong way.
    """

    def __init__(self, output: str, options: VideoOptions) -> None:
        self._exchange = Exchange(output, 'whip')
        load_pyav(self._exchange.name)
        self._aiortc = load_aiortc(self._exchange.name)
        from .newest import Newest, Planes, planes_of

        self._planes_of = planes_of
        self._codec = webrtc_codec(self._exchange.name, options.codec)
        self._loop = asyncio.new_event_loop()
        self._newest: Newest[Planes] = Newest(self._loop.call_soon_threadsafe)
        self._warned_s = -math.inf
        self._accepted: Future[None] = Future()
        self._sending: asyncio.Task[None] | None = None
        self.paths: list[Path] = []
        self._thread = threading.Thread(target=self._run, name='whip', daemon=True)
        self._thread.start()
        try:
            self._accepted.result()
        except CameraError as err:
            self.close()
            msg = f'{err}; to serve the stream here: webrtc://@:8554/name'
            raise ImageError(msg) from err
        except BaseException:
            self.close()
            raise

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Send a frame, shape (H, W, 3), uint8, or leave it out while the server is away."""
        if self._thread.is_alive():
            self._newest.put(self._planes_of(frame_bgr))

    def close(self) -> None:
        """End the stream; a second call does nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop)
            self._thread.join(END_S)

    def _stop(self) -> None:
        if self._sending is not None:
            self._sending.cancel()

    def _run(self) -> None:
        try:
            self._sending = self._loop.create_task(self._send())
            self._loop.run_until_complete(asyncio.gather(self._sending, return_exceptions=True))
        finally:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    async def _send(self) -> None:
        wait_s = FIRST_WAIT_S
        while True:
            try:
                await self._send_once()
                wait_s = FIRST_WAIT_S
            except Exception as err:
                if not self._accepted.done():
                    self._accepted.set_exception(err)
                    return
                if not isinstance(err, CameraError):
                    raise
                self._warn(err)
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    async def _send_once(self) -> None:
        """Send until the connection ends.

        Raises:
            CameraError: It could not be made, or ended.
        """
        from .newest import NewestTrack

        peer = new_peer(self._aiortc, is_local=self._exchange.is_local)
        changed = asyncio.Event()
        peer.on('connectionstatechange', changed.set)
        session_url = ''
        try:
            send_track(self._aiortc, peer, NewestTrack(self._newest), self._codec)
            peer.getTransceivers()[0].direction = 'sendonly'
            session_url = await self._exchange.connect(self._aiortc, peer)
            if not self._accepted.done():
                self._accepted.set_result(None)
            await self._until_ended(peer, changed)
        finally:
            await self._exchange.end(session_url)
            await peer.close()

    async def _until_ended(self, peer: Any, changed: asyncio.Event) -> None:
        until_s = time.monotonic() + CONNECT_S
        while peer.connectionState not in ('failed', 'closed', 'disconnected'):
            changed.clear()
            is_connected = peer.connectionState == 'connected'
            try:
                await asyncio.wait_for(
                    changed.wait(), None if is_connected else until_s - time.monotonic()
                )
            except (asyncio.TimeoutError, TimeoutError) as err:
                msg = f'{self._exchange.name} took the stream and did not connect'
                raise CameraError(msg) from err
        msg = f'{self._exchange.name} has ended the stream'
        raise CameraError(msg)

    def _warn(self, err: CameraError) -> None:
        now_s = time.monotonic()
        if now_s - self._warned_s >= WARN_PERIOD_S:
            self._warned_s = now_s
            _log.warning('%s; frames are left out until it is back', err)
