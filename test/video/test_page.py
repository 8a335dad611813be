# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The live page, seen by real WebSocket and MJPEG clients over loopback."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from typing import Any

import aiohttp
import cv2
import numpy as np
import pytest

from ros_deep_learning.errors import ImageError, SettingsError
from ros_deep_learning.video.page import newest, view
from ros_deep_learning.video.page.newest import Report
from ros_deep_learning.video.page.panel import LiveSettings, Panel
from ros_deep_learning.video.page.sink import PageSink
from ros_deep_learning.video.screens import open_screen
from ros_deep_learning.web import conversation

ROW = {'label': 'car', 'class_id': 2, 'score': 0.75, 'box_xyxy': [1, 2, 3, 4], 'track_id': None}
PANEL = Panel(
    'net: onnxruntime', 'street.mp4', ('person', 'dog', 'car'), LiveSettings(0.5, frozenset())
)
PATIENCE_S = 30.0
UPGRADE = (
    b'GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
    b'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
)
STREAM = b'GET /stream.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n'


def grey(value: int, size_wh: tuple[int, int] = (32, 16)) -> np.ndarray:
    return np.full((size_wh[1], size_wh[0], 3), value, np.uint8)


@pytest.fixture
def page() -> Iterator[PageSink]:
    with closing(PageSink('http://localhost:0')) as sink:
        sink.set_panel(PANEL)
        yield sink


class Source:
    """Puts frames as a program does, until it is closed."""

    def __init__(self, page: PageSink, size_wh: tuple[int, int] = (32, 16)) -> None:
        self.count = 0
        self.slowest_s = 0.0
        self._page, self._size_wh = page, size_wh
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        noise = np.random.default_rng(0).integers(0, 255, (*self._size_wh[::-1], 3), np.uint8)
        while not self._end.wait(0.01):
            started = time.monotonic()
            self._page.show(np.roll(noise, self.count), Report([ROW]))
            self.slowest_s = max(self.slowest_s, time.monotonic() - started)
            self.count += 1

    def close(self) -> None:
        self._end.set()
        self._thread.join()


def run(client: Callable[[aiohttp.ClientSession], Awaitable[None]]) -> None:
    async def inner() -> None:
        async with aiohttp.ClientSession() as session:
            await asyncio.wait_for(client(session), PATIENCE_S)

    asyncio.run(inner())


class Browser:
    """What live.js does with its WebSocket."""

    def __init__(self, channel: aiohttp.ClientWebSocketResponse) -> None:
        self.channel = channel
        self.panel: dict[str, Any] = {}

    async def frame(self, *, confirm: bool = True) -> tuple[dict[str, Any], bytes]:
        """Return what is told about the next frame, and its JPEG."""
        while True:
            message = await self.channel.receive(PATIENCE_S)
            if message.type is aiohttp.WSMsgType.TEXT:
                self.panel = json.loads(message.data)
                continue
            assert message.type is aiohttp.WSMsgType.BINARY, message
            (length,) = struct.unpack('>I', message.data[:4])
            told = json.loads(message.data[4 : 4 + length])
            if confirm:
                await self.channel.send_json({'shown': told['number']})
            return told, message.data[4 + length :]

    async def panel_with(self, **expected: Any) -> None:
        while not expected.items() <= self.panel.items():
            message = await self.channel.receive(PATIENCE_S)
            if message.type is aiohttp.WSMsgType.TEXT:
                self.panel = json.loads(message.data)


@asynccontextmanager
async def browser(session: aiohttp.ClientSession, page: PageSink) -> AsyncIterator[Browser]:
    async with session.ws_connect(f'{page.url}live', max_msg_size=0) as channel:
        yield Browser(channel)


