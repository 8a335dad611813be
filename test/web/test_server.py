# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The server of pages, asked by real clients over loopback."""

from __future__ import annotations

import http.client
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress

import pytest
from aiohttp import web

from ros_deep_learning.web import server as server_module
from ros_deep_learning.web.access import TOKEN_VARIABLE
from ros_deep_learning.web.address import PageAddress
from ros_deep_learning.web.server import Asset, PageServer

TOKEN = 'a-token-of-the-test'
HTML = Asset('text/html', b'<p>page</p>')


async def fail(_: web.BaseRequest) -> web.StreamResponse:
    raise ValueError


def serve(host: str = '127.0.0.1') -> PageServer:
    server = PageServer(PageAddress((host,), 0))
    server.start({'/': HTML.answer, '/fails': fail})
    return server


def port_of(server: PageServer) -> int:
    return int(server.url.partition('//')[2].partition('/')[0].rpartition(':')[2])


@pytest.fixture(scope='module')
def local() -> Iterator[PageServer]:
    with closing(serve()) as server:
        yield server


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> Iterator[PageServer]:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    with closing(serve('0.0.0.0')) as server:
        yield server


def ask(
    server: PageServer, path: str = '/', method: str = 'GET', **headers: str
) -> http.client.HTTPResponse:
    """Send a request whose path is not normalised, as a browser would do."""
    connection = http.client.HTTPConnection('127.0.0.1', port_of(server), timeout=20)
    host = headers.pop('Host', f'localhost:{port_of(server)}')
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in {'Host': host, **headers}.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    answer.text = answer.read().decode()  # type: ignore[attr-defined]
    connection.close()
    return answer


def test_a_page_and_its_headers(local: PageServer) -> None:
    answer = ask(local)
    assert (answer.status, answer.text) == (200, '<p>page</p>')
    assert local.url == f'http://localhost:{port_of(local)}/'
    assert answer.headers['Content-Type'] == 'text/html'
    policy = answer.headers['Content-Security-Policy']
    assert "default-src 'none'" in policy
    assert 'unsafe' not in policy
    assert answer.headers['X-Content-Type-Options'] == 'nosniff'
    assert answer.headers['Cross-Origin-Resource-Policy'] == 'same-origin'
    assert 'Access-Control-Allow-Origin' not in answer.headers


@pytest.mark.parametrize(
    'path',
    [
        '/../../etc/passwd',
        '/..%2f..%2fetc/passwd',
        '/%2e%2e/%2e%2e/etc/passwd',
        '/assets/live.js',
        '//etc/passwd',
        '/etc/passwd',
        '/\\..\\..\\etc\\passwd',
        '/%00',
        'file:///etc/passwd',
        '/.git/config',
    ],
)
def test_no_path_of_the_file_system(local: PageServer, path: str) -> None:
    answer = ask(local, path)
    assert answer.status in (400, 404)
    assert 'root:' not in answer.text


@pytest.mark.parametrize('method', ['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])
def test_nothing_is_done_by_a_request(local: PageServer, method: str) -> None:
    assert ask(local, method=method).status in (400, 405)


def test_another_name_or_site(local: PageServer) -> None:
    assert ask(local, Host='evil.example').status == 421
    assert ask(local, Origin='http://evil.example').status == 403
    assert ask(local, Origin=f'http://localhost:{port_of(local)}').status == 200


def test_a_fault_of_ours_tells_nothing(local: PageServer) -> None:
    answer = ask(local, '/fails')
    assert answer.status == 500
    assert 'Traceback' not in answer.text
    assert ask(local).status == 200


def test_the_token_becomes_a_cookie(wide: PageServer) -> None:
    assert wide.url.endswith(f':{port_of(wide)}/?token={TOKEN}')
    assert ask(wide).status == 401
    assert ask(wide, '/?token=wrong').status == 401
    first = ask(wide, f'/?token={TOKEN}')
    assert (first.status, first.headers['Location']) == (303, '/')
    cookie = first.headers['Set-Cookie']
    assert 'HttpOnly' in cookie
    assert 'SameSite=Lax' in cookie
    pair = cookie.partition(';')[0]
    assert ask(wide, Cookie=pair).status == 200
    assert ask(wide, Cookie=f'bad cookie$; a=b=c; {pair}').status == 200
    assert ask(wide, Cookie=pair[:-1]).status == 401
    # A cookie goes along with what another site makes the browser ask for.
    assert ask(wide, Cookie=pair, Origin='http://evil.example').status == 403


@pytest.mark.parametrize(
    'data',
    [
        b'',
        b'\x16\x03\x01\x02\x00\x01\x00',
        b'GET / HTTP/1.1\r\n',
        b'GET / HTTP/1.1\r\n\r\n',
        b'GET / HTTP/1.1\r\nHost: ' + 100_000 * b'a' + b'\r\n\r\n',
        b'GET /' + 100_000 * b'a' + b' HTTP/1.1\r\n\r\n',
        b'GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n',
        b'GET / HTTP/1.1\r\nHost: localhost\r\nCookie: \xff\xfe=\x00\r\n\r\n',
        b'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\nx',
        b'GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
        b'GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://[\r\n\r\n',
        b'POST / HTTP/1.0\r\nHost: localhost\r\nContent-Encoding: gzip\r\n'
        b'Content-Length: 5\r\n\r\nxxxxx',
    ],
    ids=range(12),
)
def test_what_is_no_request_harms_nobody(
    local: PageServer, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection(('127.0.0.1', port_of(local))) as client:
        client.sendall(data)
        assert ask(local).status == 200
    # Whoever scans a network does not fill the terminal.
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


def test_connections_are_limited_and_silent_ones_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, 'SILENT_S', 0.5)
    with closing(serve()) as server, ExitStack() as stack:
        clients = []
        for _ in range(server_module.MAX_CONNECTIONS + 20):
            client = socket.create_connection(('127.0.0.1', port_of(server)), timeout=20)
            clients.append(stack.enter_context(closing(client)))
            # A byte of a request that never ends.
            client.sendall(b'G')
        for client in clients:
            with suppress(ConnectionResetError):
                # The server says nothing more than that it ends.
                client.recv(1000)
        assert ask(server).status == 200


def test_the_end_takes_less_than_a_second() -> None:
    server = serve()
    with socket.create_connection(('127.0.0.1', port_of(server))) as client:
        client.sendall(b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
        assert client.recv(10)
        started = time.monotonic()
        server.close()
        assert time.monotonic() - started < 1
        assert not server._thread.is_alive()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(('127.0.0.1', port_of(server)))
    server.close()
