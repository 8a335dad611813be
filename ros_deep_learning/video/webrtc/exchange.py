# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Ask a server to take a stream (WHIP, RFC 9725) or to give one (WHEP, a draft of the IETF)."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import urllib.error
import urllib.request
from contextlib import suppress
from http.client import HTTPException
from typing import Any
from urllib.parse import parse_qs, unquote, urljoin, urlunsplit

from ...errors import CameraError
from ...text import one_line
from ..streams.addresses import without_password
from .addresses import split
from .peers import on_loopback

TIMEOUT_S = 5.0
MOST_SDP_BYTES = 64 * 1024


class Exchange:
    """Connects a peer through ``http://host:8554/name/whep`` or ``.../whip``.

    Args:
        resource: ``webrtc://host:8554/name``. A token in it, ``?token=...``, or a name and a
            password before its host are for the server.
        method: ``whep`` or ``whip``.

    Attributes:
        name: The URL for messages, without what is secret.
        is_local: Whether the server is on this machine.

    Raises:
        ImageError: It is no URL.
    """

    def __init__(self, resource: str, method: str) -> None:
        parts = split(resource)
        self.name = without_password(resource).partition('?')[0]
        host = parts.hostname or 'localhost'
        self.is_local = _is_loopback(host)
        port = f':{parts.port}' if parts.port else ''
        netloc = (f'[{host}]' if ':' in host else host) + port
        path = f'/{parts.path.strip("/")}/{method}'
        self._url = urlunsplit(('http', netloc, path, parts.query, ''))
        self._headers: dict[str, str] = {}
        if token := parse_qs(parts.query).get('token'):
            self._headers = {'Authorization': f'Bearer {token[0]}'}
        elif parts.username:
            pair = f'{unquote(parts.username)}:{unquote(parts.password or "")}'
            encoded = base64.b64encode(pair.encode()).decode()
            self._headers = {'Authorization': f'Basic {encoded}'}

    async def connect(self, aiortc: Any, peer: Any) -> str:
        """Exchange descriptions, after which the peer connects by itself.

        Args:
            aiortc: The module.
            peer: A peer connection with its tracks.

        Returns:
            The URL of the session for ``end``; empty if the server gives none.

        Raises:
            CameraError: The server is not there, refuses, or does not answer as WebRTC.
        """
        with on_loopback(alone=self.is_local):
            await peer.setLocalDescription(await peer.createOffer())
            answer, session_url = await asyncio.get_running_loop().run_in_executor(
                None, self._ask, peer.localDescription.sdp
            )
            try:
                description = aiortc.RTCSessionDescription(answer, 'answer')
                await peer.setRemoteDescription(description)
            except Exception as err:
                msg = f'{self.name}: the answer is none of WebRTC ({one_line(err)})'
                raise CameraError(msg) from err
        return session_url

    async def end(self, session_url: str) -> None:
        """End a session at its server; errors are ignored, since silent sessions end anyway."""
        # Not elsewhere than at the server that has the token.
        if session_url.startswith(urljoin(self._url, '/')):
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, self._delete, session_url)

    def _ask(self, offer: str) -> tuple[str, str]:
        headers = {'Content-Type': 'application/sdp', **self._headers}
        request = urllib.request.Request(self._url, offer.encode(), headers)  # noqa: S310  http
        try:
            with _opener().open(request, timeout=TIMEOUT_S) as answer:
                text = str(answer.read(MOST_SDP_BYTES).decode('utf-8', 'replace'))
                location = answer.headers.get('Location', '')
                return text, urljoin(self._url, location) if location else ''
        except urllib.error.HTTPError as err:
            msg = f'{self.name}: its server answers {err.code} {err.reason}'
            raise CameraError(msg) from err
        # Another program may have the port, or a server name a session that is no URL.
        except (OSError, HTTPException, ValueError) as err:
            reason = getattr(err, 'reason', err)
            msg = f'cannot open {self.name}: {one_line(reason)}'
            raise CameraError(msg) from err

    def _delete(self, session_url: str) -> None:
        request = urllib.request.Request(  # noqa: S310  http
            session_url, headers=self._headers, method='DELETE'
        )
        with suppress(OSError, HTTPException), _opener().open(request, timeout=1.0):
            pass


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'


def _opener() -> urllib.request.OpenerDirector:
    """Return an opener that follows no redirection, which would carry a token elsewhere."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    return opener
