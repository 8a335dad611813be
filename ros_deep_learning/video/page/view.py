# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Send the newest frame to each viewer, at the viewer's own speed, and take its wishes."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from contextlib import suppress
from time import monotonic

from aiohttp import WSCloseCode, WSMsgType, web

from ...errors import SettingsError
from ...web import conversation
from ...web.server import SECURITY_HEADERS, Handler
from .newest import Newest, Shown
from .panel import Change, Panel

MAX_VIEWERS = 16
IN_FLIGHT = 2
"""Frames that are sent before the first of them is confirmed, so that a long way costs no rate."""
STALL_S = 10.0
"""A viewer that confirms no frame for so long is dropped."""
_SEND_BUFFER = 2**18
_MAX_WISH_BYTES = 2**16
_CHANGE_PERIOD_S = 0.02
_BOUNDARY = 'frame'


class LiveView:
    """Answers the requests for frames.

    Args:
        newest: The frames; its loop is the server's.
        panel: What stands beside them.
        change: Told what a viewer wants.
    """

    def __init__(self, newest: Newest, panel: Panel, change: Change) -> None:
        self._newest, self._panel, self._change = newest, panel, change
        self._viewers: set[Viewer] = set()
        self._streams = 0

    @property
    def handlers(self) -> dict[str, Handler]:
        """What answers which path."""
        return {'/live': self.live, '/stream.mjpg': self.stream, '/picture.jpg': self.picture}

    def set_panel(self, panel: Panel) -> None:
        """Show another panel to all viewers."""
        self._panel = panel
        for viewer in self._viewers:
            viewer.tell(panel.to_json())

    async def live(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve a page: frames with what is told about them, and the viewer's wishes."""
        if (full := self._refuse_full()) is not None:
            return full
        channel = web.WebSocketResponse(
            heartbeat=STALL_S, compress=False, max_msg_size=_MAX_WISH_BYTES, timeout=0.2
        )
        if not channel.can_prepare(request):
            return _sorry(426, 'Expected a WebSocket.')
        await channel.prepare(request)
        viewer = Viewer(channel, self._newest)
        self._viewers.add(viewer)
        viewer.tell(self._panel.to_json())
        works = (viewer.send_panels(), viewer.send_frames(), self._hear_all(viewer, channel))
        try:
            await conversation.hold(request, channel, works)
        finally:
            self._viewers.discard(viewer)
        return channel

    async def _hear_all(self, viewer: Viewer, channel: web.WebSocketResponse) -> None:
        async for message in channel:
            if message.type is not WSMsgType.TEXT or not await self._hear(viewer, message.data):
                await channel.close(code=WSCloseCode.UNSUPPORTED_DATA)

    async def stream(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve the frames alone as MJPEG, for players and programs."""
        if (full := self._refuse_full()) is not None:
            return full
        answer = web.StreamResponse(headers=SECURITY_HEADERS)
        answer.content_type = f'multipart/x-mixed-replace; boundary={_BOUNDARY}'
        if request.transport is not None:
            # What lies in the buffers of a slow reader is old.
            raw = request.transport.get_extra_info('socket')
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self._streams += 1
        number = 0
        try:
            await answer.prepare(request)
            while (taken := await self._next(request, number)) is not None:
                shown, jpeg = taken
                number = shown.number
                head = f'--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}'
                part = b''.join((head.encode(), b'\r\n\r\n', jpeg, b'\r\n'))
                await asyncio.wait_for(answer.write(part), STALL_S)
        except asyncio.TimeoutError:
            conversation.abort(request)
        finally:
            self._streams -= 1
        return answer

    async def _next(self, request: web.BaseRequest, number: int) -> tuple[Shown, bytes] | None:
        """Wait for the next frame; None when none follows, or the reader has gone."""
        while request.transport is not None:
            with suppress(asyncio.TimeoutError):
                return await asyncio.wait_for(self._newest.after(number), STALL_S)
        return None

    async def picture(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve the newest frame."""
        try:
            taken = await asyncio.wait_for(self._newest.after(0), STALL_S)
        except asyncio.TimeoutError:
            taken = None
        if taken is None:
            return _sorry(503, 'There is no picture yet.')
        return web.Response(body=taken[1], content_type='image/jpeg', headers=SECURITY_HEADERS)

    def _refuse_full(self) -> web.Response | None:
        if len(self._viewers) + self._streams < MAX_VIEWERS:
            return None
        return _sorry(503, f'{MAX_VIEWERS} watch already.')

    async def _hear(self, viewer: Viewer, text: str) -> bool:
        """Take a message of a viewer; return whether it is one."""
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            return False
        if not isinstance(message, dict):
            return False
        if 'shown' in message:
            return viewer.confirm(message['shown'])
        try:
            wanted = self._panel.changed(message)
        except SettingsError:
            return False
        if wanted != self._panel:
            self._change(wanted)
            # A viewer that sends more than a hand can waits for its own messages.
            await asyncio.sleep(_CHANGE_PERIOD_S)
        return True


def _sorry(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=f'{text}\n', headers=SECURITY_HEADERS)


class Viewer:
    """Sends frames and panels through a WebSocket: a frame when an earlier one is confirmed.

    Args:
        channel: The WebSocket.
        newest: The frames.

    Attributes:
        watching: Set while frames are to be sent.
    """

    def __init__(self, channel: web.WebSocketResponse, newest: Newest) -> None:
        self._channel, self._newest = channel, newest
        self.watching = asyncio.Event()
        self.watching.set()
        self._panel = ''
        self._told, self._confirmed = asyncio.Event(), asyncio.Event()
        self._sent_s: dict[int, float] = {}
        self._trip_s = 0.0

    def tell(self, panel: str) -> None:
        """Send a panel as JSON soon; one that was not sent yet is replaced."""
        self._panel = panel
        self._told.set()

    def confirm(self, number: object) -> bool:
        """Note that a frame is on the screen; return whether it was sent."""
        if type(number) is not int or number not in self._sent_s:
            return False
        self._trip_s = monotonic() - self._sent_s.pop(number)
        self._confirmed.set()
        return True

    async def send_panels(self) -> None:
        """Send each panel."""
        while True:
            await self._told.wait()
            self._told.clear()
            await self._channel.send_str(self._panel)

    async def send_frames(self) -> None:
        """Send the newest frame again and again, until none follows.

        Raises:
            asyncio.TimeoutError: The viewer does not read, or confirms nothing.
        """
        number = 0
        while True:
            await self.watching.wait()
            while len(self._sent_s) >= IN_FLIGHT:
                self._confirmed.clear()
                await asyncio.wait_for(self._confirmed.wait(), STALL_S)
            taken = await self._newest.after(number)
            if taken is None:
                return
            shown, jpeg = taken
            number = shown.number
            self._sent_s[number] = monotonic()
            await asyncio.wait_for(self._channel.send_bytes(self._message(shown, jpeg)), STALL_S)

    def _message(self, shown: Shown, jpeg: bytes) -> bytes:
        """Return the length of a JSON text as big-endian uint32, the text, and the JPEG."""
        height, width = shown.frame_bgr.shape[:2]
        report = shown.report
        age_s = monotonic() - report.taken_s + self._trip_s
        text = json.dumps(
            {
                'number': shown.number,
                'size_wh': [width, height],
                'rate_hz': round(shown.rate_hz, 2),
                'age_ms': round(age_s * 1e3, 1),
                'times_ms': {name: round(ms, 2) for name, ms in report.times_ms.items()},
                'rows': list(report.rows),
            }
        ).encode()
        return b''.join((struct.pack('>I', len(text)), text, jpeg))