def test_a_frame_with_its_results(page: PageSink) -> None:
    page.show(grey(200), Report([ROW], times_ms={'inference': 12.345}))

    async def client(session: aiohttp.ClientSession) -> None:
        async with browser(session, page) as one:
            told, jpeg = await one.frame()
            assert told['rows'] == [ROW]
            assert told['size_wh'] == [32, 16]
            assert told['times_ms'] == {'inference': 12.35} or told['times_ms'] == {
                'inference': 12.34
            }
            assert told['age_ms'] >= 0
            decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
            assert decoded.shape == (16, 32, 3)
            assert abs(int(decoded[8, 16, 0]) - 200) <= 2
            assert one.panel == {
                'title': 'net: onnxruntime',
                'source': 'street.mp4',
                'labels': ['person', 'dog', 'car'],
                'score_threshold': 0.5,
                'class_ids': [],
            }
            page.write(grey(10))
            told, _ = await one.frame()
            assert (told['number'], told['rows']) == (2, [])

    run(client)


def test_the_page_needs_nothing_from_elsewhere(page: PageSink) -> None:
    async def client(session: aiohttp.ClientSession) -> None:
        async with session.get(page.url) as answer:
            html = await answer.text()
        names = re.findall(r'(?:src|href)="([^"]+)"', html)
        assert set(names) == {'/live.js', '/live.css', '/icon.svg'}
        for name in names:
            async with session.get(page.url.rstrip('/') + name) as answer:
                assert answer.status == 200
                text = await answer.text()
                # Of the name of SVG nothing is asked.
                assert 'http' not in text.replace('http://www.w3.org/2000/svg', '').replace(
                    "'https:'", ''
                )
        assert 'style=' not in html
        assert 'onclick' not in html

    run(client)


