# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The end of a WebSocket: in order, or at once where the other side does not read."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from aiohttp import WSCloseCode, web


async def hold(
    request: web.BaseRequest,
    channel: web.WebSocketResponse,
    works: Sequence[Coroutine[Any, Any, None]],
) -> None:
    """Run the works of a WebSocket until one of them ends, and end the connection.

    It is closed in order, unless a work ended with ``asyncio.TimeoutError`` or the heartbeat had
    no answer. Then it is aborted: what waits to be sent would stay in memory for as long as the
    other side keeps the connection open.
    """
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        late = any(isinstance(task.exception(), asyncio.TimeoutError) for task in done)
        # aiohttp itself closes the transport then, in order, and so never.
        if late or isinstance(channel.exception(), asyncio.TimeoutError):
            abort(request)
        else:
            await channel.close(code=WSCloseCode.GOING_AWAY)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def abort(request: web.BaseRequest) -> None:
    """End a connection at once, with all that waits to be sent on it."""
    if request.transport is not None:
        request.transport.abort()
