# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Addresses of streams that are received or served here."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from ...errors import ImageError

LOOPBACK = '127.0.0.1'
_TOKEN = re.compile(r'([?&]token=)[^&#]+')


@dataclass(frozen=True, slots=True)
class StreamAddress:
    """Where a stream is received, served or sent to.

    Attributes:
        host: Name or address; ``127.0.0.1`` where the URL has ``@`` alone.
        port: UDP or TCP port.
        path: What follows the port, without the first slash.
        user: Name that a viewer has to give; empty for none.
        password: Password that a viewer has to give.
    """

    host: str
    port: int
    path: str = ''
    user: str = ''
    password: str = ''

    @property
    def is_loopback(self) -> bool:
        """Whether only programs of this machine can connect to a server here."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == 'localhost'

    @property
    def shown_host(self) -> str:
        """The host as it is written in a URL."""
        return f'[{self.host}]' if ':' in self.host else self.host


def read_address(url: str, default_port: int | None = None) -> StreamAddress:
    """Read a URL such as ``rtp://@:5004`` or ``rtsp://user:secret@0.0.0.0:8554/name``.

    Args:
        url: The URL; a host that is missing is loopback.
        default_port: The port if the URL has none; None requires one.

    Raises:
        ImageError: It has no port or a wrong one.
    """
    try:
        parts = urlsplit(url)
        port = default_port if parts.port is None else parts.port
    except ValueError as err:
        msg = f'{without_password(url)}: {err}'
        raise ImageError(msg) from err
    if port is None:
        example = f'{parts.scheme}://{parts.hostname or "@"}:5004'
        msg = f'{without_password(url)} has no port; expected such as {example}'
        raise ImageError(msg)
    user, password = unquote(parts.username or ''), unquote(parts.password or '')
    return StreamAddress(parts.hostname or LOOPBACK, port, parts.path.strip('/'), user, password)


def without_password(url: str) -> str:
    """Return a URL for messages: what stands before its @ may be a password, and so is a token."""
    scheme, separator, rest = url.partition('://')
    host, slash, path = rest.partition('/')
    before, at, host_only = host.rpartition('@')
    hidden = f'***{at}{host_only}' if before else host
    return _TOKEN.sub(r'\1***', f'{scheme}{separator}{hidden}{slash}{path}')