def test_two_viewers_share_a_jpeg(page: PageSink, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    encode = newest._encode
    monkeypatch.setattr(newest, '_encode', lambda frame: made.append(1) or encode(frame))
    for k in range(5):
        page.write(grey(k))
    assert made == []

    async def client(session: aiohttp.ClientSession) -> None:
        async with browser(session, page) as one, browser(session, page) as two:
            (told, first), (_, second) = [await who.frame() for who in (one, two)]
            assert told['number'] == 5
            assert first == second
            assert made == [1]

    run(client)


def test_what_one_viewer_sets_the_other_sees(page: PageSink) -> None:
    async def client(session: aiohttp.ClientSession) -> None:
        async with browser(session, page) as one, browser(session, page) as two:
            await one.channel.send_json({'score_threshold': 0.25})
            await two.panel_with(score_threshold=0.25)
            await two.channel.send_json({'class_ids': [2, 0]})
            await one.panel_with(score_threshold=0.25, class_ids=[0, 2])
            assert page.settings == LiveSettings(0.25, frozenset({0, 2}))
            assert page.wait_for_change(0)
            assert not page.wait_for_change(0)

    run(client)


def test_a_slow_viewer_gets_the_newest_and_slows_nobody(page: PageSink) -> None:
    async def client(session: aiohttp.ClientSession) -> None:
        async with browser(session, page) as slow, browser(session, page) as fast:
            numbers = []
            unseen = [(await slow.frame(confirm=False))[0]['number'] for _ in range(2)]
            while len(numbers) < 20:
                numbers.append((await fast.frame())[0]['number'])
            # No third frame waits for the slow one: it is made when the first is confirmed.
            await slow.channel.send_json({'shown': unseen[0]})
            told, _ = await slow.frame()
            assert told['number'] >= numbers[-1]
            assert numbers == sorted(set(numbers))

    with closing(Source(page)) as source:
        run(client)
        assert source.slowest_s < 1


@pytest.mark.parametrize('request_bytes', [UPGRADE, STREAM], ids=['live', 'stream'])
def test_who_never_reads_is_dropped_and_costs_no_memory(
    page: PageSink, request_bytes: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[int] = []
    abort = conversation.abort

    def measured_abort(request: Any) -> None:
        # On a busy machine, the heartbeat may have no answer before the first frame is sent.
        # aiohttp closes the connection then, on which nothing waits.
        transport = request.transport
        waiting.append(0 if transport is None else transport.get_write_buffer_size())
        abort(request)

    monkeypatch.setattr(conversation, 'abort', measured_abort)
    monkeypatch.setattr(view, 'STALL_S', 0.5)
    port = int(page.url.rstrip('/').rpartition(':')[2])
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(('127.0.0.1', port))
        client.sendall(request_bytes)
        # 1.5 MB a frame.
        with closing(Source(page, (1280, 720))) as source:
            end_s = time.monotonic() + PATIENCE_S
            while not waiting:
                assert time.monotonic() < end_s, 'nobody was dropped'
                time.sleep(0.01)
            # Frames went on meanwhile.
            assert source.slowest_s < 1
    # What the system itself holds is not counted.
    assert waiting[0] < view.IN_FLIGHT * 1_600_000


def test_a_handshake_that_is_none_is_not_reported(
    page: PageSink, caplog: pytest.LogCaptureFixture
) -> None:
    port = int(page.url.rstrip('/').rpartition(':')[2])
    for header, value in ((b'websocket', b'websock\xef'), (b'Version: 13', b'Version: \xff')):
        with socket.create_connection(('127.0.0.1', port), timeout=PATIENCE_S) as client:
            client.sendall(UPGRADE.replace(header, value))
            assert client.recv(12) == b'HTTP/1.1 400'
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


def test_who_goes_away_at_once_is_not_reported(
    page: PageSink, caplog: pytest.LogCaptureFixture
) -> None:
    port = int(page.url.rstrip('/').rpartition(':')[2])
    with closing(Source(page)):
        for k in range(60):
            with socket.create_connection(('127.0.0.1', port)) as client:
                client.sendall(UPGRADE if k % 2 else STREAM)
        end_s = time.monotonic() + PATIENCE_S
        while page._view._viewers or page._view._streams:
            assert time.monotonic() < end_s
            time.sleep(0.01)
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


def test_mjpeg_for_other_programs(page: PageSink) -> None:
    with closing(Source(page, (64, 48))):
        capture = cv2.VideoCapture(f'{page.url}stream.mjpg')
        assert capture.isOpened()
        for _ in range(3):
            there, frame = capture.read()
            assert there
            assert frame.shape == (48, 64, 3)
        capture.release()


def test_a_reader_that_has_gone_makes_room_without_a_frame(
    page: PageSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, 'STALL_S', 0.05)

    async def client(session: aiohttp.ClientSession) -> None:
        async with session.get(f'{page.url}stream.mjpg'):
            assert page._view._streams == 1
        while page._view._streams:
            await asyncio.sleep(0.02)

    run(client)


def test_a_flood_of_wishes_is_slowed(page: PageSink) -> None:
    async def client(session: aiohttp.ClientSession) -> None:
        async with browser(session, page) as one:
            for k in range(100):
                await one.channel.send_json({'score_threshold': k % 2 / 2})
            started = time.monotonic()
            page.write(grey(1))
            # It still gets frames meanwhile.
            await one.frame(confirm=False)
            await one.channel.send_json({'score_threshold': 0.75})
            await one.panel_with(score_threshold=0.75)
            assert time.monotonic() - started > 50 * view._CHANGE_PERIOD_S

    run(client)


def test_a_picture_for_curl(page: PageSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, 'STALL_S', 0.1)

    async def client(session: aiohttp.ClientSession) -> None:
        async with session.get(f'{page.url}picture.jpg') as answer:
            assert answer.status == 503
        page.write(grey(7))
        async with session.get(f'{page.url}picture.jpg') as answer:
            assert answer.status == 200
            assert answer.content_type == 'image/jpeg'
            assert (await answer.read()).startswith(b'\xff\xd8')

    run(client)


@pytest.mark.parametrize(
    'message',
    [
        'x',
        '[]',
        '7',
        '{"shown": 1000}',
        '{"shown": [1]}',
        '{"shown": true}',
        '{"score_threshold": NaN}',
        '{"score_threshold": 1e999}',
        '{"score_threshold": -0.1}',
        '{"score_threshold": "0.5"}',
        '{"score_threshold": true}',
        '{"class_ids": [3]}',
        '{"class_ids": [-1]}',
        '{"class_ids": [1.0]}',
        '{"class_ids": {"0": 1}}',
        '{"class_ids": null}',
        30_000 * '[',
        b'{"score_threshold": 0.4}',
        '"' + 2 * view._MAX_WISH_BYTES * 'a' + '"',
    ],
    ids=range(19),
)
def test_a_hostile_message_ends_its_own_connection(page: PageSink, message: str | bytes) -> None:
    page.write(grey(1))

    async def client(session: aiohttp.ClientSession) -> None:
        async with browser(session, page) as good, browser(session, page) as bad:
            await bad.frame()
            if isinstance(message, bytes):
                await bad.channel.send_bytes(message)
            else:
                await bad.channel.send_str(message)
            while (await bad.channel.receive(PATIENCE_S)).type is not aiohttp.WSMsgType.CLOSE:
                pass
            await good.frame()
            await good.channel.send_json({'score_threshold': 0.75})
            await good.panel_with(score_threshold=0.75)
        assert page.settings == LiveSettings(0.75, frozenset())

    run(client)


def test_another_site_cannot_use_it(page: PageSink) -> None:
    async def client(session: aiohttp.ClientSession) -> None:
        for origin in ('http://evil.example', 'null'):
            with pytest.raises(aiohttp.WSServerHandshakeError, match='403'):
                await session.ws_connect(f'{page.url}live', headers={'Origin': origin})

    run(client)


def test_viewers_are_limited(page: PageSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, 'MAX_VIEWERS', 1)

    async def client(session: aiohttp.ClientSession) -> None:
        async with browser(session, page):
            for path in ('live', 'stream.mjpg'):
                async with session.get(page.url + path) as answer:
                    assert answer.status == 503
        # The page hears of the end a moment later.
        while page._view._viewers:
            await asyncio.sleep(0.01)
        page.write(grey(1))
        async with browser(session, page) as one:
            await one.frame()

    run(client)


def test_the_end_reaches_the_viewers_within_a_second() -> None:
    page = PageSink('http://localhost:0')
    page.write(grey(1))
    took = []

    def end() -> None:
        started = time.monotonic()
        page.close()
        took.append(time.monotonic() - started)

    async def client(session: aiohttp.ClientSession) -> None:
        async with browser(session, page) as one:
            await one.frame()
            ending = threading.Thread(target=end)
            ending.start()
            while (await one.channel.receive(PATIENCE_S)).type is not aiohttp.WSMsgType.CLOSE:
                pass
            ending.join()

    run(client)
    assert took[0] < 1
    page.write(grey(2))
    page.close()


def test_a_port_in_use_is_told(page: PageSink) -> None:
    port = page.url.rstrip('/').rpartition(':')[2]
    with pytest.raises(SettingsError, match=f'port {port} is in use; give another one'):
        PageSink(f'http://@:{port}')


def test_without_aiohttp_the_fix_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('web.server', 'video.page.view', 'video.page.sink'):
        monkeypatch.delitem(sys.modules, f'ros_deep_learning.{name}')
    monkeypatch.setitem(sys.modules, 'aiohttp', None)
    with pytest.raises(SettingsError, match='needs aiohttp; to fix: pip install aiohttp'):
        open_screen('http://@:8080')


def test_the_panel_without_settings_takes_none() -> None:
    for wish in ({'score_threshold': 0.5}, {'class_ids': [0]}):
        with pytest.raises(SettingsError):
            Panel().changed(wish)


@pytest.mark.parametrize('without', ['', 'simplejpeg'])
def test_a_frame_too_large_for_a_jpeg_is_told(
    monkeypatch: pytest.MonkeyPatch, without: str
) -> None:
    if without:
        monkeypatch.setitem(sys.modules, without, None)
    with pytest.raises(ImageError, match='no JPEG can be made of 65501x1 pixels'):
        newest._encode(np.zeros((1, 65501, 3), np.uint8))
