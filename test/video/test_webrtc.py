# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""WebRTC over loopback: our server with our client and with a bare peer of aiortc."""

from __future__ import annotations

import asyncio
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import numpy as np
import pytest
from chromium import chromium, find_chromium

from ros_deep_learning.errors import (
    BackendUnavailableError,
    CameraError,
    ImageError,
    SettingsError,
)
from ros_deep_learning.video.options import VideoOptions
from ros_deep_learning.video.sinks import open_output
from ros_deep_learning.video.sources import open_frames
from ros_deep_learning.video.webrtc import peers, server
from ros_deep_learning.video.webrtc import sink as sink_module
from ros_deep_learning.video.webrtc.sink import WebrtcSink

aiortc = pytest.importorskip('aiortc')

VALUES = (30, 90, 150, 210)


@contextmanager
def fed(sink: WebrtcSink) -> Iterator[WebrtcSink]:
    """Write grey frames into a sink, 50 a second, until the body ends."""
    stopped = threading.Event()

    def feed() -> None:
        index = 0
        while not stopped.wait(0.02):
            sink.write(np.full((49, 65, 3), VALUES[index // 10 % 4], np.uint8))
            index += 1

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        yield sink
    finally:
        stopped.set()
        thread.join()
        sink.close()


def source_url(sink: WebrtcSink, name: str = 'seen') -> str:
    return f'webrtc://127.0.0.1:{urlsplit(sink.url).port}/{name}'


def see_all_values(url: str) -> Any:
    """Read a stream until each of the four greys was seen; return the last frame."""
    seen: set[int] = set()
    for frame in open_frames(url).frames():
        seen |= {v for v in VALUES if abs(v - frame.mean()) < 6}
        if len(seen) == len(VALUES):
            return frame
    raise AssertionError


def posted(sink: WebrtcSink, data: bytes, **headers: str) -> int:
    url = f'http://127.0.0.1:{urlsplit(sink.url).port}/seen/whep'
    request = urllib.request.Request(url, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as err:
        return err.code


@pytest.mark.parametrize('codec', ['h264', 'vp8', 'unknown'])
def test_what_is_served_is_seen(codec: str) -> None:
    sink = open_output('webrtc://@:0/seen', VideoOptions(codec=codec))
    assert isinstance(sink, WebrtcSink)
    with fed(sink):
        assert see_all_values(source_url(sink)).shape == (50, 66, 3)
        assert sink.paths == []


def test_two_viewers_of_which_one_never_reads() -> None:
    loop = asyncio.new_event_loop()

    async def first_frame(port: int | None) -> Any:
        peer = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        transceiver = peer.addTransceiver('video', direction='recvonly')
        with peers.on_loopback(alone=True):
            await peer.setLocalDescription(await peer.createOffer())
            async with (
                aiohttp.ClientSession() as session,
                session.post(
                    f'http://127.0.0.1:{port}/seen/whep', data=peer.localDescription.sdp
                ) as answer,
            ):
                assert answer.status == 201
                assert answer.headers['Location'].startswith('/whep/')
                description = aiortc.RTCSessionDescription(await answer.text(), 'answer')
            await peer.setRemoteDescription(description)
        await asyncio.wait_for(transceiver.receiver.track.recv(), 20)
        return peer

    with fed(WebrtcSink('webrtc://@:0/seen', VideoOptions())) as sink:
        # Its loop stands still from here.
        idle = loop.run_until_complete(first_frame(urlsplit(sink.url).port))
        see_all_values(source_url(sink))
        frames = open_frames(source_url(sink)).frames()
        next(frames)
        assert sink.viewer_count >= 2
        frames.close()  # type: ignore[attr-defined]
    loop.run_until_complete(idle.close())
    loop.close()


def test_a_viewer_that_does_not_connect_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, 'CONNECT_S', 0.1)
    monkeypatch.setattr(sink_module, 'MOST_VIEWERS', 1)
    loop = asyncio.new_event_loop()

    async def offer() -> str:
        peer = peers.new_peer(peers.load_aiortc('a test'), is_local=True)
        peer.addTransceiver('video', direction='recvonly')
        await peer.setLocalDescription(await peer.createOffer())
        sdp = str(peer.localDescription.sdp)
        await peer.close()
        return sdp

    sdp = loop.run_until_complete(offer()).encode()
    loop.close()
    with closing(WebrtcSink('webrtc://@:0/seen', VideoOptions())) as sink:
        assert posted(sink, sdp) == 201
        until = threading.Event()
        for _ in range(200):
            if sink.viewer_count == 0:
                break
            until.wait(0.05)
        assert sink.viewer_count == 0
        assert posted(sink, sdp) == 201


@pytest.mark.parametrize(
    'data',
    [
        *(b'', b'v=0', b'\xff\xfe', b'm=video 9\r\n' * 9, b'x' * 70_000),
        b'a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n' * 65,
    ],
)
def test_what_is_no_offer_is_refused(data: bytes) -> None:
    with closing(WebrtcSink('webrtc://@:0/seen', VideoOptions())) as sink:
        assert posted(sink, data) in (400, 413)
        assert sink.viewer_count == 0


def test_who_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    token = 'a-token-of-more-than-16'
    monkeypatch.setenv('ROS_DEEP_LEARNING_PAGE_TOKEN', token)
    with fed(WebrtcSink('webrtc://@:0/seen', VideoOptions())) as sink:
        url = source_url(sink)
        with pytest.raises(CameraError, match='its server answers 401'):
            next(open_frames(url).frames())
        with pytest.raises(CameraError, match='its server answers 401'):
            next(open_frames(f'{url}?token=another-token-of-16').frames())
        assert next(open_frames(f'{url}?token={token}').frames()).shape == (50, 66, 3)
        assert posted(sink, b'v=0', Origin='http://elsewhere.example') == 403


def test_the_page_needs_nothing_from_elsewhere() -> None:
    with closing(WebrtcSink('webrtc://@:0/seen', VideoOptions())) as sink:
        base = f'http://127.0.0.1:{urlsplit(sink.url).port}'
        for path in ('/seen', '/', '/watch.js', '/peer.js', '/peer.css'):
            with urllib.request.urlopen(base + path) as answer:
                assert "default-src 'none'" in answer.headers['Content-Security-Policy']
                text = answer.read().decode()
                assert 'http://' not in text.replace('http://www.apache.org', '')
                assert 'https://' not in text
        with pytest.raises(urllib.error.HTTPError, match='404'):
            urllib.request.urlopen(f'{base}/../etc/passwd')


def test_what_cannot_be_opened() -> None:
    with closing(socket.create_server(('127.0.0.1', 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f'port {port} is in use'):
            WebrtcSink(f'webrtc://@:{port}/seen', VideoOptions())
    with pytest.raises(CameraError, match=r'cannot open webrtc://127\.0\.0\.1:.*refused'):
        next(open_frames(f'webrtc://127.0.0.1:{port}/seen').frames())
    with pytest.raises(ImageError, match='codec h265 is not one of h264, vp8'):
        WebrtcSink('webrtc://@:0/seen', VideoOptions(codec='h265'))
    with (
        closing(WebrtcSink('webrtc://@:0/seen', VideoOptions())) as sink,
        pytest.raises(CameraError, match='its server answers 405'),
    ):
        next(open_frames(source_url(sink, 'other')).frames())


def test_the_end_is_told() -> None:
    with fed(WebrtcSink('webrtc://@:0/seen', VideoOptions())) as sink:
        frames = open_frames(source_url(sink)).frames()
        next(frames)
        sink.close()
        with pytest.raises(CameraError, match=r'gives no more frames|sent nothing for 5 s'):
            for _ in frames:
                pass


def test_without_aiortc_the_fix_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, 'aiortc', None)
    with pytest.raises(BackendUnavailableError, match='pip install aiortc'):
        WebrtcSink('webrtc://@:0/seen', VideoOptions())
    with pytest.raises(BackendUnavailableError, match='pip install aiortc'):
        open_frames('webrtc://127.0.0.1:8554/seen')


@pytest.mark.slow
@pytest.mark.chromium
def test_the_page_shows_the_stream() -> None:
    program = find_chromium()
    if program is None:
        pytest.skip('needs Chromium: apt-get install chromium, or its path in CHROMIUM')

    async def watch(url: str) -> None:
        async with chromium(program) as tab:
            await tab.open(url, (390, 844), phone=True, dark=False)
            await tab.wait_until('document.querySelector("video").videoWidth === 66')
            await tab.wait_until('document.querySelector("p").textContent === ""')
            await tab.value(
                'window.grey = () => {'
                'const c = document.createElement("canvas").getContext("2d");'
                'c.drawImage(document.querySelector("video"), 0, 0);'
                'return c.getImageData(9, 9, 1, 1).data[0] }; window.first = window.grey()'
            )
            await tab.wait_until('Math.abs(window.grey() - window.first) > 40')
            wide = await tab.value('document.documentElement.scrollWidth')
            assert wide <= 390
            assert tab.complaints == []

    with fed(WebrtcSink('webrtc://@:0/seen', VideoOptions())) as sink:
        asyncio.run(watch(f'{sink.url}seen'))
