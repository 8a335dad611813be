# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""MPEG-TS over TCP and UDP, which FFmpeg reads."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np
import pytest

from ros_deep_learning.video.options import VideoOptions
from ros_deep_learning.video.sources import open_frames

av = pytest.importorskip('av')

VALUES = (30, 90, 150, 210)
DATAGRAM = 7 * 188
"""Seven packets of MPEG-TS fit into one of Ethernet."""


def transport_stream() -> bytes:
    """Return a video of 200 grey frames."""
    file = io.BytesIO()
    with av.open(file, 'w', 'mpegts') as container:
        video = container.add_stream('libx264', 25, options={'g': '10', 'tune': 'zerolatency'})
        video.width, video.height, video.pix_fmt = 64, 48, 'yuv420p'
        for index in range(200):
            image = np.full((48, 64, 3), VALUES[index // 5 % 4], np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format='bgr24')))
        container.mux(video.encode())
    return file.getvalue()


@contextmanager
def sent_over_tcp(data: bytes) -> Iterator[int]:
    """Serve a stream to one client, again and again as a camera would; yield the port."""
    stopped = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            client, _ = server.accept()
            with client:
                while True:
                    for start in range(0, len(data), DATAGRAM):
                        if stopped.wait(0.005):
                            return
                        client.sendall(data[start : start + DATAGRAM])

    with socket.create_server(('127.0.0.1', 0)) as server:
        server.settimeout(10)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            stopped.set()
            thread.join()


@contextmanager
def sent_over_udp(data: bytes) -> Iterator[int]:
    """Send a stream again and again to a port, whether somebody receives it or not; yield it."""
    stopped = threading.Event()

    def send() -> None:
        while True:
            for start in range(0, len(data), DATAGRAM):
                if stopped.wait(0.005):
                    return
                with suppress(ConnectionRefusedError):
                    sender.send(data[start : start + DATAGRAM])

    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        with socket.socket(type=socket.SOCK_DGRAM) as free:
            free.bind(('127.0.0.1', 0))
            port = free.getsockname()[1]
        sender.connect(('127.0.0.1', port))
        thread = threading.Thread(target=send)
        thread.start()
        try:
            yield port
        finally:
            stopped.set()
            thread.join()


@pytest.mark.parametrize('scheme', ['tcp', 'udp'])
def test_what_is_sent_is_seen(scheme: str) -> None:
    send = sent_over_tcp if scheme == 'tcp' else sent_over_udp
    seen: set[int] = set()
    with send(transport_stream()) as port:
        for frame in open_frames(f'{scheme}://127.0.0.1:{port}', VideoOptions()).frames():
            assert frame.shape == (48, 64, 3)
            seen |= {value for value in VALUES if abs(value - frame.mean()) < 6}
            if len(seen) == len(VALUES):
                break
