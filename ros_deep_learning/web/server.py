# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A small HTTP server in a thread of its own: fixed paths, and nothing of the file system.

It is made of aiohttp's low-level server, which has WebSockets and limits on what a client sends,
and no routes to files.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Any
from urllib.parse import quote

from ..errors import SettingsError
from .access import open_access
from .address import PageAddress, open_sockets

try:
    from aiohttp import web
    from aiohttp.http_exceptions import HttpProcessingError
except ImportError as err:
    msg = 'a page needs aiohttp; to fix: pip install aiohttp, or apt install python3-aiohttp'
    raise SettingsError(msg) from err

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_LOG = logging.getLogger('ros_deep_learning.web')
# A client that sends no HTTP or goes away is nothing to tell the user of the program.
_FAULTS_OF_CLIENTS = (HttpProcessingError, ConnectionError, web.RequestPayloadError)
_LOG.addFilter(
    lambda record: not (record.exc_info and isinstance(record.exc_info[1], _FAULTS_OF_CLIENTS))
)

MAX_CONNECTIONS = 64
SILENT_S = 10.0
"""How long a connection may stay open without a request."""
_END_S = 0.5

SECURITY_HEADERS = {
    'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of a page, held in memory.

    Attributes:
        content_type: Such as ``text/css``.
        data: Its bytes.
    """

    content_type: str
    data: bytes

    async def answer(self, _: web.BaseRequest) -> web.StreamResponse:
        """Send the file."""
        return web.Response(
            body=self.data, headers={**SECURITY_HEADERS, 'Content-Type': self.content_type}
        )


class PageServer:
    """Serves pages from ``start`` to ``close``.

    Args:
        address: Where.

    Attributes:
        url: What to type in a browser; it has the token, if there is one.
        loop: The event loop that the handlers run in.

    Raises:
        SettingsError: The address is taken or not of this machine.
    """

    def __init__(self, address: PageAddress) -> None:
        self._handlers: Mapping[str, Handler] = {}
        self._posts: Mapping[str, Handler] = {}
        self._deletes: Mapping[str, Handler] = {}
        self._access = open_access(is_local=address.is_local)
        self._sockets = open_sockets(address)
        port = self._sockets[0].getsockname()[1]
        self._cookie = f'page-token-{port}'
        token = f'?token={quote(self._access.token)}' if self._access.token else ''
        self.url = f'http://{address.own_host}:{port}/{token}'
        self.loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name='page', daemon=True)

    def start(
        self,
        handlers: Mapping[str, Handler],
        posts: Mapping[str, Handler] | None = None,
        deletes: Mapping[str, Handler] | None = None,
    ) -> None:
        """Answer a GET, a POST and a DELETE of each path by a function, which runs in ``loop``.

        The mappings may change later, in ``loop``.
        """
        self._handlers, self._posts = handlers, {} if posts is None else posts
        self._deletes = {} if deletes is None else deletes
        self._thread.start()

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Call a function in ``loop`` soon, unless that has ended."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(function, *arguments)

    def close(self) -> None:
        """End connections and thread in less than a second; a second call does nothing."""
        if self._thread.is_alive():
            self.call(self._end.set)
            self._thread.join(4 * _END_S)

    def _run(self) -> None:
        try:
            self.loop.run_until_complete(self._serve())
        finally:
            self.loop.close()

    async def _serve(self) -> None:
        server = _LimitedServer(self._answer)
        listening = [
            await self.loop.create_server(server, sock=one, backlog=32) for one in self._sockets
        ]
        while not self._end.is_set():
            try:
                await asyncio.wait_for(self._end.wait(), SILENT_S / 5)
            except asyncio.TimeoutError:
                server.end_silent()
        for one in listening:
            one.close()
        await server.shutdown(_END_S)
        # What still waits for a client.
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        headers, token = request.headers, request.query.get('token', '')
        if not all(v.isascii() for name, v in headers.items() if name.lower() != 'cookie'):
            # aiohttp cannot repeat them in its answers.
            return _text(HTTPStatus.BAD_REQUEST, 'Only ASCII is understood in headers.')
        refusal = self._access.refusal(
            headers.get('Host', ''),
            headers.get('Origin'),
            (token, _cookie(request, self._cookie), _bearer(headers.get('Authorization', ''))),
        )
        if refusal is not None:
            return _text(refusal.status, refusal.text)
        if request.method == 'POST' and request.path in self._posts:
            return await self._posts[request.path](request)
        if request.method == 'DELETE' and request.path in self._deletes:
            return await self._deletes[request.path](request)
        if request.method != 'GET':
            return _text(HTTPStatus.METHOD_NOT_ALLOWED, 'Only GET is answered here.')
        handler = self._handlers.get(request.path)
        if handler is None:
            return _text(HTTPStatus.NOT_FOUND, 'There is no such page here.')
        if request.path == '/' and self._access.token and token:
            return self._remember(token)
        return await handler(request)

    def _remember(self, token: str) -> web.StreamResponse:
        """Exchange the token of a URL for a cookie, so that no later page shows it."""
        answer = _text(HTTPStatus.SEE_OTHER, '')
        answer.headers['Location'] = '/'
        answer.set_cookie(self._cookie, token, path='/', httponly=True, samesite='Lax')
        return answer


class _LimitedServer(web.Server):
    """A server that a client cannot exhaust with connections."""

    def __init__(self, handler: Handler) -> None:
        self._opened: dict[Any, float] = {}
        answer = self._first_request(handler)
        super().__init__(answer, keepalive_timeout=SILENT_S, logger=_LOG)

    def connection_made(self, handler: Any, transport: asyncio.Transport) -> None:
        """Take a connection, unless there are too many."""
        super().connection_made(handler, transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
        else:
            self._opened[handler] = monotonic()

    def connection_lost(self, handler: Any, exc: BaseException | None = None) -> None:
        """Forget a connection."""
        self._opened.pop(handler, None)
        super().connection_lost(handler, exc)

    def end_silent(self) -> None:
        """End connections that have asked for nothing yet for too long."""
        now = monotonic()
        for handler, opened in list(self._opened.items()):
            if now - opened > SILENT_S:
                handler.force_close()

    def _first_request(self, handler: Handler) -> Handler:
        def answer(request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
            self._opened.pop(request.protocol, None)
            return handler(request)

        return answer


def _cookie(request: web.BaseRequest, name: str) -> str:
    # http.cookies refuses all of them if another program of this host has set a bad one.
    for part in request.headers.get('Cookie', '').split(';'):
        key, _, value = part.strip().partition('=')
        if key == name:
            return value
    return ''


def _bearer(authorization: str) -> str:
    # RFC 6750; clients of WHIP, which have no cookies, give a token so.
    scheme, _, token = authorization.partition(' ')
    return token.strip() if scheme.lower() == 'bearer' else ''


def _text(status: HTTPStatus, text: str) -> web.Response:
    return web.Response(status=status, text=text + '\n' * bool(text), headers=SECURITY_HEADERS)
