# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of downloads over https: what is accepted, resumed and refused."""

from __future__ import annotations

import hashlib
import resource
import socket
from pathlib import Path

import pytest
from https_server import HttpsServer

from ros_deep_learning.downloads import http_download
from ros_deep_learning.downloads.http_download import download_file
from ros_deep_learning.errors import FetchError

CONTENT = bytes(range(256)) * 4096
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SIZE = len(CONTENT)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_download, '_PAUSE_S', 0.0)


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / 'net.part'


def refused(part: Path, urls: list[str], complaint: str, **changes: object) -> str:
    """Expect a refusal that leaves nothing behind."""
    with pytest.raises(FetchError, match=complaint) as caught:
        download_file(urls, part, **{'max_bytes': SIZE, **changes})
    assert list(part.parent.iterdir()) == []
    return str(caught.value)


@pytest.mark.parametrize('changes', [{}, {'etag': False}, {'length': False}])
def test_a_file_comes_whole(https_server: HttpsServer, part: Path, changes: dict) -> None:
    url = https_server.put('net.bin', CONTENT, **changes)
    stages = []
    download = download_file(
        [url], part, max_bytes=SIZE, progress=lambda stage, share: stages.append((stage, share))
    )
    assert (download.url, download.sha256, download.size_bytes) == (url, SHA256, SIZE)
    assert download.is_surely_whole == changes.get('length', True)
    assert part.read_bytes() == CONTENT
    assert {stage for stage, _ in stages} == {'downloading net'}
    assert stages[0][1] == 0.0
    assert stages[-1][1] == 1.0


@pytest.mark.parametrize('missing', [0, 1])
def test_chunks_tell_their_end(https_server: HttpsServer, part: Path, missing: int) -> None:
    chunks = b'5\r\nfirst\r\n6\r\nsecond\r\n'
    content = chunks if missing else chunks + b'0\r\n\r\n'
    coded = {'Transfer-Encoding': 'chunked'}
    url = https_server.put('net', content, length=False, etag=False, headers=coded)
    if missing:
        refused(part, [url], 'interrupted after 11 bytes', sha256=None)
    else:
        download = download_file([url], part, max_bytes=SIZE)
        assert download.is_surely_whole
        assert part.read_bytes() == b'firstsecond'


def test_an_empty_file_is_a_file(https_server: HttpsServer, part: Path) -> None:
    assert download_file([https_server.put('a')], part, max_bytes=1).size_bytes == 0


def test_a_broken_transfer_is_gone_on_with(https_server: HttpsServer, part: Path) -> None:
    url = https_server.put('net.bin', CONTENT, cut=300_000, cuts=2)
    assert download_file([url], part, max_bytes=SIZE, sha256=SHA256).sha256 == SHA256
    assert [asked for _, asked in https_server.asked] == [None, 'bytes=300000-', 'bytes=600000-']


def test_the_next_call_goes_on_too(https_server: HttpsServer, part: Path) -> None:
    url = https_server.put('net.bin', CONTENT, cut=200_000)
    with pytest.raises(FetchError, match=f'interrupted after 600000 of {SIZE} bytes'):
        download_file([url], part, max_bytes=SIZE)
    assert part.stat().st_size == 600_000
    https_server.put('net.bin', CONTENT)
    https_server.asked.clear()
    assert download_file([url], part, max_bytes=SIZE).sha256 == SHA256
    assert https_server.asked == [('/net.bin', 'bytes=600000-')]


def test_giving_up_keeps_the_part(https_server: HttpsServer, part: Path) -> None:
    url = https_server.put('net.bin', CONTENT)

    def give_up(stage: str, share: float | None) -> None:
        if share:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download_file([url], part, max_bytes=SIZE, progress=give_up)
    here = part.stat().st_size
    assert 0 < here < SIZE
    assert download_file([url], part, max_bytes=SIZE).sha256 == SHA256
    assert https_server.asked[-1][1] == f'bytes={here}-'


def test_a_file_that_changed_meanwhile_is_not_joined(
    https_server: HttpsServer, part: Path
) -> None:
    url = https_server.put('net.bin', b'x' * SIZE, cut=100_000)
    with pytest.raises(FetchError):
        download_file([url], part, max_bytes=SIZE)
    https_server.put('net.bin', CONTENT)
    assert download_file([url], part, max_bytes=SIZE).sha256 == SHA256


def test_a_server_without_ranges_starts_over(https_server: HttpsServer, part: Path) -> None:
    url = https_server.put('net.bin', CONTENT, cut=100_000, cuts=1, ranges=False)
    assert download_file([url], part, max_bytes=SIZE).sha256 == SHA256


def test_parts_that_nothing_vouches_for_are_not_kept(
    https_server: HttpsServer, part: Path
) -> None:
    url = https_server.put('net.bin', CONTENT, cut=100_000, etag=False)
    refused(part, [url], 'interrupted after 100000')
    assert [asked for _, asked in https_server.asked] == [None] * http_download.ATTEMPTS


