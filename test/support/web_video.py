# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A web server with a video file, or a camera that sends JPEG images."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np


def jpeg(value: int, *, damaged: bool = False) -> bytes:
    """Return an image of one value, with noise so that a half of it is missed."""
    picture = np.random.default_rng(0).normal(value, 20, (48, 64, 3)).clip(0, 255)
    done, data = cv2.imencode('.jpg', picture.astype(np.uint8))
    assert done
    whole = data.tobytes()
    return whole[: len(whole) // 2] + whole[-2:] if damaged else whole


class WebVideo:
    """Serves the bytes of a video file, or JPEG images one after another, to each that asks."""

    def __init__(
        self,
        content: Path | Sequence[bytes],
        port: int = 0,
        *,
        ranges: bool = True,
        most: int | None = None,
        period_s: float = 0.0,
    ) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with suppress(OSError):
                    if isinstance(content, Path):
                        send_file(self, content, ranges=ranges, most=most)
                    else:
                        send_images(self, content, period_s)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(('127.0.0.1', port), Handler)
        self.port = self._server.server_port
        self.url = f'http://127.0.0.1:{self.port}/video'
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def send_file(
    handler: BaseHTTPRequestHandler, path: Path, *, ranges: bool, most: int | None
) -> None:
    """Send a file, or what is asked for of it; break off after some bytes of the file."""
    data = path.read_bytes()
    size = len(data)
    begin = int(handler.headers.get('Range', 'bytes=0-')[6:].partition('-')[0])
    if ranges:
        data = data[begin:]
        handler.send_response(206)
        handler.send_header('Content-Range', f'bytes {begin}-{size - 1}/{size}')
    else:
        handler.send_response(200)
    handler.send_header('Content-Type', 'video/mp4')
    handler.send_header('Content-Length', str(len(data)))
    handler.end_headers()
    handler.wfile.write(data if most is None else data[: max(0, most - begin)])


def send_images(handler: BaseHTTPRequestHandler, images: Sequence[bytes], period_s: float) -> None:
    handler.send_response(200)
    handler.send_header('Content-Type', 'multipart/x-mixed-replace; boundary=frame')
    handler.end_headers()
    for data in images:
        head = f'--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n'
        handler.wfile.write(head.encode() + data + b'\r\n')
        time.sleep(period_s)
