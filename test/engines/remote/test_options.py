# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of addresses, tokens, certificates and the body of HTTP."""

from __future__ import annotations

import json
import math
import socket
import sys
import threading
import time
from contextlib import suppress

import numpy as np
import pytest
from https_server import make_certificate
from inference_server import serve

from ros_deep_learning.engines.remote.access import read_certificates, read_token
from ros_deep_learning.engines.remote.http_body import read_answer
from ros_deep_learning.engines.remote.http_connection import HttpConnections
from ros_deep_learning.engines.remote.options import RemoteOptions, read_address
from ros_deep_learning.engines.remote.protocol import Request, newest
from ros_deep_learning.errors import BackendUnavailableError, ServerError, SettingsError

X = np.ones((1, 3), np.float32)


@pytest.mark.parametrize(
    ('url', 'host_port', 'path', 'tls', 'here'),
    [
        ('grpc://robot', 'robot:8001', '', False, False),
        ('grpcs://10.0.0.1:9', '10.0.0.1:9', '', True, False),
        ('http://[::1]', '[::1]:8000', '', False, True),
        ('https://host/models/', 'host:443', '/models', True, False),
        ('grpc://localhost', 'localhost:8001', '', False, True),
        ('grpc://127.0.0.1', '127.0.0.1:8001', '', False, True),
    ],
)
def test_addresses(url, host_port, path, tls, here):
    found = read_address(url)
    assert (found.host_port, found.path, found.tls) == (host_port, path, tls)
    assert found.is_this_machine == here


@pytest.mark.parametrize(
    'url',
    [
        '',
        'host:8001',
        'ftp://host',
        'grpc://',
        'grpc://host:x',
        'grpc://me:secret@host',
        'grpc://host:99999',
        'grpc://host/path',
        'http://host?token=1',
        'http://[::1',
        'http://a..b',
        f'grpc://{"a" * 64}.local',
    ],
)
def test_what_is_no_address(url):
    with pytest.raises(SettingsError, match=r'remote_url'):
        RemoteOptions(url)


@pytest.mark.parametrize(
    ('name', 'value'),
    [('deadline_s', 0.0), ('deadline_s', math.inf), ('wait_s', -1.0), ('in_flight', 0)],
)
def test_values_out_of_range(name, value):
    with pytest.raises(SettingsError, match=f'remote option {name}: expected'):
        RemoteOptions('grpc://host', **{name: value})


def test_a_token_does_not_leave_the_machine_without_tls(tmp_path):
    token = tmp_path / 'token'
    for url in ('grpc://localhost', 'http://127.0.0.1', 'grpcs://host', 'https://host'):
        RemoteOptions(url, token_file=token)
    for url in ('grpc://host', 'http://host'):
        with pytest.raises(SettingsError, match=r'not sent without TLS; to fix: (grpc|http)s://'):
            RemoteOptions(url, token_file=token)


@pytest.mark.parametrize('text', [b'', b'two words', b'a\nb', b'\xff', b'\x1b[0m', None])
def test_what_is_no_token(tmp_path, text):
    path = tmp_path / 'token'
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(ServerError, match=f'remote_token_file {path}: '):
        read_token(RemoteOptions('grpcs://host', token_file=path))


def test_the_version_that_answers():
    assert [newest(v) for v in ([], ['1'], ['9', '10'], ['v1'])] == ['', '1', '10', 'v1']


def test_tls(tmp_path, model, opened):
    certificate = make_certificate(tmp_path)
    key, chain = tmp_path / 'key.pem', tmp_path / 'certificate.pem'
    model.token = 'secret'
    token = tmp_path / 'token'
    token.write_text('secret')
    with serve(model, 'grpcs', tls=(key.read_bytes(), chain.read_bytes())) as url:
        assert opened(url, ca_file=chain, token_file=token).run({'x': X})['count'] == 1
        with pytest.raises(ServerError, match=r'(?i)unavailable'):
            opened(url, token_file=token)
    with serve(model, 'https', certificate=certificate) as url:
        assert opened(url, ca_file=chain, token_file=token).run({'x': X})['count'] == 1
        with pytest.raises(ServerError, match=r'(?i)certificate'):
            opened(url, token_file=token)


@pytest.mark.parametrize('scheme', ['grpcs', 'https'])
def test_certificates_that_cannot_be_read(tmp_path, opened, scheme):
    with pytest.raises(ServerError, match=r'remote_ca_file .*: No such file'):
        opened(f'{scheme}://localhost:1', ca_file=tmp_path / 'none')
    for text in ('', 'no certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n'):
        (tmp_path / 'ca').write_text(text)
        with pytest.raises(ServerError, match=r'remote_ca_file .*/ca: expected certificates'):
            opened(f'{scheme}://localhost:1', ca_file=tmp_path / 'ca')


def test_certificates_with_comments(tmp_path):
    make_certificate(tmp_path)
    path = tmp_path / 'certificate.pem'
    path.write_text('# Büro\n' + path.read_text(), encoding='utf-8')
    assert read_certificates(RemoteOptions('grpcs://host', ca_file=path)).startswith('# Bro')


def test_an_empty_file_of_certificates_is_not_the_systems(tmp_path):
    """Who names one wants no other server trusted."""
    (tmp_path / 'ca').write_text('')
    with pytest.raises(ServerError, match=r'remote_ca_file'):
        HttpConnections(RemoteOptions('https://localhost:1', ca_file=tmp_path / 'ca'), 'net')


