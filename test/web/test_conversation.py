# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""How WebSockets end: with a real server, and a client that may read nothing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from aiohttp import ClientSession, web

from ros_deep_learning.web import conversation

PATIENCE_S = 30.0
# More than the system holds for a connection, so that the rest waits in the server.
BIG = bytes(2**24)
UPGRADE = (
    b'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
    b'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
)


def read_all(port: int, begin: asyncio.Event, loop: asyncio.AbstractEventLoop) -> int:
    """Ask for a WebSocket, and read only after ``begin``; return the number of bytes."""
    count = 0
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(PATIENCE_S)
        client.connect(('127.0.0.1', port))
        client.sendall(UPGRADE)
        asyncio.run_coroutine_threadsafe(begin.wait(), loop).result(PATIENCE_S)
        try:
            while part := client.recv(2**20):
                count += len(part)
        except ConnectionError:
            pass
    return count


async def serve(
    works: Callable[[web.WebSocketResponse], list[Coroutine[Any, Any, None]]],
    heartbeat_s: float | None,
    client: Callable[[int, asyncio.Event], Awaitable[None]],
) -> None:
    ended = asyncio.Event()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        channel = web.WebSocketResponse(heartbeat=heartbeat_s, timeout=0.2)
        await channel.prepare(request)
        await conversation.hold(request, channel, works(channel))
        ended.set()
        return channel

    server = web.Server(handle)
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(server, '127.0.0.1', 0)
    await asyncio.wait_for(client(listening.sockets[0].getsockname()[1], ended), PATIENCE_S)
    listening.close()
    await server.shutdown(1)


async def never() -> None:
    await asyncio.Event().wait()


async def listen(channel: web.WebSocketResponse) -> None:
    async for _ in channel:
        pass


async def send(channel: web.WebSocketResponse, timeout_s: float | None) -> None:
    await asyncio.wait_for(channel.send_bytes(BIG), timeout_s)


@pytest.mark.parametrize(
    ('heartbeat_s', 'timeout_s'), [(0.3, None), (None, 0.3)], ids=['heartbeat', 'work']
)
def test_who_reads_nothing_is_dropped_with_what_waits_for_him(
    heartbeat_s: float | None, timeout_s: float | None
) -> None:
    async def client(port: int, ended: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        assert 0 < await asyncio.to_thread(read_all, port, ended, loop) < len(BIG)

    asyncio.run(
        serve(lambda channel: [listen(channel), send(channel, timeout_s)], heartbeat_s, client)
    )


def test_it_is_closed_in_order_where_a_work_ends() -> None:
    async def say(channel: web.WebSocketResponse) -> None:
        await channel.send_bytes(BIG)

    async def client(port: int, _: asyncio.Event) -> None:
        async with (
            ClientSession() as session,
            session.ws_connect(f'http://127.0.0.1:{port}/', max_msg_size=0) as channel,
        ):
            assert await channel.receive_bytes() == BIG
            await channel.receive()
            assert channel.close_code == 1001

    asyncio.run(serve(lambda channel: [say(channel), never()], None, client))
