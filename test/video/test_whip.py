# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""WHIP over loopback: streams that are sent here, and streams that are sent elsewhere."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import numpy as np
import pytest
from chromium import chromium, find_chromium

from ros_deep_learning.errors import ImageError, SenderAwaitedError, SettingsError
from ros_deep_learning.video.options import VideoOptions
from ros_deep_learning.video.play import play
from ros_deep_learning.video.sinks import open_output
from ros_deep_learning.video.sources import open_frames
from ros_deep_learning.video.webrtc import peers, whip_receiver
from ros_deep_learning.video.webrtc.whip_receiver import WhipReceiver
from ros_deep_learning.video.webrtc.whip_sink import WhipSink

aiortc = pytest.importorskip('aiortc')

VALUES = (30, 90, 150, 210)


def listening(resource: str = 'webrtc://@:0/seen') -> WhipReceiver:
    source = open_frames(resource)
    assert isinstance(source, WhipReceiver)
    return source


def sink_url(source: WhipReceiver, name: str = 'seen') -> str:
    return f'webrtc://127.0.0.1:{urlsplit(source.url).port}/{name}'


@contextmanager
def fed(sink: Any, values: tuple[int, ...] = VALUES) -> Iterator[None]:
    """Write grey frames into a sink, 50 a second, until the body ends."""
    stopped = threading.Event()

    def feed() -> None:
        index = 0
        while not stopped.wait(0.02):
            sink.write(np.full((49, 65, 3), values[index // 10 % len(values)], np.uint8))
            index += 1

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
        sink.close()


def see(source: WhipReceiver, values: tuple[int, ...] = VALUES) -> Any:
    """Read a source until each grey was seen; return the last frame."""
    seen: set[int] = set()
    for frame in source.frames():
        seen |= {v for v in values if abs(v - frame.mean()) < 6}
        if len(seen) == len(values):
            return frame
    raise AssertionError


async def offered(url: str, *, without_candidates: bool = False, sound: bool = False) -> Any:
    """Offer a grey stream as a program of its own would; return the peer and its session."""
    from fractions import Fraction

    from av import VideoFrame

    class Grey(aiortc.MediaStreamTrack):  # type: ignore[misc,name-defined]
        kind = 'video'
        count = 0

        async def recv(self) -> Any:
            await asyncio.sleep(0.02)
            Grey.count += 1
            frame = VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format='bgr24')
            frame.pts, frame.time_base = Grey.count * 1800, Fraction(1, 90_000)
            return frame

    peer = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
    peer.addTransceiver(Grey(), direction='sendonly')
    if sound:
        peer.addTransceiver(aiortc.AudioStreamTrack(), direction='sendonly')
    with peers.on_loopback(alone=True):
        await peer.setLocalDescription(await peer.createOffer())
    sdp = peer.localDescription.sdp
    if without_candidates:
        # OBS names no candidates; it is known by the address that its packets come from.
        sdp = re.sub(r'a=(candidate:.*|end-of-candidates)\r\n', '', sdp)
    async with aiohttp.ClientSession() as session, session.post(url, data=sdp) as answer:
        assert answer.status == 201
        location = answer.headers['Location']
        text = await answer.text()
    await peer.setRemoteDescription(aiortc.RTCSessionDescription(text, 'answer'))
    return peer, location


@pytest.mark.parametrize('codec', ['h264', 'vp8', 'unknown'])
def test_what_is_sent_is_seen(codec: str) -> None:
    source = listening()
    sink = open_output(sink_url(source), VideoOptions(codec=codec))
    assert isinstance(sink, WhipSink)
    with fed(sink):
        assert see(source).shape == (50, 66, 3)
        assert sink.paths == []


@pytest.mark.parametrize('sound', [False, True], ids=['video', 'with sound'])
def test_a_program_that_names_no_candidates(sound: bool) -> None:
    source = listening()
    port = urlsplit(source.url).port
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        coming = offered(
            f'http://127.0.0.1:{port}/seen/whip', without_candidates=True, sound=sound
        )
        peer, location = asyncio.run_coroutine_threadsafe(coming, loop).result(20)
        see(source, (90,))
        directions = [media.direction for media in sdp_media(peer)]
        assert directions == ['recvonly', 'inactive'][: 1 + sound]
        assert asyncio.run_coroutine_threadsafe(deleted(port, location), loop).result(5) == 200
        assert asyncio.run_coroutine_threadsafe(deleted(port, location), loop).result(5) == 405
        asyncio.run_coroutine_threadsafe(peer.close(), loop).result(5)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def sdp_media(peer: Any) -> Any:
    from aiortc.sdp import SessionDescription

    return SessionDescription.parse(peer.remoteDescription.sdp).media


async def deleted(port: int | None, location: str) -> int:
    url = f'http://127.0.0.1:{port}{location}'
    async with aiohttp.ClientSession() as session, session.delete(url) as answer:
        return answer.status


def test_the_newest_sender_is_shown_and_the_older_one_ends() -> None:
    source = listening()
    first = open_output(sink_url(source), VideoOptions())
    with fed(first, (30,)):
        see(source, (30,))
        with fed(open_output(sink_url(source), VideoOptions()), (210,)):
            see(source, (210,))


def test_nobody_sends_and_then_somebody_does(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(whip_receiver, 'TIMEOUT_S', 0.1)
    caplog.set_level(logging.INFO)
    source = listening()
    offers_url = f'http://localhost:{urlsplit(source.url).port}/seen/whip'
    assert offers_url in caplog.text
    with pytest.raises(SenderAwaitedError, match=f'nobody sends to .*OBS, is {offers_url}'):
        next(source.frames())
    told: list[Exception] = []
    stopped, is_over = threading.Event(), threading.Event()

    def absent(err: Exception) -> None:
        told.append(err)
        if is_over.is_set():
            stopped.set()

    frames = play(source, VideoOptions(), stopped=stopped, on_absence=absent)
    with fed(open_output(sink_url(source), VideoOptions())):
        assert next(frames).image_bgr.shape == (50, 66, 3)
    is_over.set()
    for _ in frames:
        pass
    assert isinstance(told[-1], SenderAwaitedError)


def test_a_server_that_was_away_gets_the_stream_again(caplog: pytest.LogCaptureFixture) -> None:
    source = listening()
    port = urlsplit(source.url).port
    with fed(open_output(sink_url(source), VideoOptions())):
        see(source)
        del source
        gc.collect()
        see(listening(f'webrtc://@:{port}/seen'))
    assert 'frames are left out until it is back' in caplog.text


def test_a_source_that_is_dropped_frees_its_port() -> None:
    source = listening()
    port = urlsplit(source.url).port
    del source
    gc.collect()
    with closing(socket.create_server(('127.0.0.1', port))):
        pass


def test_a_redirection_takes_no_token_elsewhere() -> None:
    class Elsewhere(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(302)
            self.send_header('Location', f'http://127.0.0.1:{server.server_port}/elsewhere')
            self.end_headers()

        def do_GET(self) -> None:
            asked.append(self.path)

        def log_message(self, *_: Any) -> None:
            pass

    asked: list[str] = []
    with ThreadingHTTPServer(('127.0.0.1', 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            with pytest.raises(ImageError, match='its server answers 302'):
                WhipSink(f'webrtc://127.0.0.1:{server.server_port}/a?token=t', VideoOptions())
        finally:
            server.shutdown()
    assert asked == []


@pytest.mark.parametrize(
    'answer',
    [
        b'SSH-2.0-OpenSSH_9.6\r\n',
        b'HTTP/1.1 201 Created\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n',
    ],
)
def test_a_server_that_answers_something_else(answer: bytes) -> None:
    with closing(socket.create_server(('127.0.0.1', 0))) as server:

        def serve() -> None:
            with server.accept()[0] as asked:
                asked.recv(65536)
                asked.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(ImageError, match=r'cannot open webrtc://127\.0\.0\.1:\d+/a: '):
            WhipSink(f'webrtc://127.0.0.1:{server.getsockname()[1]}/a', VideoOptions())
        thread.join()


def test_what_cannot_be_opened() -> None:
    with closing(socket.create_server(('127.0.0.1', 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f'port {port} is in use'):
            open_frames(f'webrtc://@:{port}/seen')
    where = f'webrtc://me:secret@127.0.0.1:{port}/seen'
    with pytest.raises(ImageError, match='refused; to serve the stream here: webrtc://@') as shown:
        open_output(where, VideoOptions())
    assert 'secret' not in str(shown.value)
    with pytest.raises(ImageError, match='codec h265 is not one of h264, vp8'):
        open_output(where, VideoOptions(codec='h265'))
    with pytest.raises(ImageError, match='webrtc://host:8554/name'):
        open_output('webrtc://[::1/seen', VideoOptions())
    source = listening()
    with pytest.raises(ImageError, match='its server answers 405'):
        open_output(sink_url(source, 'other'), VideoOptions())


def test_who_may_send(monkeypatch: pytest.MonkeyPatch) -> None:
    token = 'a-token-of-more-than-16'
    monkeypatch.setenv('ROS_DEEP_LEARNING_PAGE_TOKEN', token)
    source = listening()
    url = sink_url(source)
    for wrong in ('', '?token=another-token-of-16'):
        with pytest.raises(ImageError, match='its server answers 401'):
            open_output(f'{url}{wrong}', VideoOptions())
    with fed(open_output(f'{url}?token={token}', VideoOptions())):
        see(source)

    async def answers(**headers: str) -> int:
        url = f'http://127.0.0.1:{urlsplit(source.url).port}/seen/whip'
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data='v=0', headers=headers) as answer,
        ):
            return answer.status

    assert asyncio.run(answers()) == 401
    assert asyncio.run(answers(Authorization=f'Bearer {token}')) == 400
    assert asyncio.run(answers(Authorization=f'Basic {token}')) == 401


@pytest.mark.slow
@pytest.mark.chromium
def test_the_page_sends_the_camera_of_a_browser() -> None:
    program = find_chromium()
    if program is None:
        pytest.skip('needs Chromium: apt-get install chromium, or its path in CHROMIUM')
    source = listening()

    async def send(url: str) -> tuple[list[Any], list[str]]:
        options = ('--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream')
        async with chromium(program, *options) as tab:
            await tab.open(url, (390, 844), phone=True, dark=False)
            await tab.wait_until('document.querySelector("p").textContent === ""')
            frames = source.frames()
            loop = asyncio.get_running_loop()
            seen = [await loop.run_in_executor(None, next, frames) for _ in range(20)]
            return seen, tab.complaints

    seen, complaints = asyncio.run(send(f'{source.url}seen'))
    assert complaints == []
    # The picture of Chromium's stand-in moves.
    assert np.abs(seen[0].astype(int) - seen[-1]).max() > 40
