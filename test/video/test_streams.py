# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of streams over loopback: our servers and senders, with FFmpeg's clients."""

from __future__ import annotations

import base64
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ros_deep_learning.errors import BackendUnavailableError, CameraError, ImageError
from ros_deep_learning.video.options import VideoOptions
from ros_deep_learning.video.play import play
from ros_deep_learning.video.sinks import open_output
from ros_deep_learning.video.sources import open_frames
from ros_deep_learning.video.streams import receiver, rtsp_sink, rtsp_viewer
from ros_deep_learning.video.streams.addresses import without_password
from ros_deep_learning.video.streams.rtp_sink import RtpSink
from ros_deep_learning.video.streams.rtsp_sink import RtspSink

av = pytest.importorskip('av')

CODECS = ('h264', 'h265', 'vp8', 'vp9', 'mjpeg')
VALUES = (30, 90, 150, 210)


def free_port() -> int:
    """Return a TCP port that is free."""
    with closing(socket.create_server(('127.0.0.1', 0))) as one:
        return int(one.getsockname()[1])


def free_ports() -> int:
    """Return an even UDP port that is free, as is the one above it."""
    while True:
        kind = socket.SOCK_DGRAM
        with closing(socket.socket(type=kind)) as one, closing(socket.socket(type=kind)) as two:
            one.bind(('127.0.0.1', 0))
            port = int(one.getsockname()[1])
            with suppress(OSError):
                two.bind(('127.0.0.1', port + 1))
                if port % 2 == 0:
                    return port


