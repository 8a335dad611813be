# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""STUN and TURN servers of WebRTC, which an environment variable names, with a password."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from ...errors import SettingsError

SERVERS_VARIABLE = 'ROS_DEEP_LEARNING_ICE_SERVERS'
EXAMPLE = 'stun:stun.example.org turn:user:password@turn.example.org:3478?transport=tcp'


def ice_servers(aiortc: Any, environ: Mapping[str, str] = os.environ) -> list[Any]:
    """Return the servers of the environment, separated by spaces; none without it.

    ``stun:host:port``, ``turn:user:password@host:port?transport=udp`` or ``tcp``, and ``turns:``
    are known (RFC 7064, RFC 7065); the port is 3478, of ``turns:`` 5349. aiortc uses the first
    STUN and the first TURN server.

    Raises:
        SettingsError: One of them is written in another way.
    """
    return [_server(aiortc, text) for text in environ.get(SERVERS_VARIABLE, '').split()]


def _server(aiortc: Any, text: str) -> Any:
    from aiortc.rtcicetransport import parse_stun_turn_uri

    scheme, _, rest = text.partition(':')
    before, _, place = rest.rpartition('@')
    user, _, password = before.partition(':')
    uri = f'{scheme}:{place}'
    try:
        parsed = parse_stun_turn_uri(uri)
    except ValueError:
        parsed = {'scheme': ''}
    needs_password = parsed['scheme'] in ('turn', 'turns')
    transports = {'stun': (None,), 'turn': ('udp', 'tcp'), 'turns': ('tcp',)}
    is_known = parsed.get('transport') in transports.get(parsed['scheme'], ())
    if not is_known or needs_password != bool(password):
        # Without what stands before the @, which may be a password.
        msg = f'{SERVERS_VARIABLE}: cannot use {uri}; expected such as {EXAMPLE}'
        raise SettingsError(msg)
    if not needs_password:
        return aiortc.RTCIceServer(uri)
    return aiortc.RTCIceServer(uri, unquote(user), unquote(password))