def test_a_closed_connection_over_http_takes_no_run():
    connection = HttpConnections(RemoteOptions('http://localhost:1'), 'net')
    connection.close()
    with pytest.raises(ServerError, match=r'the connection was closed'):
        connection.start(Request({}, [], 1.0))


def test_a_missing_library(monkeypatch, opened):
    for name in ('tritonclient', 'tritonclient.grpc'):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(BackendUnavailableError, match=r"pip install 'tritonclient\[grpc\]'"):
        opened('grpc://localhost:1')


def test_a_missing_library_of_the_library(monkeypatch, opened):
    for name in [one for one in sys.modules if one.startswith('tritonclient')]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, 'rapidjson', None)
    with pytest.raises(BackendUnavailableError, match=r'rapidjson.*; to fix: pip install'):
        opened('grpc://localhost:1')


def test_http_needs_no_library(monkeypatch, model, opened):
    with serve(model, 'http') as url:
        for name in ('tritonclient', 'tritonclient.grpc', 'grpc'):
            monkeypatch.setitem(sys.modules, name, None)
        assert opened(url).run({'x': X})['count'] == 1


ENTRY = {'name': 'y', 'datatype': 'FP32', 'shape': [2]}


@pytest.mark.parametrize(
    'body',
    [
        b'',
        b'<html>',
        b'[]',
        b'{}',
        {'outputs': 3},
        {'outputs': [3]},
        {'outputs': [{'name': 'y'}]},
        {'outputs': [{**ENTRY, 'datatype': 'BF16'}]},
        {'outputs': [{**ENTRY, 'shape': ['a']}]},
        {'outputs': [{**ENTRY, 'shape': None}]},
        {'outputs': [{**ENTRY, 'data': [1, 2, 3]}]},
        {'outputs': [{**ENTRY, 'data': ['a', 'b']}]},
        {'outputs': [ENTRY]},
        {'outputs': [{**ENTRY, 'parameters': {'binary_data_size': 8}}]},
        {'outputs': [{**ENTRY, 'parameters': {'binary_data_size': 'x'}}]},
        {'outputs': [{**ENTRY, 'shape': [0], 'parameters': {'binary_data_size': 0.0}}]},
        {'outputs': [{**ENTRY, 'parameters': 3}]},
        {'outputs': [{**ENTRY, 'shape': [-2], 'data': [1]}]},
        {'outputs': [{**ENTRY, 'shape': [math.inf], 'data': [1]}]},
        {'outputs': [{**ENTRY, 'shape': [0, 2**70], 'data': []}]},
        {'outputs': [{**ENTRY, 'shape': [0, 2**70], 'parameters': {'binary_data_size': 0}}]},
        {'outputs': [{**ENTRY, 'datatype': 'UINT8', 'data': [1, 256]}]},
        {'outputs': [{**ENTRY, 'datatype': 'INT32', 'data': [1, math.inf]}]},
        pytest.param(b'[' * 100_000, id='nested'),
    ],
)
def test_what_is_no_answer(body):
    with pytest.raises(ServerError):
        read_answer(body if isinstance(body, bytes) else json.dumps(body).encode(), None)


def test_a_wrong_length_of_the_json():
    for length in ('-1', 'x', '999', '9' * 5000):
        with pytest.raises(ServerError):
            read_answer(b'{"outputs": [3]}', length)


@pytest.mark.parametrize(
    ('path', 'facts'),
    [
        ('/v2', {'extensions': 3}),
        ('/v2/models/net', {'versions': 3, 'inputs': [], 'outputs': []}),
        ('/v2/models/net/config', {'max_batch_size': 'eight'}),
    ],
)
def test_what_is_no_description(monkeypatch, path, facts):
    answers = {
        '/v2': {'extensions': ['model_configuration']},
        '/v2/models/net/ready': {},
        '/v2/models/net': {'versions': ['1'], 'inputs': [], 'outputs': []},
        path: facts,
    }
    connection = HttpConnections(RemoteOptions('http://localhost:1'), 'net')
    monkeypatch.setattr(
        connection,
        '_exchange',
        lambda how, path, late: (json.dumps(answers.get(path, {})).encode(), None),
    )
    with pytest.raises(ServerError, match=f'the answer has {next(iter(facts))} '):
        connection.model(1.0)


@pytest.mark.parametrize(
    ('head', 'piece', 'cause'),
    [
        ('', bytes(1 << 16), r'no answer within 0\.5 s'),
        ('Content-Length: 9\r\n', b'{', r'IncompleteRead\(1 bytes read, 8 more expected\)'),
    ],
    ids=['endless', 'broken off'],
)
def test_a_body_without_its_end(head, piece, cause):
    """The address may be that of a camera, whose stream never ends."""
    with socket.create_server(('127.0.0.1', 0)) as server:

        def answer():
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.recv(1 << 16)
                connection.sendall(f'HTTP/1.1 200 OK\r\n{head}\r\n'.encode() + piece)
                while not head:
                    connection.sendall(piece)
                    time.sleep(0.01)

        thread = threading.Thread(target=answer)
        thread.start()
        url = f'http://127.0.0.1:{server.getsockname()[1]}'
        with pytest.raises(ServerError, match=cause):
            HttpConnections(RemoteOptions(url), 'net').model(0.5)
        thread.join(20)
        assert not thread.is_alive()
