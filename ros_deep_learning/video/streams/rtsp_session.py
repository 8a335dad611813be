# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""One connection to the RTSP server: its requests and their replies (RTSP 1.0, RFC 2326)."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import socket
import socketserver
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol
from urllib.parse import unquote, urlsplit

from .addresses import StreamAddress
from .rtsp_viewer import TcpViewer, UdpViewer, Viewer
from .sdp import describe

SILENCE_S = 120.0
"""A connection without a request for so long is closed; viewers ask twice a minute."""
MOST_HEADER_BYTES = 16_384
MOST_PORT = 65_535
TRACK = 'video'
METHODS = 'OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN'
_REASONS = {
    200: 'OK',
    400: 'Bad Request',
    401: 'Unauthorized',
    404: 'Not Found',
    454: 'Session Not Found',
    461: 'Unsupported Transport',
    501: 'Not Implemented',
}


class Served(Protocol):
    """What a connection has to know of its server.

    Attributes:
        address: Where it listens, and whom it lets in.
        codec: Of the stream.
    """

    address: StreamAddress
    codec: str

    def join(self, viewer: Viewer) -> bool:
        """Send to a viewer from now on; False if there are too many."""

    def leave(self, viewer: Viewer) -> None:
        """Stop sending to a viewer."""


class RtspSession(socketserver.StreamRequestHandler):
    """Answers one connection until it is closed; its viewer leaves with it."""

    timeout = SILENCE_S

    def setup(self) -> None:
        """Prepare for requests."""
        super().setup()
        self._stream: Served = self.server.stream  # type: ignore[attr-defined]
        self._viewer: Viewer | None = None
        self._session = secrets.token_hex(8)

    def handle(self) -> None:
        """Answer requests until the viewer is gone."""
        with suppress(OSError, ValueError):
            while self._one_request():
                pass

    def finish(self) -> None:
        """Let the viewer leave."""
        if self._viewer is not None:
            self._stream.leave(self._viewer)
            self._viewer.close()
        with suppress(OSError):
            super().finish()

    def _one_request(self) -> bool:
        """Read and answer a request; return whether there may be another."""
        first = self.rfile.read(1)
        if not first:
            return False
        if first == b'$':  # A report of the viewer.
            self.rfile.read(int.from_bytes(self.rfile.read(3)[1:], 'big'))
            return True
        line = first + self.rfile.readline(MOST_HEADER_BYTES)
        if not line.strip():
            return True
        parts = line.decode('ascii', 'replace').split()
        headers = self._headers()
        length = '' if headers is None else headers.get('content-length', '0')
        wrong = len(parts) != 3 or not parts[2].startswith('RTSP/1.') or not length.isdecimal()
        if headers is None or wrong or int(length) > MOST_HEADER_BYTES:
            self._reply(400, {})
            return False
        # A body is of no use here.
        self.rfile.read(int(length))
        method, url = parts[0], parts[1]
        status, more, body = self._answer(method, url, headers)
        if cseq := headers.get('cseq'):
            more = {'CSeq': cseq, **more}
        self._reply(status, more, body)
        if method == 'PLAY' and status == 200 and self._viewer is not None:
            # After the reply, since no packet may come before it.
            return self._stream.join(self._viewer)
        return method != 'TEARDOWN'

    def _headers(self) -> dict[str, str] | None:
        headers: dict[str, str] = {}
        size = 0
        while line := self.rfile.readline(MOST_HEADER_BYTES):
            size += len(line)
            if size > MOST_HEADER_BYTES:
                return None
            text = line.decode('ascii', 'replace').strip()
            if not text:
                return headers
            name, _, value = text.partition(':')
            headers[name.strip().lower()] = value.strip()
        return None

    def _answer(
        self, method: str, url: str, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        if method == 'OPTIONS':
            return 200, {'Public': METHODS}, b''
        if not self._let_in(headers.get('authorization', '')):
            return 401, {'WWW-Authenticate': 'Basic realm="ros_deep_learning"'}, b''
        self.server.let_in(self.connection)  # type: ignore[attr-defined]
        path = unquote(urlsplit(url).path).strip('/')
        name = self._stream.address.path
        if path not in (name, f'{name}/{TRACK}'.strip('/')):
            return 404, {}, b''
        if method == 'DESCRIBE':
            host = str(self.connection.getsockname()[0])
            body = describe(self._stream.codec, host, 0, TRACK).encode()
            base = url.rstrip('/') + '/'
            return 200, {'Content-Base': base, 'Content-Type': 'application/sdp'}, body
        if method == 'SETUP':
            return self._set_up(headers.get('transport', ''))
        if method in ('PLAY', 'GET_PARAMETER', 'TEARDOWN'):
            if self._viewer is None and method == 'PLAY':
                return 454, {}, b''
            return 200, {'Session': f'{self._session};timeout=60'}, b''
        return 501, {'Public': METHODS}, b''

    def _set_up(self, transport: str) -> tuple[int, dict[str, str], bytes]:
        if self._viewer is not None:
            self._stream.leave(self._viewer)
            self._viewer.close()
            self._viewer = None
        if 'RTP/AVP/TCP' in transport:
            found = re.search(r'interleaved=(\d{1,3})', transport)
            channel = min(int(found[1]), 254) if found else 0
            self._viewer = TcpViewer(self.connection, channel)
            chosen = f'RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}'
        elif (
            (found := re.search(r'client_port=(\d{1,5})-(\d{1,5})', transport))
            and 'multicast' not in transport
            and 0 < int(found[1]) <= MOST_PORT
            and 0 < int(found[2]) <= MOST_PORT
        ):
            ports = int(found[1]), int(found[2])
            local_host = str(self.connection.getsockname()[0])
            viewer = UdpViewer(str(self.client_address[0]), ports, local_host)
            self._viewer = viewer
            here = '-'.join(map(str, viewer.local_ports))
            there = '-'.join(map(str, ports))
            chosen = f'RTP/AVP;unicast;client_port={there};server_port={here}'
        else:
            return 461, {}, b''
        headers = {'Transport': chosen, 'Session': f'{self._session};timeout=60'}
        return 200, headers, b''

    def _let_in(self, authorization: str) -> bool:
        address = self._stream.address
        if not (address.user or address.password):
            return True
        scheme, _, coded = authorization.partition(' ')
        try:
            given = base64.b64decode(coded, validate=True)
        except binascii.Error:
            return False
        wanted = f'{address.user}:{address.password}'.encode()
        return scheme.lower() == 'basic' and secrets.compare_digest(given, wanted)

    def _reply(self, status: int, headers: Mapping[str, str], body: bytes = b'') -> None:
        lines = [f'RTSP/1.0 {status} {_REASONS[status]}']
        lines += [f'{name}: {value}' for name, value in headers.items()]
        if body:
            lines.append(f'Content-Length: {len(body)}')
        data = '\r\n'.join([*lines, '', '']).encode() + body
        connection: socket.socket = self.connection
        if isinstance(self._viewer, TcpViewer):
            with self._viewer.sending:
                connection.sendall(data)
        else:
            connection.sendall(data)
