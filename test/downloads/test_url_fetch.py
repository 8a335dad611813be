# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of networks from a URL: pinned on first use, verified, unpacked, never incomplete."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from https_server import HttpsServer

from ros_deep_learning.cards.source import SourceSpec
from ros_deep_learning.downloads import http_download, url_fetch
from ros_deep_learning.downloads.trust import read_pin
from ros_deep_learning.downloads.url_fetch import DownloadedFiles
from ros_deep_learning.errors import FetchError

ROLES = ('model', 'labels')
MEMBERS = {'model': 'net.onnx', 'labels': 'labels.txt'}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_download, '_PAUSE_S', 0.0)


def packed(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w:gz') as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(f'Net/{name.replace("_", ".")}')
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


ARCHIVE = packed(net_onnx=b'weights', labels_txt=b'cat\n')
OTHER = packed(net_onnx=b'other weights', labels_txt=b'dog\n')


@pytest.fixture
def source(https_server: HttpsServer) -> SourceSpec:
    url = https_server.put('net.tar.gz', ARCHIVE)
    return SourceSpec(urls=(url,), archive='tar.gz', members=MEMBERS, max_bytes=10_000)


def kept(cache: Path) -> set[str]:
    """All files of a cache, except locks."""
    files = {str(p.relative_to(cache)) for p in cache.rglob('*') if p.is_file()}
    return {name for name in files if not name.endswith('.lock')}


def test_the_first_download_is_trusted_and_said_to_be(
    https_server: HttpsServer,
    source: SourceSpec,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    files = DownloadedFiles('net', source, tmp_path)
    assert files.sha256() is None
    assert files.existing(ROLES) is None
    with caplog.at_level(logging.WARNING):
        found = files.fetch(ROLES)
    sha256 = hashlib.sha256(ARCHIVE).hexdigest()
    assert 'trusted on this first download and pinned' in caplog.text
    assert sha256 in caplog.text
    assert found['model'].read_bytes() == b'weights'
    assert found['labels'].read_bytes() == b'cat\n'
    pin = read_pin(files.pin_path)
    assert pin is not None
    assert (pin.sha256, pin.url, pin.size_bytes) == (sha256, source.urls[0], len(ARCHIVE))
    assert files.sha256() == sha256
    # The archive itself is not kept.
    stem = files.folder.name
    assert kept(tmp_path) == {
        f'{stem}/files.json',
        *(f'{stem}/{path.name}' for path in found.values()),
        f'pins/{stem}.json'
    }  # fmt: skip
    https_server.asked.clear()
    caplog.clear()
    assert files.fetch(ROLES) == files.existing(ROLES) == found
    assert https_server.asked == []
    assert caplog.text == ''


def test_a_download_that_may_have_broken_off_is_told(
    https_server: HttpsServer,
    source: SourceSpec,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    https_server.put('net.tar.gz', ARCHIVE, length=False)
    with caplog.at_level(logging.WARNING):
        DownloadedFiles('net', source, tmp_path).fetch(ROLES)
    (said,) = [record.getMessage() for record in caplog.records]
    assert 'the server does not tell its length' in said
    assert f'it has {len(ARCHIVE):,} bytes' in said
    assert '--trust-anew' in said


@pytest.mark.parametrize('length', [True, False])
def test_an_archive_that_broke_off_is_not_kept(
    https_server: HttpsServer, source: SourceSpec, tmp_path: Path, length: bool
) -> None:
    https_server.put('net.tar.gz', ARCHIVE, cut=len(ARCHIVE) - 20, length=length, etag=False)
    with pytest.raises(FetchError):
        DownloadedFiles('net', source, tmp_path).fetch(ROLES)
    assert kept(tmp_path) == set()


def test_changed_content_is_refused_until_it_is_trusted_anew(
    https_server: HttpsServer, source: SourceSpec, tmp_path: Path
) -> None:
    files = DownloadedFiles('net', source, tmp_path)
    found = files.fetch(ROLES)
    found['model'].unlink()
    before = kept(tmp_path)
    https_server.put('net.tar.gz', OTHER)
    with pytest.raises(
        FetchError, match=r'first download, on 20..-..-..; if the change'
    ) as caught:
        files.fetch(ROLES)
    assert str(read_pin(files.pin_path).sha256) in str(caught.value)
    assert hashlib.sha256(OTHER).hexdigest() in str(caught.value)
    assert kept(tmp_path) == before
    assert files.fetch(ROLES, anew=True)['model'].read_bytes() == b'other weights'
    assert read_pin(files.pin_path).sha256 == hashlib.sha256(OTHER).hexdigest()


class GivenUpError(Exception):
    pass


@pytest.mark.parametrize('trouble', ['no server', 'given up', 'no such member'])
def test_trusting_anew_keeps_the_old_until_the_new_is_whole(
    https_server: HttpsServer, source: SourceSpec, tmp_path: Path, trouble: str
) -> None:
    def progress(stage: str, share: float | None) -> None:
        if trouble == 'given up':
            raise GivenUpError

    files = DownloadedFiles('net', source, tmp_path)
    found = files.fetch(ROLES)
    pin, before = read_pin(files.pin_path), kept(tmp_path)
    if trouble == 'no server':
        https_server.pages.clear()
    elif trouble == 'no such member':
        https_server.put('net.tar.gz', packed(labels_txt=b'dog\n'))
    with pytest.raises((FetchError, GivenUpError)):
        files.fetch(ROLES, progress, anew=True)
    assert read_pin(files.pin_path) == pin
    assert files.existing(ROLES) == found
    assert found['model'].read_bytes() == b'weights'
    # A cancelled download may be resumed.
    assert {name for name in kept(tmp_path) if '.part' not in name} == before


def test_a_damaged_pin_is_replaced_when_trusted_anew(source: SourceSpec, tmp_path: Path) -> None:
    files = DownloadedFiles('net', source, tmp_path)
    files.fetch(ROLES)
    files.pin_path.write_text('')
    files.fetch(ROLES, anew=True)
    assert read_pin(files.pin_path).sha256 == hashlib.sha256(ARCHIVE).hexdigest()


def test_a_mirror_is_held_to_the_pin_too(
    https_server: HttpsServer, source: SourceSpec, tmp_path: Path
) -> None:
    mirror = https_server.put('mirror', OTHER)
    files = DownloadedFiles('net', replace(source, urls=(*source.urls, mirror)), tmp_path)
    files.fetch(ROLES)['model'].unlink()
    del https_server.pages['/net.tar.gz']
    with pytest.raises(FetchError, match=r'404.*SHA-256'):
        files.fetch(ROLES)
    https_server.put('mirror', ARCHIVE)
    assert files.fetch(ROLES)['model'].read_bytes() == b'weights'


@pytest.mark.parametrize(
    'damage',
    ['', '{}', '[]', '{"sha256": 3}', 'x' * 10,
     '{"url": "", "sha256": "zz", "size_bytes": 1, "date": ""}'],
)  # fmt: skip
def test_a_damaged_pin_is_not_taken_for_none(
    source: SourceSpec, tmp_path: Path, damage: str
) -> None:
    files = DownloadedFiles('net', source, tmp_path)
    files.fetch(ROLES)
    files.pin_path.write_text(damage)
    with pytest.raises(FetchError, match=r'pin of the first download, .* is damaged'):
        files.fetch(ROLES)


def test_published_hashes_need_no_trust(
    https_server: HttpsServer, source: SourceSpec, tmp_path: Path
) -> None:
    pinned = replace(source, sha256=hashlib.sha256(ARCHIVE).hexdigest())
    files = DownloadedFiles('net', pinned, tmp_path)
    files.fetch(ROLES)
    assert not files.pin_path.exists()
    https_server.put('net.tar.gz', OTHER)
    fresh = tmp_path / 'fresh'
    fresh.mkdir()
    with pytest.raises(FetchError, match='SHA-256'):
        DownloadedFiles('net', pinned, fresh).fetch(ROLES)
    assert kept(fresh) == set()


def test_what_is_refused_is_not_trusted(
    https_server: HttpsServer, source: SourceSpec, tmp_path: Path
) -> None:
    files = DownloadedFiles('net', source, tmp_path)
    for content, complaint in (
        (b'not an archive', 'damaged'),
        (ARCHIVE[:-20], 'damaged'),
        (packed(labels_txt=b'cat'), 'no file'),
        (b'x' * 10_001, 'larger than'),
    ):
        https_server.put('net.tar.gz', content)
        with pytest.raises(FetchError, match=complaint):
            files.fetch(ROLES)
        assert kept(tmp_path) == set()
    https_server.put('net.tar.gz', ARCHIVE)
    assert files.fetch(ROLES)


def test_only_a_part_is_left_of_a_broken_transfer(
    https_server: HttpsServer, source: SourceSpec, tmp_path: Path
) -> None:
    https_server.put('net.tar.gz', ARCHIVE, cut=20)
    files = DownloadedFiles('net', source, tmp_path)
    with pytest.raises(FetchError, match='interrupted'):
        files.fetch(ROLES)
    assert kept(tmp_path) == {f'.{files.folder.name}.part', f'.{files.folder.name}.part.state'}
    https_server.put('net.tar.gz', ARCHIVE)
    assert files.fetch(ROLES)
    assert https_server.asked[-1][1] == 'bytes=60-'
    assert not any('.part' in name for name in kept(tmp_path))


@pytest.mark.parametrize('damage', ['model', 'list', 'escape'])
def test_damaged_files_come_anew(source: SourceSpec, tmp_path: Path, damage: str) -> None:
    files = DownloadedFiles('net', source, tmp_path)
    found = files.fetch(ROLES)
    if damage == 'model':
        found['model'].write_bytes(b'torn')
    elif damage == 'list':
        (files.folder / 'files.json').write_text('torn')
    else:
        listed = json.loads((files.folder / 'files.json').read_text())
        outside = tmp_path / 'outside'
        outside.write_bytes(b'evil')
        listed['files']['model'] = ['../outside', hashlib.sha256(b'evil').hexdigest()]
        (files.folder / 'files.json').write_text(json.dumps(listed))
    assert files.existing(ROLES) is None
    assert files.fetch(ROLES)['model'].read_bytes() == b'weights'


def test_labels_that_an_archive_lacks_are_not_asked_for_again(
    https_server: HttpsServer, source: SourceSpec, tmp_path: Path
) -> None:
    https_server.put('net.tar.gz', packed(net_onnx=b'weights'))
    files = DownloadedFiles('net', source, tmp_path)
    assert set(files.fetch(ROLES)) == {'model'}
    assert set(files.fetch(('labels',))) == set()
    assert len(https_server.asked) == 1


def test_a_dropped_file_is_not_missed(source: SourceSpec, tmp_path: Path) -> None:
    files = DownloadedFiles('net', source, tmp_path)
    found = files.fetch(ROLES)
    files.drop('model')
    assert not found['model'].exists()
    assert set(files.fetch(('labels',))) == {'labels'}


@pytest.mark.parametrize(
    ('path', 'suffix'), [('a/b.onnx', '.onnx'), ('a/b', ''), ('a/b.O%2f', '')]
)
def test_a_file_without_an_archive(
    https_server: HttpsServer, tmp_path: Path, path: str, suffix: str
) -> None:
    url = https_server.put(path, b'weights')
    files = DownloadedFiles('net', SourceSpec(urls=(url,), max_bytes=100), tmp_path)
    found = files.fetch(('model',))
    sha256 = hashlib.sha256(b'weights').hexdigest()
    assert found['model'].name == f'model-{sha256[:16]}{suffix}'
    assert found['model'].read_bytes() == b'weights'


def test_until_a_new_download_is_complete_the_older_one_stays(
    https_server: HttpsServer,
    source: SourceSpec,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = DownloadedFiles('net', source, tmp_path)
    files.fetch(ROLES)
    https_server.put('net.tar.gz', packed(net_onnx=b'other', labels_txt=b'dog\n'))

    def full(*args: object) -> None:
        raise OSError(28, 'No space left on device')

    with monkeypatch.context() as patch:
        patch.setattr(url_fetch, 'write_pin', full)
        with pytest.raises(OSError, match='No space'):
            files.fetch(ROLES, anew=True)
    older = files.existing(ROLES)
    assert older is not None
    assert older['model'].read_bytes() == b'weights'
    newer = files.fetch(ROLES, anew=True)
    assert newer['model'].read_bytes() == b'other'
    assert {p.name for p in files.folder.iterdir()} == {
        'files.json',
        *(p.name for p in newer.values()),
    }