@contextmanager
def fed(sink: Any, *, size_wh: tuple[int, int] = (64, 48)) -> Iterator[Any]:
    """Write grey frames into a sink, 50 a second, until the body ends."""
    stopped = threading.Event()
    width, height = size_wh

    def feed() -> None:
        index = 0
        while not stopped.wait(0.02):
            sink.write(np.full((height, width, 3), VALUES[index // 5 % 4], np.uint8))
            index += 1

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        yield sink
    finally:
        stopped.set()
        thread.join()
        sink.close()


def see_all_values(url: str, options: VideoOptions) -> tuple[set[int], Any]:
    """Read a stream until each of the four greys was seen; return its last frame."""
    seen: set[int] = set()
    source = open_frames(url, options)
    for frame in source.stamped_frames():  # type: ignore[attr-defined]
        value = frame.image_bgr.mean()
        seen |= {v for v in VALUES if abs(v - value) < 4}
        if len(seen) == len(VALUES) and frame.captured_ns is not None:
            return seen, frame
    raise AssertionError


@pytest.mark.parametrize('codec', CODECS)
def test_what_is_served_by_rtsp_is_seen_with_its_time(codec: str) -> None:
    options = VideoOptions(codec=codec, rate_hz=50.0)
    with fed(RtspSink('rtsp://@:0/camera', options), size_wh=(65, 49)) as sink:
        _, frame = see_all_values(sink.url, VideoOptions())
        assert frame.image_bgr.shape == ((56, 72, 3) if codec == 'mjpeg' else (50, 66, 3))
        assert abs(time.time_ns() - frame.captured_ns) < 5e9
        assert sink.paths == []


@pytest.mark.parametrize('codec', CODECS)
def test_what_is_sent_by_rtp_is_received(codec: str) -> None:
    port = free_ports()
    options = VideoOptions(codec=codec, rate_hz=50.0, latency_ms=100)
    with fed(RtpSink(f'rtp://127.0.0.1:{port}', options)):
        _, frame = see_all_values(f'rtp://@:{port}', options)
        assert frame.image_bgr.shape == (48, 64, 3)


def test_a_viewer_over_udp() -> None:
    with fed(RtspSink('rtsp://@:0/camera', VideoOptions())) as sink:
        options = {'rtsp_transport': 'udp', 'fpsprobesize': '0'}
        with av.open(sink.url, options=options, timeout=10.0) as client:
            assert next(client.decode(video=0)).width == 64
            assert sink.viewer_count == 1
        until(lambda: sink.viewer_count == 0)


def until(fact: Callable[[], bool], within_s: float = 20.0) -> None:
    end_s = time.monotonic() + within_s
    while not fact():
        assert time.monotonic() < end_s
        time.sleep(0.01)


class RawViewer:
    """A client that says what a test tells it to."""

    def __init__(self, url: str) -> None:
        self.url = url
        host, port = url.split('/')[2].split(':')
        self._socket = socket.create_connection((host, int(port)), 10.0)
        self._file = self._socket.makefile('rb')

    def ask(self, method: str, *lines: str, url: str = '') -> tuple[int, str]:
        request = [f'{method} {url or self.url} RTSP/1.0', 'CSeq: 1', *lines, '', '']
        return self.say('\r\n'.join(request).encode())

    def say(self, data: bytes) -> tuple[int, str]:
        """Send bytes; return the status and the headers of the reply, or 0 if there is none."""
        self._socket.sendall(data)
        lines = list(iter(lambda: self._file.readline().decode().strip(), ''))
        return (int(lines[0].split()[1]), '\n'.join(lines)) if lines else (0, '')

    def close(self) -> None:
        self._file.close()
        self._socket.close()


def test_one_viewer_that_never_reads_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtsp_viewer, 'MOST_QUEUED_BYTES', 20_000)
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    options = VideoOptions(codec='mjpeg')
    with closing(RtspSink('rtsp://@:0/camera', options)) as sink:
        with closing(RawViewer(sink.url)) as lazy:
            transport = 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1'
            assert lazy.ask('SETUP', transport, url=f'{sink.url}/video')[0] == 200
            assert lazy.ask('PLAY')[0] == 200
            until(lambda: sink.viewer_count == 1)
            viewer: Any = sink._viewers[0]
            most = 0
            # More than the buffers of a connection hold, some megabytes.
            for _ in range(200):
                sink.write(noise)
                most = max(most, viewer._queued_bytes)
            assert 20_000 < most < 200_000
            seen = []

            def watch() -> None:
                source = open_frames(sink.url)
                seen.append(next(iter(source.frames())).shape)

            second = threading.Thread(target=watch)
            second.start()
            while second.is_alive():
                sink.write(noise)
                second.join(0.02)
            assert seen == [(240, 320, 3)]
        until(lambda: sink.viewer_count == 0)


def test_nothing_is_encoded_without_a_viewer() -> None:
    with closing(RtspSink('rtsp://@:0/camera', VideoOptions())) as sink:
        sink.write(np.zeros((48, 64, 3), np.uint8))
        assert sink._encoder is None


@pytest.mark.parametrize(
    'output',
    ['rtsp://0.0.0.0:0/camera', 'rtsp://name@0.0.0.0:0/camera', 'rtsp://192.0.2.1/camera'],
)
def test_a_server_for_the_network_needs_a_password(output: str) -> None:
    with pytest.raises(ImageError, match=r'to fix: give a name and a password for its viewers'):
        open_output(output, VideoOptions(rate_hz=25.0))


def test_only_who_knows_the_password_gets_in(caplog: pytest.LogCaptureFixture) -> None:
    with fed(RtspSink('rtsp://me:s%26cret@127.0.0.1:0/camera', VideoOptions())) as sink:
        with closing(RawViewer(sink.url)) as viewer:
            assert viewer.ask('OPTIONS')[0] == 200
            for method in ('DESCRIBE', 'SETUP', 'PLAY'):
                assert viewer.ask(method)[0] == 401
            for wrong in ('me:secret', 'me', ''):
                code = base64.b64encode(wrong.encode()).decode()
                assert viewer.ask('DESCRIBE', f'Authorization: Basic {code}')[0] == 401
            assert viewer.ask('DESCRIBE', 'Authorization: Basic *')[0] == 401
        with pytest.raises(CameraError, match='401'):
            next(open_frames(sink.url).frames())
        known = sink.url.replace('rtsp://', 'rtsp://me:s%26cret@')
        assert next(open_frames(known).frames()).shape == (48, 64, 3)
        with pytest.raises(CameraError) as told:
            next(open_frames(known.replace('camera', 'other')).frames())
        assert 'cret' not in str(told.value)
        assert '404' in str(told.value)
    assert 'cret' not in caplog.text


@pytest.mark.parametrize(
    'data',
    [
        b'GET / HTTP/1.1\r\n\r\n',
        b'\xff\xfe\x00\r\n\r\n',
        b'DESCRIBE x RTSP/1.0\r\nContent-Length: -1\r\n\r\n',
        b'DESCRIBE x RTSP/1.0\r\nContent-Length: many\r\n\r\n',
        b'DESCRIBE rtsp://[ RTSP/1.0\r\n\r\n',
        b'OPTIONS * RTSP/1.0\r\n' + b'X: y\r\n' * 5000 + b'\r\n',
        b'SETUP rtsp://h/camera RTSP/1.0\r\nTransport: RTP/AVP;client_port=1-99999\r\n\r\n',
    ],
)
def test_what_is_no_request_ends_that_connection_alone(data: bytes) -> None:
    with fed(RtspSink('rtsp://@:0/camera', VideoOptions())) as sink:
        with closing(RawViewer(sink.url)) as viewer, suppress(OSError):
            assert viewer.say(data)[0] in (0, 400, 461)
        assert next(open_frames(sink.url).frames()).shape == (48, 64, 3)


def test_those_who_may_not_watch_keep_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with fed(RtspSink('rtsp://me:secret@127.0.0.1:0/camera', VideoOptions())) as sink:
        known = sink.url.replace('rtsp://', 'rtsp://me:secret@')
        frames = open_frames(known).frames()
        next(frames)
        with ExitStack() as stack, monkeypatch.context() as patch:
            patch.setattr(rtsp_sink, 'PATIENCE_S', 0.1)
            idlers = [stack.enter_context(closing(RawViewer(sink.url))) for _ in range(40)]
            # Silent ones, one without the password, and one whose request never ends.
            assert idlers[0].ask('DESCRIBE')[0] in (0, 401)
            with suppress(OSError):
                idlers[1]._socket.sendall(b'OPTIONS * RTSP/1.0\r\nX: ')
            until(lambda: len(sink._server._connections) == 1)
            patch.undo()
            assert next(open_frames(known).frames()).shape == (48, 64, 3)
        # Whoever watches already goes on.
        next(frames)


def test_requests_in_a_wrong_order_or_of_no_use() -> None:
    sink = RtspSink('rtsp://@:0/camera', VideoOptions())
    with closing(sink), closing(RawViewer(sink.url)) as viewer:
        assert viewer.ask('PLAY')[0] == 454
        assert viewer.ask('RECORD')[0] == 501
        assert viewer.ask('SETUP', 'Transport: RTP/AVP;multicast;client_port=2-3')[0] == 461
        assert viewer.ask('TEARDOWN')[0] == 200


def test_a_port_that_is_in_use_is_told() -> None:
    sink = RtspSink('rtsp://@:0/camera', VideoOptions())
    with closing(sink), pytest.raises(ImageError, match=r'cannot serve rtsp://127.* in use'):
        RtspSink(sink.url, VideoOptions())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        port = free_ports()
        taken.bind(('127.0.0.1', port))
        with pytest.raises(CameraError, match='in use by another program'):
            next(open_frames(f'rtp://@:{port}').frames())


def test_a_stream_of_another_codec_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver, 'TIMEOUT_S', 1.0)
    port = free_ports()
    sink = RtpSink(f'rtp://127.0.0.1:{port}', VideoOptions(codec='vp8'))
    with fed(sink), pytest.raises(CameraError, match=r'sent .* h264'):
        next(open_frames(f'rtp://@:{port}').frames())


@pytest.mark.parametrize(
    ('url', 'cause'),
    [
        ('rtp://@', 'has no port'),
        ('rtp://@:99999', 'out of range'),
        ('rtsp://127.0.0.1:1/camera', 'refused'),
    ],
)
def test_an_address_that_leads_nowhere(url: str, cause: str) -> None:
    with pytest.raises(ImageError, match=cause):
        next(open_frames(url).frames())


@pytest.mark.parametrize(
    ('url', 'shown'),
    [
        ('rtsp://me:secret@host/name', 'rtsp://***@host/name'),
        ('rtsp://me:s@cret@host', 'rtsp://***@host'),
        ('rtp://@:5004', 'rtp://@:5004'),
        ('webrtc://host:1/name?token=secret&a=b', 'webrtc://host:1/name?token=***&a=b'),
        ('http://me:secret@host/a?x=1&token=secret', 'http://***@host/a?x=1&token=***'),
        ('home/me@host/clip.mp4', 'home/me@host/clip.mp4'),
    ],
)
def test_messages_have_no_password(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_an_address_that_is_none_has_no_password_either() -> None:
    for url in ('rtsp://me:secret@host:port/name', 'webrtc://me:secret@host:port/name'):
        with pytest.raises(ImageError) as shown:
            open_output(url, VideoOptions())
        assert 'secret' not in str(shown.value)


def test_codecs_that_cannot_be_streamed() -> None:
    for output in ('rtp://127.0.0.1:5004', 'rtsp://@:0/camera'):
        with pytest.raises(ImageError, match='codec mpeg4 cannot be streamed; expected one of h2'):
            open_output(output, VideoOptions(rate_hz=25.0, codec='mpeg4'))
    with pytest.raises(ImageError, match='codec raw is not one of RTP'):
        open_frames('rtp://@:5004', VideoOptions(codec='raw'))


def test_without_pyav_the_fix_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'av', None)
    for output in ('rtp://127.0.0.1:5004', 'rtsp://@:0/camera'):
        with pytest.raises(BackendUnavailableError, match='to fix: pip install av'):
            open_output(output, VideoOptions(rate_hz=25.0))
    with pytest.raises(BackendUnavailableError, match='to fix: pip install av'):
        open_frames('rtp://@:5004')


def test_a_camera_that_comes_back_is_played_again() -> None:
    port = free_port()
    url = f'rtsp://127.0.0.1:{port}/camera'
    told: list[str] = []
    returning: list[Any] = []

    def on_absence(err: CameraError) -> None:
        told.append(str(err))
        if len(told) == 2:
            returning.append(RtspSink(url, VideoOptions()))

    stopped = threading.Event()
    frames = play(
        open_frames(url), VideoOptions(), stopped=stopped, on_absence=on_absence, patience_s=30.0
    )
    with fed(RtspSink(url, VideoOptions())):
        next(frames)
    seen: list[Any] = []
    reader = threading.Thread(target=lambda: seen.append(first_after_return(frames, returning)))
    reader.start()
    until(lambda: bool(returning))
    with fed(returning[0]):
        reader.join(20.0)
        assert seen
    stopped.set()
    assert len(told) >= 2


def first_after_return(frames: Iterator[Any], returning: list[Any]) -> Any:
    """Return the first frame of the server that came back; some of the first may be left."""
    return next(frame for frame in frames if returning)


def test_a_camera_that_stays_away_is_given_up() -> None:
    told: list[CameraError] = []
    source = open_frames(f'rtsp://127.0.0.1:{free_port()}/camera')
    with pytest.raises(CameraError, match='refused'):
        next(
            play(
                *(source, VideoOptions()),
                stopped=threading.Event(),
                on_absence=told.append,
                patience_s=0.2,
            )
        )
    assert told


@pytest.mark.parametrize('live', [False, True])
def test_hls(tmp_path: Path, live: bool) -> None:
    container = av.open(
        str(tmp_path / 'all.m3u8'), 'w', 'hls', options={'hls_time': '1', 'hls_list_size': '0'}
    )
    stream = container.add_stream('libx264', rate=10, options={'g': '10', 'preset': 'ultrafast'})
    stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuv420p'
    for index in range(30):
        image = np.full((48, 64, 3), 8 * index, np.uint8)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format='bgr24')))
    container.mux(stream.encode())
    container.close()
    if live:
        text = (tmp_path / 'all.m3u8').read_text()
        (tmp_path / 'all.m3u8').write_text(text.replace('#EXT-X-ENDLIST\n', ''))

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(('127.0.0.1', 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    source = open_frames(f'http://127.0.0.1:{server.server_port}/all.m3u8')
    assert source.live == live
    frames = source.frames()
    first = next(frames)
    assert first.shape == (48, 64, 3)
    if not live:
        assert sum(1 for _ in frames) == 29
    frames.close()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
