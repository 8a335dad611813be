# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a network is served, and how a server is asked."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ...errors import SettingsError

SCHEMES = {'grpc': 8001, 'grpcs': 8001, 'http': 8000, 'https': 443}
"""Schemes of addresses, with the port where none is given, as Triton's are."""

_LONGEST_S = 3600


@dataclass(frozen=True, slots=True)
class RemoteOptions:
    """How a network is run on a server.

    Attributes:
        url: ``grpc://host:8001``, ``grpcs://`` with TLS, ``http://host:8000`` or ``https://``; a
            path after the port goes before the protocol's own, as behind a proxy.
        model: Name of the served model; empty = the name of the card.
        deadline_s: Seconds from a request to its answer, above 0, at most 3600; a later answer is
            not used.
        wait_s: Seconds to wait for the server at load, 0 or more.
        token_file: File with a token, sent as ``authorization: Bearer``; read at each connection.
        ca_file: File of the certificates that sign the server's, in PEM; None = the system's.
        in_flight: Most requests at a time, at least 1.
        shared_memory: Whether tensors are in shared memory, not sent, if the server is on this
            machine and allows it.
        cuda_memory: Whether they are in memory of the GPU instead, which the server has too; on
            this machine, by PyCUDA.
        jpeg_quality: Of images for a served network that takes JPEG files, 1 to 100.
        fallback: Backend that runs the network on this machine while the server fails, such as
            ``auto`` for the best one; empty = none does.

    Raises:
        SettingsError: A value is out of range, a token would be sent without TLS to another
            machine, or another machine would share memory of the GPU.
    """

    url: str
    model: str = ''
    deadline_s: float = 1.0
    wait_s: float = 0.0
    token_file: Path | None = None
    ca_file: Path | None = None
    in_flight: int = 4
    shared_memory: bool = True
    cuda_memory: bool = False
    jpeg_quality: int = 90
    fallback: str = ''

    def __post_init__(self) -> None:
        address = self.address
        for name, value, good, wanted in (
            (
                'deadline_s',
                self.deadline_s,
                0 < self.deadline_s <= _LONGEST_S,
                f'above 0, at most {_LONGEST_S}',
            ),
            ('wait_s', self.wait_s, self.wait_s >= 0, '0 or more'),
            ('in_flight', self.in_flight, self.in_flight >= 1, '1 or more'),
            ('jpeg_quality', self.jpeg_quality, 1 <= self.jpeg_quality <= 100, '1 to 100'),
        ):
            if not good:
                msg = f'remote option {name}: expected {wanted}, got {value!r}'
                raise SettingsError(msg)
        if self.fallback == 'remote':
            msg = 'remote option fallback: expected a backend of this machine, got remote'
            raise SettingsError(msg)
        if self.cuda_memory and not address.is_this_machine:
            msg = (
                f'{self.url}: only a server on this machine can share its GPU; to fix: '
                'grpc://localhost, or remote_cuda_memory false'
            )
            raise SettingsError(msg)
        if self.token_file is not None and not (address.tls or address.is_this_machine):
            msg = (
                f'{self.url}: a token is not sent without TLS; to fix: {address.scheme}s:// in '
                'the address'
            )
            raise SettingsError(msg)

    @property
    def address(self) -> Address:
        """The parts of ``url``."""
        return read_address(self.url)


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of a server's address.

    Attributes:
        scheme: A key of ``SCHEMES``.
        host: Name or number of the machine; an IPv6 one without brackets.
        port: TCP port.
        path: Path before the protocol's own; empty or with a slash first.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme in ('grpcs', 'https')

    @property
    def host_port(self) -> str:
        """Host and port as one text."""
        host = f'[{self.host}]' if ':' in self.host else self.host
        return f'{host}:{self.port}'

    @property
    def is_this_machine(self) -> bool:
        """Whether the host is a loopback address."""
        if self.host == 'localhost':
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def read_address(url: str) -> Address:
    """Read the address of a server.

    Raises:
        SettingsError: It is none.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        # As what looks the name up will do.
        (parts.hostname or '').encode('idna')
    except ValueError:
        parts, port = urlsplit(''), None
    path = parts.path.rstrip('/')
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    if parts.scheme not in SCHEMES or not parts.hostname or not plain:
        msg = (
            f'remote_url: expected an address such as grpc://host:8001, got {url!r}; schemes: '
            f'{", ".join(SCHEMES)}; a token belongs in remote_token_file'
        )
        raise SettingsError(msg)
    if path and parts.scheme.startswith('grpc'):
        msg = f'remote_url: an address of gRPC has no path, got {url!r}'
        raise SettingsError(msg)
    return Address(parts.scheme, parts.hostname, port or SCHEMES[parts.scheme], path)
