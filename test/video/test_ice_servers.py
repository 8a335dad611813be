# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Servers of STUN and TURN: how they are written, and that they are asked."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import closing
from typing import Any

import pytest

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.video.webrtc import peers
from ros_deep_learning.video.webrtc.ice_servers import SERVERS_VARIABLE, ice_servers

aiortc = pytest.importorskip('aiortc')


def test_how_they_are_written() -> None:
    text = 'stun:one.example turn:me:p%40ss@two.example:99?transport=tcp turns:me:p@three.example'
    servers = ice_servers(aiortc, {SERVERS_VARIABLE: text})
    assert [(s.urls, s.username, s.credential) for s in servers] == [
        ('stun:one.example', None, None),
        ('turn:two.example:99?transport=tcp', 'me', 'p@ss'),
        ('turns:three.example', 'me', 'p'),
    ]
    assert ice_servers(aiortc, {}) == []


@pytest.mark.parametrize(
    'text',
    [
        'one.example',
        'http://one.example',
        'stuns:one.example',
        'turn:one.example',
        'turn:me@one.example',
        'stun:me:secret@one.example',
        'turn:me:secret@one.example?transport=carrier',
        'turn:me:secret@one.example:port',
    ],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=f'{SERVERS_VARIABLE}: cannot use') as shown:
        ice_servers(aiortc, {SERVERS_VARIABLE: text})
    assert 'secret' not in str(shown.value)


def test_a_stun_server_is_asked_and_none_by_peers_of_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from aioice import stun

    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as server:
        server.bind(('127.0.0.1', 0))
        server.settimeout(10)

        def answer() -> None:
            data, peer = server.recvfrom(2048)
            asked = stun.parse_message(data)
            told = stun.Message(asked.message_method, stun.Class.RESPONSE, asked.transaction_id)
            told.attributes['XOR-MAPPED-ADDRESS'] = ('203.0.113.7', 4242)
            server.sendto(bytes(told), peer)

        monkeypatch.setenv(SERVERS_VARIABLE, f'stun:127.0.0.1:{server.getsockname()[1]}')
        thread = threading.Thread(target=answer)
        thread.start()
        remote = asyncio.run(described(is_local=False))
        thread.join()
        local = asyncio.run(described(is_local=True))
    assert '203.0.113.7 4242 typ srflx' in remote
    assert 'srflx' not in local


async def described(*, is_local: bool) -> str:
    """Return the description of a peer on 127.0.0.1."""
    peer: Any = peers.new_peer(peers.load_aiortc('a test'), is_local=is_local)
    peer.addTransceiver('video')
    with peers.on_loopback(alone=True):
        await peer.setLocalDescription(await peer.createOffer())
    sdp = str(peer.localDescription.sdp)
    await peer.close()
    return sdp
