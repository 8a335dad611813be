# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Peer connections of aiortc, which use no server of the internet that the user did not name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ...errors import BackendUnavailableError
from .ice_servers import ice_servers

_on_loopback: ContextVar[bool] = ContextVar('on_loopback', default=False)


def load_aiortc(what: str) -> Any:
    """Import aiortc.

    Args:
        what: What it is needed for, as the beginning of the error.

    Raises:
        BackendUnavailableError: It is not installed.
    """
    try:
        import aioice.ice
        import aiortc
    except ImportError as err:
        msg = f'{what} needs aiortc, which does not load ({err}); to fix: pip install aiortc'
        raise BackendUnavailableError(msg) from err
    if not hasattr(aioice.ice.get_host_addresses, 'of_networks'):
        aioice.ice.get_host_addresses = _host_addresses(aioice.ice.get_host_addresses)
    return aiortc


def new_peer(aiortc: Any, *, is_local: bool) -> Any:
    """Return a peer connection; aiortc's own choice would ask a server of Google.

    Args:
        aiortc: The module.
        is_local: Whether its other end is on this machine: it needs no server.

    Raises:
        SettingsError: The environment names a server in a wrong way.
    """
    servers = [] if is_local else ice_servers(aiortc)
    return aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=servers))


@contextmanager
def on_loopback(*, alone: bool) -> Iterator[None]:
    """Let peers that are connected in the body use the loopback address alone.

    Args:
        alone: Whether to do so; aioice itself never uses that address.
    """
    token = _on_loopback.set(alone)
    try:
        yield
    finally:
        _on_loopback.reset(token)


def _host_addresses(of_networks: Any) -> Any:
    def addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        return ['127.0.0.1'] if _on_loopback.get() else list(of_networks(use_ipv4, use_ipv6))

    addresses.of_networks = of_networks  # type: ignore[attr-defined]
    return addresses
