# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of untrusted archives: which files are extracted, and which archives are refused."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ros_deep_learning.downloads import archives
from ros_deep_learning.downloads.archives import extract_members
from ros_deep_learning.errors import FetchError

WEIGHTS = np.random.default_rng(0).bytes(200_000)
MEMBERS = {'model': 'net.caffemodel', 'prototxt': 'deploy.prototxt', 'labels': 'labels.txt'}
GOOD = {
    'Net/net.caffemodel': WEIGHTS,
    'Net/deploy.prototxt': b'name: "net"',
    'Net/labels.txt': b'cat\ndog\n',
    'Net/readme.md': b'unwanted',
}


def write_tar(path: Path, files: dict[str, bytes], *more: tarfile.TarInfo, mode: str) -> Path:
    with tarfile.open(path, mode) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for info in more:
            tar.addfile(info)
    return path


def write(path: Path, kind: str, files: dict[str, bytes]) -> Path:
    if kind != 'zip':
        return write_tar(path, files, mode='w:gz' if kind == 'tar.gz' else 'w')
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / 'out'
    folder.mkdir()
    return folder


def everything(folder: Path) -> set[str]:
    """All files beside and in the folder, except the archive."""
    return {str(path.relative_to(folder.parent)) for path in folder.parent.rglob('*')} - {
        'out',
        'a',
    }


def refused(archive: Path, kind: str, folder: Path, complaint: str) -> None:
    with pytest.raises(FetchError, match=complaint) as caught:
        extract_members(archive, kind, MEMBERS, folder)
    assert 'refused' in str(caught.value)
    assert '\n' not in str(caught.value)
    assert everything(folder) <= {f'out/{name}' for name in MEMBERS.values()}


@pytest.mark.parametrize('kind', ['tar', 'tar.gz', 'zip'])
@pytest.mark.parametrize('prefix', ['', './', 'a/b/'])
def test_wanted_members_come_out_under_bare_names(
    tmp_path: Path, folder: Path, kind: str, prefix: str
) -> None:
    files = {prefix + name: content for name, content in GOOD.items()}
    found = extract_members(write(tmp_path / 'a', kind, files), kind, MEMBERS, folder)
    assert {role: path.name for role, path in found.items()} == MEMBERS
    assert found['model'].read_bytes() == WEIGHTS
    assert found['labels'].read_bytes() == b'cat\ndog\n'
    assert everything(folder) == {f'out/{name}' for name in MEMBERS.values()}


def without(word: str) -> dict[str, bytes]:
    return {name: content for name, content in GOOD.items() if word not in name}


@pytest.mark.parametrize('kind', ['tar.gz', 'zip'])
def test_labels_may_be_missing(tmp_path: Path, folder: Path, kind: str) -> None:
    archive = write(tmp_path / 'a', kind, without('labels'))
    assert set(extract_members(archive, kind, MEMBERS, folder)) == {'model', 'prototxt'}


@pytest.mark.parametrize('kind', ['tar.gz', 'zip'])
def test_the_network_may_not(tmp_path: Path, folder: Path, kind: str) -> None:
    archive = write(tmp_path / 'a', kind, without('prototxt'))
    complaint = 'no file .deploy.prototxt.; it holds Net/net.caffemodel, Net/labels.txt'
    refused(archive, kind, folder, complaint)


@pytest.mark.parametrize('kind', ['tar', 'tar.gz', 'zip'])
def test_the_empty_archive(tmp_path: Path, folder: Path, kind: str) -> None:
    refused(write(tmp_path / 'a', kind, {}), kind, folder, 'it holds nothing|damaged')


@pytest.mark.parametrize('kind', ['tar', 'tar.gz', 'zip'])
def test_an_empty_file_is_no_archive(tmp_path: Path, folder: Path, kind: str) -> None:
    (tmp_path / 'a').write_bytes(b'')
    refused(tmp_path / 'a', kind, folder, 'damaged|it holds nothing')


@pytest.mark.parametrize('kind', ['tar', 'tar.gz', 'zip'])
@pytest.mark.parametrize(
    'name',
    ['../evil', 'a/../../evil', '/tmp/evil', '..', 'a\\..\\..\\evil', 'C:evil', '\\\\host\\evil',
     'a\nb'],
)  # fmt: skip
def test_members_that_lead_elsewhere(tmp_path: Path, folder: Path, kind: str, name: str) -> None:
    archive = write(tmp_path / 'a', kind, {**GOOD, name: b'evil'})
    refused(archive, kind, folder, 'written outside of its folder')


