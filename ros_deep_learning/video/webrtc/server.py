# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A server of WebRTC: a page, and answers to the offers of WHEP or WHIP."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from aiohttp import web

from ...web.address import PageAddress
from ...web.server import Asset, Handler, PageServer
from .exchange import MOST_SDP_BYTES
from .peers import load_aiortc, new_peer, on_loopback

MOST_CANDIDATES = 64
"""Addresses of a peer; each gets some packets, whoever is there."""
CONNECT_S = 15.0
"""How long a peer may take to connect after its request."""
END_S = 2.0


class PeerServer:
    """Answers requests of peers from its start to ``close``.

    Args:
        address: Where it listens.
        name: Name of the stream.
        method: ``whep`` for viewers, or ``whip`` for senders.
        page: Name of the page, of its style and its script among the assets.
        attach: Called in the server's loop with each new peer, which has its remote description
            and no local one, and with its key; what it raises refuses the peer.
        most_peers: How many there may be at a time.

    Attributes:
        url: What to open in a browser; on a network it has the token.
        offers_url: Where peers send their offers.
        loop: The event loop of the peers.

    Raises:
        SettingsError: The address is taken or not of this machine, or a server of the environment
            is written in a wrong way.
    """

    def __init__(
        self,
        *,
        address: PageAddress,
        name: str,
        method: str,
        page: str,
        attach: Callable[[str, Any], None],
        most_peers: int,
    ) -> None:
        self._aiortc = load_aiortc('webrtc://')
        self._is_local, self._method = address.is_local, method
        self._attach, self._most_peers = attach, most_peers
        self._peers: dict[str, Any] = {}
        self._ends: dict[str, Handler] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = PageServer(address)
        self.loop = self._server.loop
        self.url = self._server.url
        root, _, token = self.url.partition('?')
        self.offers_url = f'{root}{name}/{method}' + (f'?{token}' if token else '')
        offered = {f'/{name}/{method}': self._offered, f'/{method}': self._offered}
        self._server.start(_pages(name, page), offered, self._ends)

    @property
    def peer_count(self) -> int:
        """How many peers there are."""
        return len(self._peers)

    def call(self, function: Callable[[], None]) -> None:
        """Call a function in the loop of the peers soon."""
        self._server.call(function)

    def close(self) -> None:
        """End all connections; a second call does nothing."""
        if self.loop.is_running():
            ending = asyncio.run_coroutine_threadsafe(self._end_peers(), self.loop)
            with suppress(RuntimeError, TimeoutError, FutureTimeoutError):
                ending.result(END_S)
        self._server.close()

    async def leave(self, key: str) -> None:
        """End the connection of a peer; one that has left is no error."""
        self._ends.pop(self._session(key), None)
        peer = self._peers.pop(key, None)
        if peer is not None:
            await peer.close()

    async def leave_others(self, key: str) -> None:
        """End the connections of all peers but one."""
        await asyncio.gather(*(self.leave(other) for other in list(self._peers) if other != key))

    async def _end_peers(self) -> None:
        peers = list(self._peers.values())
        self._peers.clear()
        await asyncio.gather(*(peer.close() for peer in peers), return_exceptions=True)

    async def _offered(self, request: web.BaseRequest) -> web.StreamResponse:
        offer = (await request.read()).decode('utf-8', 'replace')
        if len(self._peers) >= self._most_peers:
            why = f'There are {self._most_peers} connections already.'
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, why)
        is_long = len(offer) > MOST_SDP_BYTES or offer.count('m=') > 4
        if is_long or offer.count('candidate:') > MOST_CANDIDATES:
            return _text(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, 'The offer is too long.')
        key, peer = secrets.token_urlsafe(12), new_peer(self._aiortc, is_local=self._is_local)
        self._peers[key] = peer

        @peer.on('connectionstatechange')  # type: ignore[untyped-decorator]
        async def changed() -> None:
            if peer.connectionState in ('failed', 'closed'):
                await self.leave(key)

        try:
            with on_loopback(alone=self._is_local):
                await peer.setRemoteDescription(self._aiortc.RTCSessionDescription(offer, 'offer'))
                self._attach(key, peer)
                await peer.setLocalDescription(await peer.createAnswer())
        except Exception as err:  # noqa: BLE001  an offer may be wrong in any way
            await self.leave(key)
            why = f'The offer cannot be answered: {type(err).__name__}.'
            return _text(HTTPStatus.BAD_REQUEST, why)

        async def ended(_: web.BaseRequest) -> web.StreamResponse:
            await self.leave(key)
            return _text(HTTPStatus.OK, 'The session has ended.')

        self._ends[self._session(key)] = ended
        waiting = asyncio.create_task(self._end_unconnected(key))
        self._tasks.add(waiting)
        waiting.add_done_callback(self._tasks.discard)
        return web.Response(
            status=HTTPStatus.CREATED,
            text=str(peer.localDescription.sdp),
            content_type='application/sdp',
            headers={'Location': self._session(key), 'Cache-Control': 'no-store'},
        )

    def _session(self, key: str) -> str:
        return f'/{self._method}/{key}'

    async def _end_unconnected(self, key: str) -> None:
        await asyncio.sleep(CONNECT_S)
        peer = self._peers.get(key)
        if peer is not None and peer.connectionState != 'connected':
            await self.leave(key)


def _pages(name: str, page: str) -> dict[str, Handler]:
    folder = files(__package__) / 'assets'
    icon = files('ros_deep_learning.video.page') / 'assets' / 'icon.svg'
    html = Asset('text/html; charset=utf-8', (folder / f'{page}.html').read_bytes()).answer
    style = Asset('text/css; charset=utf-8', (folder / 'peer.css').read_bytes())
    scripts = {
        f'/{script}': Asset('text/javascript; charset=utf-8', (folder / script).read_bytes())
        for script in ('peer.js', f'{page}.js')
    }
    return {
        '/': html,
        f'/{name}': html,
        '/peer.css': style.answer,
        **{path: asset.answer for path, asset in scripts.items()},
        '/icon.svg': Asset('image/svg+xml', icon.read_bytes()).answer,
    }


def _text(status: HTTPStatus, text: str) -> web.Response:
    return web.Response(status=status, text=f'{text}\n', headers={'Cache-Control': 'no-store'})
