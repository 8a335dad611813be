# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A small https server for the tests, which can also misbehave in every way that matters."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def make_certificate(folder: Path) -> Path:
    """Make a certificate for localhost; gives one PEM file with the key too."""
    key, certificate = folder / 'key.pem', folder / 'certificate.pem'
    subprocess.run(
        [
            *('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'),
            *('-nodes', '-keyout', str(key), '-out', str(certificate), '-days', '2'),
            *('-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'),
        ],
        check=True,
        capture_output=True,
    )
    both = folder / 'both.pem'
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    return both


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *request: object) -> None:
        """Say nothing of clients that hang up."""


@dataclass
class Page:
    """What the server says about one path.

    Attributes:
        content: The file.
        cut: Break the connection off after so many bytes of an answer, the first ``cuts`` times.
        cuts: How often; -1 is always.
        etag: Whether parts can be joined.
        status: Another answer than 200.
        headers: More headers, which win.
        length: Whether to tell the length.
        ranges: Whether ranges are understood.
    """

    content: bytes = b''
    cut: int | None = None
    cuts: int = -1
    etag: bool = True
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: bool = True
    ranges: bool = True


class HttpsServer:
    """Serves pages from a thread; ``asked`` lists paths with the Range that was asked for."""

    def __init__(self, certificate: Path) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, str | None]] = []
        self._server = _QuietServer(('127.0.0.1', 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> HttpsServer:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def put(self, path: str, content: bytes = b'', **changes: object) -> str:
        """Serve a page; gives its address."""
        self.pages[f'/{path}'] = Page(content, **changes)
        return self.url(path)

    def url(self, path: str) -> str:
        return f'https://localhost:{self._server.server_address[1]}/{path}'

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self) -> None:
                asked = self.headers.get('Range')
                server.asked.append((self.path, asked))
                page = server.pages.get(self.path)
                if page is None:
                    self.send_error(404)
                    return
                self._answer(page, asked)

            def _answer(self, page: Page, asked: str | None) -> None:
                tag = '"' + hashlib.sha256(page.content).hexdigest()[:16] + '"'
                start = 0
                if asked and page.ranges and self.headers.get('If-Range') in (None, tag):
                    start = int(asked.removeprefix('bytes=').rstrip('-'))
                body = page.content[start:]
                self.send_response(206 if start else page.status)
                size = len(page.content)
                headers = {'Content-Type': 'application/octet-stream', 'Connection': 'close'}
                if page.length:
                    headers['Content-Length'] = str(len(body))
                if page.etag:
                    headers['ETag'] = tag
                if start:
                    headers['Content-Range'] = f'bytes {start}-{size - 1}/{size}'
                for name, value in (headers | page.headers).items():
                    self.send_header(name, value)
                self.end_headers()
                if page.cut is not None and page.cuts != 0 and page.cut < len(body):
                    page.cuts -= 1
                    body = body[: page.cut]
                self.wfile.write(body)
                self.close_connection = True

            def log_message(self, *words: object) -> None:
                """Keep quiet."""

        return Handler
