# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A server that shows a stream on a page, and to every client of WHEP."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from http import HTTPStatus
from importlib.resources import files
from typing import Any

import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from ...web.address import PageAddress
from ...web.server import Asset, PageServer
from .newest import Newest, NewestTrack
from .peers import load_aiortc, new_peer, on_loopback

MOST_VIEWERS = 16
MOST_SDP_BYTES = 64 * 1024
MOST_CANDIDATES = 64
"""Addresses of a viewer; each gets some packets, whoever is there."""
CONNECT_S = 15.0
"""How long a viewer may take to connect after its request."""
END_S = 2.0
_ASSETS = {
    'watch.html': 'text/html; charset=utf-8',
    'watch.css': 'text/css; charset=utf-8',
    'watch.js': 'text/javascript; charset=utf-8',
}


class WhepServer:
    """Answers requests of viewers (WHEP, an IETF draft) from its start to ``close``.

    Args:
        address: Where it listens.
        name: Name of the stream.
        codec: ``h264`` or ``vp8``; empty for what the viewer prefers.

    Raises:
        SettingsError: The address is taken or not of this machine.
    """

    def __init__(self, address: PageAddress, name: str, codec: str) -> None:
        self._aiortc = load_aiortc('webrtc://')
        self._codec, self._is_local = codec, address.is_local
        self._peers: dict[str, Any] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._newest = Newest()
        self._waiting = False
        self._last = np.zeros((3, 2), np.uint8)
        folder = files(__package__) / 'assets'
        icon = files('ros_deep_learning.video.page') / 'assets' / 'icon.svg'
        assets = {k: Asset(kind, (folder / k).read_bytes()) for k, kind in _ASSETS.items()}
        self._server = PageServer(address)
        page = assets['watch.html'].answer
        self._server.start(
            {
                '/': page,
                f'/{name}': page,
                '/watch.css': assets['watch.css'].answer,
                '/watch.js': assets['watch.js'].answer,
                '/icon.svg': Asset('image/svg+xml', icon.read_bytes()).answer,
            },
            {f'/{name}/whep': self._offered, '/whep': self._offered},
        )
        self.url = self._server.url

    @property
    def viewer_count(self) -> int:
        """How many viewers there are."""
        return len(self._peers)

    def show(self, planes: NDArray[np.uint8]) -> None:
        """Show a frame, as ``Newest.put`` takes it, to all viewers; one that waits is replaced."""
        self._last = planes
        if not self._waiting:
            self._waiting = True
            self._server.call(self._take)

    def close(self) -> None:
        """End all connections; a second call does nothing."""
        if self._server.loop.is_running():
            ending = asyncio.run_coroutine_threadsafe(self._end_peers(), self._server.loop)
            with suppress(RuntimeError, TimeoutError, FutureTimeoutError):
                ending.result(END_S)
        self._server.close()

    def _take(self) -> None:
        self._waiting = False
        self._newest.put(self._last)

    async def _end_peers(self) -> None:
        peers = list(self._peers.values())
        self._peers.clear()
        await asyncio.gather(*(peer.close() for peer in peers), return_exceptions=True)

    async def _offered(self, request: web.BaseRequest) -> web.StreamResponse:
        offer = (await request.read()).decode('utf-8', 'replace')
        if len(self._peers) >= MOST_VIEWERS:
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, f'There are {MOST_VIEWERS} viewers.')
        is_long = len(offer) > MOST_SDP_BYTES or offer.count('m=') > 4
        if is_long or offer.count('candidate:') > MOST_CANDIDATES:
            return _text(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, 'The offer is too long.')
        key, peer = secrets.token_urlsafe(12), new_peer(self._aiortc)
        self._peers[key] = peer
        try:
            with on_loopback(alone=self._is_local):
                answer = await self._answer(peer, offer)
        except Exception as err:  # noqa: BLE001  an offer may be wrong in any way
            await self._leave(key)
            why = f'The offer cannot be answered: {type(err).__name__}.'
            return _text(HTTPStatus.BAD_REQUEST, why)

        @peer.on('connectionstatechange')  # type: ignore[untyped-decorator]
        async def changed() -> None:
            if peer.connectionState in ('failed', 'closed'):
                await self._leave(key)

        waiting = asyncio.create_task(self._end_unconnected(key))
        self._tasks.add(waiting)
        waiting.add_done_callback(self._tasks.discard)
        return web.Response(
            status=HTTPStatus.CREATED,
            text=answer,
            content_type='application/sdp',
            headers={'Location': f'/whep/{key}', 'Cache-Control': 'no-store'},
        )

    async def _answer(self, peer: Any, offer: str) -> str:
        description = self._aiortc.RTCSessionDescription(offer, 'offer')
        await peer.setRemoteDescription(description)
        sender = peer.addTrack(NewestTrack(self._newest))
        if self._codec:
            wanted = f'video/{self._codec}'
            codecs = self._aiortc.RTCRtpSender.getCapabilities('video').codecs
            chosen = [one for one in codecs if one.mimeType.lower() == wanted]
            for transceiver in peer.getTransceivers():
                if transceiver.sender is sender:
                    transceiver.setCodecPreferences(chosen)
        await peer.setLocalDescription(await peer.createAnswer())
        return str(peer.localDescription.sdp)

    async def _end_unconnected(self, key: str) -> None:
        await asyncio.sleep(CONNECT_S)
        peer = self._peers.get(key)
        if peer is not None and peer.connectionState != 'connected':
            await self._leave(key)

    async def _leave(self, key: str) -> None:
        peer = self._peers.pop(key, None)
        if peer is not None:
            await peer.close()


def _text(status: HTTPStatus, text: str) -> web.Response:
    return web.Response(status=status, text=f'{text}\n', headers={'Cache-Control': 'no-store'})
