# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Addresses of pages, such as ``http://@:8080``: where a server listens, and for whom."""

from __future__ import annotations

import errno
import ipaddress
import re
import socket
from contextlib import suppress
from dataclasses import dataclass

from ..errors import SettingsError

DEFAULT_PORT = 8080
_LOOPBACK = ('127.0.0.1', '::1')
_NAMES = ('', 'localhost')
_RESOURCE = re.compile(r'(?i:http)://@?(?P<host>\[[^]]*\]|[^]\[:/@?#]*)(:(?P<port>[0-9]{1,5}))?/?')
_TAKEN = (errno.EADDRINUSE, errno.EACCES)


@dataclass(frozen=True, slots=True)
class PageAddress:
    """Where a page is served.

    Attributes:
        hosts: IP addresses to listen on.
        port: TCP port; 0 is any free one.
    """

    hosts: tuple[str, ...]
    port: int

    @property
    def is_local(self) -> bool:
        """Whether only programs on this machine reach it."""
        return all(ipaddress.ip_address(host).is_loopback for host in self.hosts)

    @property
    def own_host(self) -> str:
        """The host to type in a browser, in brackets if it is an IPv6 address."""
        if self.is_local:
            return 'localhost'
        host = self.hosts[0]
        if ipaddress.ip_address(host).is_unspecified:
            host = _address_on_the_network()
        return f'[{host}]' if ':' in host else host


def read_address(resource: str) -> PageAddress:
    """Read the address of a page.

    ``http://@:8080`` and ``http://localhost:8080`` are for this machine,
    ``http://0.0.0.0:8080`` and ``http://[::]:8080`` for the network, and so is the address of
    one of the machine's networks. The port may be left out: it is 8080.

    Raises:
        SettingsError: It is no such address.
    """
    matched = _RESOURCE.fullmatch(resource)
    with suppress(ValueError):
        if matched is not None:
            host, port = matched['host'].strip('[]'), int(matched['port'] or DEFAULT_PORT)
            hosts = _LOOPBACK if host in _NAMES else (str(ipaddress.ip_address(host)),)
            if port < 2**16:
                return PageAddress(hosts, port)
    msg = (
        f'cannot serve a page at {resource!r}: expected http://@:8080 for this machine, or '
        'http://0.0.0.0:8080 for the network'
    )
    raise SettingsError(msg)


def open_sockets(address: PageAddress) -> list[socket.socket]:
    """Return listening sockets for an address; all have the same port.

    Raises:
        SettingsError: The port is taken or not allowed, or no network of this machine has the
            address.
    """
    sockets: list[socket.socket] = []
    port = address.port
    for host in address.hosts:
        try:
            sockets.append(_listen(host, port))
        except OSError as err:
            # A machine may have no IPv6; localhost is the IPv4 address alone then.
            if sockets and err.errno not in _TAKEN:
                continue
            for one in sockets:
                one.close()
            raise SettingsError(_why(address, err)) from err
        port = sockets[0].getsockname()[1]
    return sockets


def _listen(host: str, port: int) -> socket.socket:
    is_v6 = ':' in host
    family = socket.AF_INET6 if is_v6 else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_v6:
            both = 0 if host == '::' else 1
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, both)
        listening.bind((host, port))
        listening.listen(32)
    except OSError:
        listening.close()
        raise
    return listening


def _why(address: PageAddress, err: OSError) -> str:
    port = address.port
    fixes = {
        errno.EADDRINUSE: (
            f'port {port} is in use; give another one, such as http://@:{port % 65535 + 1}, or '
            f'end the program that has it (ss -ltnp sport = :{port} names it)'
        ),
        errno.EACCES: f'port {port} is for root alone; give one from 1024 up, such as 8080',
        errno.EADDRNOTAVAIL: (
            f'{address.hosts[0]} is no address of this machine; ip address lists them, and '
            f'http://0.0.0.0:{port} is all of them'
        ),
    }
    return f'cannot serve a page: {fixes.get(err.errno or 0, err)}'


def _address_on_the_network() -> str:
    """Return the IP address that other machines reach this one by, or its host name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        # Nothing is sent: this chooses the route to an address for documentation (RFC 5737).
        probe.connect(('192.0.2.1', 9))
        return str(probe.getsockname()[0])
    return socket.gethostname()