def test_a_weak_etag_joins_nothing(https_server: HttpsServer, part: Path) -> None:
    url = https_server.put('net.bin', CONTENT, cut=9, headers={'ETag': 'W/"1"'})
    refused(part, [url], 'interrupted')


def test_a_wrong_range_is_not_taken(https_server: HttpsServer, part: Path) -> None:
    headers = {'Content-Range': f'bytes 5-{SIZE - 1}/{SIZE}'}
    url = https_server.put('net.bin', CONTENT, cut=100_000, cuts=1, headers=headers)
    assert download_file([url], part, max_bytes=SIZE).sha256 == SHA256
    assert [asked for _, asked in https_server.asked] == [None, 'bytes=100000-', None]


def test_the_first_mirror_that_works_is_taken(https_server: HttpsServer, part: Path) -> None:
    with socket.socket() as closed:
        closed.bind(('127.0.0.1', 0))
        dead = f'https://localhost:{closed.getsockname()[1]}/net.bin'
    urls = [
        dead,
        https_server.url('missing'),
        https_server.put('altered', b'y' * SIZE),
        https_server.put('good', CONTENT),
        https_server.put('spare', CONTENT),
    ]
    assert download_file(urls, part, max_bytes=SIZE, sha256=SHA256).url == urls[3]
    assert ('/spare', None) not in https_server.asked


def test_every_address_is_told_about(https_server: HttpsServer, part: Path) -> None:
    urls = [https_server.url('missing'), https_server.put('busy', status=503)]
    message = refused(part, urls, 'the server answers 404 Not Found')
    assert 'the server answers 503' in message
    assert all(url in message for url in urls)


@pytest.mark.parametrize(
    ('changes', 'complaint'),
    [
        ({'content': CONTENT + b'z'}, f'larger than the {SIZE} bytes'),
        ({'content': CONTENT + b'z', 'length': False}, f'larger than the {SIZE} bytes'),
        ({'content': b'z' * SIZE}, f'expected the SHA-256 {SHA256}, got [0-9a-f]{{64}}: refused'),
        ({'content': CONTENT[:-1]}, 'SHA-256'),
        (
            {'headers': {'Content-Type': 'text/html; charset=utf-8'}},
            'a web page instead of a',
        ),
        ({'headers': {'Content-Encoding': 'gzip'}}, 'encodes it as gzip'),
        ({'headers': {'Content-Length': str(SIZE + 5)}}, 'larger than'),
        ({'status': 403}, 'answers 403'),
    ],
    # Their content would be longer than an environment variable may be, which pytest sets.
    ids=lambda value: str(value)[:60],
)
def test_bad_answers_leave_nothing(
    https_server: HttpsServer, part: Path, changes: dict, complaint: str
) -> None:
    content = changes.pop('content', CONTENT)
    url = https_server.put('net.bin', content, **changes)
    refused(part, [url], complaint, sha256=SHA256)


@pytest.mark.parametrize(
    'target', ['http://localhost/x', 'ftp://localhost/x', 'file:///etc/passwd', 'HTTP://a/b']
)
def test_redirects_leave_https_never(https_server: HttpsServer, part: Path, target: str) -> None:
    url = https_server.put('net.bin', status=302, headers={'Location': target})
    refused(
        part, [url], '(?i)redirects to (http|ftp)://.*, which is not https: refused|answers 302'
    )
    assert len(https_server.asked) == 1


def test_redirects_within_https_are_followed(https_server: HttpsServer, part: Path) -> None:
    good = https_server.put('good', CONTENT, cut=500_000, cuts=1)
    url = https_server.put('net.bin', status=302, headers={'Location': good})
    assert download_file([url], part, max_bytes=SIZE).sha256 == SHA256
    assert https_server.asked[-1] == ('/good', 'bytes=500000-')


def test_a_ring_of_redirects_ends(https_server: HttpsServer, part: Path) -> None:
    url = https_server.url('ring')
    https_server.put('ring', status=302, headers={'Location': url})
    refused(part, [url], 'the server answers 302')


def test_plain_http_is_not_spoken(https_server: HttpsServer, part: Path) -> None:
    url = https_server.put('net.bin', CONTENT).replace('https://', 'http://')
    refused(part, [url], 'it is not an https URL: refused')
    assert https_server.asked == []


def test_a_server_that_nobody_vouches_for(
    https_server: HttpsServer, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = https_server.put('net.bin', CONTENT)
    monkeypatch.delenv('SSL_CERT_FILE')
    refused(part, [url], 'the certificate of the server is not valid: self')
    assert https_server.asked == []


def test_a_server_under_another_name(https_server: HttpsServer, part: Path) -> None:
    url = https_server.put('net.bin', CONTENT).replace('localhost', '127.0.0.1')
    refused(part, [url], 'the certificate of the server is not valid: ')


def test_a_disk_that_takes_no_more_keeps_nothing(https_server: HttpsServer, part: Path) -> None:
    url = https_server.put('net.bin', CONTENT)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OSError, match='File too large'):
            download_file([url], part, max_bytes=SIZE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(part.parent.iterdir()) == []