@pytest.mark.parametrize(
    'kind',
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE],
)
@pytest.mark.parametrize('name', ['Net/net.caffemodel', 'other'])
def test_links_and_devices_in_a_tar(tmp_path: Path, folder: Path, kind: bytes, name: str) -> None:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = '/etc/passwd'
    archive = write_tar(tmp_path / 'a', {}, info, mode='w:gz')
    refused(archive, 'tar.gz', folder, 'is a link, a device or not a plain file')


@pytest.mark.parametrize('mode', [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_in_a_zip(tmp_path: Path, folder: Path, mode: int) -> None:
    info = zipfile.ZipInfo('Net/net.caffemodel')
    info.external_attr = (mode | 0o777) << 16
    with zipfile.ZipFile(tmp_path / 'a', 'w') as packed:
        packed.writestr(info, '/etc/passwd')
    refused(tmp_path / 'a', 'zip', folder, 'is a link, a device or not a plain file')


@pytest.mark.parametrize('kind', ['tar', 'tar.gz', 'zip'])
def test_a_wanted_member_twice(tmp_path: Path, folder: Path, kind: str) -> None:
    archive = write(tmp_path / 'a', kind, {**GOOD, 'Other/net.caffemodel': b'x'})
    refused(archive, kind, folder, "two files 'net.caffemodel'")


@pytest.mark.parametrize('kind', ['tar.gz', 'zip'])
@pytest.mark.parametrize('name', ['Net/net.caffemodel', 'padding'])
def test_bombs(tmp_path: Path, folder: Path, kind: str, name: str) -> None:
    archive = write(tmp_path / 'a', kind, {**GOOD, name: bytes(50_000_000)})
    assert archive.stat().st_size < 300_000
    refused(archive, kind, folder, 'unpacks to')


def test_a_bomb_in_a_header(tmp_path: Path, folder: Path) -> None:
    info = tarfile.TarInfo('x')
    info.pax_headers = {'comment': 'A' * 50_000_000}
    archive = write_tar(tmp_path / 'a', {}, info, mode='w:gz')
    refused(archive, 'tar.gz', folder, 'unpacks to far more')


@pytest.mark.parametrize('kind', ['tar', 'zip'])
def test_far_too_many_members(tmp_path: Path, folder: Path, kind: str) -> None:
    files = {f'f{k}': b'' for k in range(archives.MAX_MEMBERS + 1)}
    refused(write(tmp_path / 'a', kind, files), kind, folder, 'more than 1000 members')


@pytest.mark.parametrize('kind', ['tar', 'tar.gz', 'zip'])
@pytest.mark.parametrize('damage', ['cut', 'flip', 'noise'])
def test_damaged_archives(tmp_path: Path, folder: Path, kind: str, damage: str) -> None:
    data = bytearray(write(tmp_path / 'a', kind, GOOD).read_bytes())
    if damage == 'cut':
        data = data[: len(data) // 2]
    elif damage == 'noise':
        data = bytearray(b'not an archive at all' * 40)
    elif kind == 'tar':
        data[5] ^= 0xFF
    else:
        data[len(data) // 2] ^= 0xFF
    (tmp_path / 'a').write_bytes(data)
    refused(tmp_path / 'a', kind, folder, 'archive a: ')


@pytest.mark.parametrize(
    ('change', 'complaint'),
    [
        (lambda info: setattr(info, 'flag_bits', 1), 'is encrypted'),
        (lambda info: setattr(info, 'compress_type', zipfile.ZIP_LZMA), 'packed by method 14'),
    ],
)
def test_zips_of_other_kinds(
    tmp_path: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[zipfile.ZipInfo], None],
    complaint: str,
) -> None:
    read = zipfile.ZipFile.infolist

    def changed(self: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
        members = read(self)
        change(members[0])
        return members

    monkeypatch.setattr(zipfile.ZipFile, 'infolist', changed)
    refused(write(tmp_path / 'a', 'zip', GOOD), 'zip', folder, complaint)
