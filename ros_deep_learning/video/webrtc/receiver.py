# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Receive a WebRTC stream by WHEP."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import CameraError
from ..ahead import read_ahead
from ..options import DEFAULT_RATE_HZ, VideoOptions
from .exchange import TIMEOUT_S, Exchange
from .peers import load_aiortc, new_peer


class WhepReceiver:
    """A stream of WebRTC, which may be unavailable at first and may end at any time.

    A slow reader gets the newest frame; those before it are left out.

    Args:
        resource: ``webrtc://host:8554/name``; the stream is asked for at
            ``http://host:8554/name/whep``.
        options: Requested rate.

    Raises:
        BackendUnavailableError: aiortc is not installed.
        ImageError: It is no URL.
    """

    live = True

    def __init__(self, resource: str, options: VideoOptions) -> None:
        self._exchange = Exchange(resource, 'whep')
        self._name = self._exchange.name
        self._aiortc = load_aiortc(self._name)
        self._options = options

    @property
    def rate_hz(self) -> float:
        """Requested frame rate, or 30 if none was requested."""
        return self._options.rate_hz or DEFAULT_RATE_HZ

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the newest frame each time, shape (H, W, 3), uint8, BGR, until an error.

        Raises:
            CameraError: The stream is unavailable, ends, or sends nothing for 5 s.
        """
        for frame in read_ahead(self._received()):
            yield np.asarray(frame.to_ndarray(format='bgr24'), np.uint8)

    def _received(self) -> Generator[Any, None, None]:
        loop = asyncio.new_event_loop()
        peer = loop.run_until_complete(self._new_peer())
        session_url = ''
        try:
            track, session_url = loop.run_until_complete(self._connected(peer))
            while True:
                yield loop.run_until_complete(asyncio.wait_for(track.recv(), TIMEOUT_S))
        except (asyncio.TimeoutError, TimeoutError) as err:
            msg = f'{self._name} sent nothing for {TIMEOUT_S:.0f} s'
            raise CameraError(msg) from err
        except self._aiortc.mediastreams.MediaStreamError as err:
            msg = f'{self._name} gives no more frames'
            raise CameraError(msg) from err
        finally:
            loop.run_until_complete(self._exchange.end(session_url))
            loop.run_until_complete(peer.close())
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    async def _new_peer(self) -> Any:
        return new_peer(self._aiortc, is_local=self._exchange.is_local)

    async def _connected(self, peer: Any) -> tuple[Any, str]:
        receiver = peer.addTransceiver('video', direction='recvonly').receiver
        session_url = await self._exchange.connect(self._aiortc, peer)
        # It has no track before.
        return receiver.track, session_url
