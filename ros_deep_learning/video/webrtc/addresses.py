# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""URLs of WebRTC: whether a server is started here, or one elsewhere is asked."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from ...errors import ImageError
from ...web.address import PageAddress, read_address
from ..streams.addresses import without_password

DEFAULT_PORT = 8554
DEFAULT_NAME = 'stream'


def is_served_here(resource: str) -> bool:
    """Return whether a URL is that of a server here: ``@`` before its host, or all addresses.

    ``webrtc://@:8554/name`` is for this machine, ``webrtc://0.0.0.0:8554/name`` for the network,
    and ``webrtc://@192.168.1.5:8554/name`` for one of several.

    Raises:
        ImageError: It is no URL.
    """
    parts = split(resource)
    if parts.netloc.startswith('@'):
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(parts.hostname or '').is_unspecified
    return False


def server_address(resource: str) -> tuple[PageAddress, str]:
    """Return where a server listens, and the name of its stream.

    Raises:
        ImageError: It is no URL.
        SettingsError: It is no address.
    """
    parts = split(resource)
    has_port = ':' in parts.netloc.rpartition(']')[2]
    where = parts.netloc if has_port else f'{parts.netloc}:{DEFAULT_PORT}'
    return read_address(f'http://{where}'), parts.path.strip('/') or DEFAULT_NAME


def split(resource: str) -> SplitResult:
    """Split a URL.

    Raises:
        ImageError: It is no URL.
    """
    try:
        parts = urlsplit(resource)
        # It is read only here.
        _ = parts.port
    except ValueError as err:
        msg = f'{without_password(resource)}: {err}; expected such as webrtc://host:8554/name'
        raise ImageError(msg) from err
    return parts
