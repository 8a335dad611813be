# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a page is served, and what is said where it cannot be."""

from __future__ import annotations

import socket

import pytest

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.web.address import PageAddress, open_sockets, read_address

LOCAL = ('127.0.0.1', '::1')


@pytest.mark.parametrize(
    ('resource', 'hosts', 'port'),
    [
        ('http://@:8080', LOCAL, 8080),
        ('http://@:8080/', LOCAL, 8080),
        ('http://:9000', LOCAL, 9000),
        ('http://@', LOCAL, 8080),
        ('http://localhost', LOCAL, 8080),
        ('http://localhost:0', LOCAL, 0),
        ('http://127.0.0.1:81', ('127.0.0.1',), 81),
        ('http://0.0.0.0:8080', ('0.0.0.0',), 8080),
        ('http://[::]:8080', ('::',), 8080),
    ],
)
def test_an_address(resource: str, hosts: tuple[str, ...], port: int) -> None:
    assert read_address(resource) == PageAddress(hosts, port)


@pytest.mark.parametrize('host', ['0.0.0.0', '::', '192.168.1.5'])
def test_only_loopback_is_local(host: str) -> None:
    assert not PageAddress((host,), 1).is_local
    assert PageAddress(LOCAL, 1).is_local
    assert PageAddress(LOCAL, 1).own_host == 'localhost'


@pytest.mark.parametrize(
    'resource',
    [
        'http://robot:8080',
        'http://@:70000',
        'http://@:x',
        'http://@:8080/page',
        'http://@:8080?token=x',
        'http://me:secret@:8080',
        'http://[::1',
        'https://@:8080',
        'http//',
    ],
)
def test_another_address_is_refused(resource: str) -> None:
    with pytest.raises(SettingsError, match=r'expected http://@:8080 for this machine'):
        read_address(resource)


def test_a_taken_port_is_named_with_the_fix() -> None:
    (first, *others) = open_sockets(PageAddress(LOCAL, 0))
    port = first.getsockname()[1]
    assert {one.getsockname()[1] for one in others} <= {port}
    with pytest.raises(SettingsError, match=rf'port {port} is in use; .*@:{port + 1}, .*ss -ltnp'):
        open_sockets(PageAddress(('127.0.0.1',), port))
    for one in (first, *others):
        one.close()
    for one in open_sockets(PageAddress(LOCAL, port)):
        one.close()


def test_a_port_taken_on_one_loopback_is_taken() -> None:
    """Otherwise localhost would be another program's page, by the choice of the browser."""
    try:
        other = socket.create_server(('::1', 0), family=socket.AF_INET6)
    except OSError:
        return  # A machine without IPv6 has one loopback.
    with other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=f'port {port} is in use'):
            open_sockets(PageAddress(LOCAL, port))


def test_an_address_of_another_machine() -> None:
    with pytest.raises(SettingsError, match=r'192\.0\.2\.1 is no address of this machine'):
        open_sockets(PageAddress(('192.0.2.1',), 8080))
