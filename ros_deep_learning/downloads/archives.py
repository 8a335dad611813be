# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Extract single files from an untrusted archive."""

from __future__ import annotations

import errno
import gzip
import io
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, NoReturn, TypeVar

from ..cards.source import Archive
from ..errors import FetchError

MAX_MEMBERS = 1000
"""Largest number of members; limits what a hostile list can cost. Networks have under ten."""

MAX_GROWTH = 8
"""Largest ratio of unpacked to packed size; weights stay near 1, a zip bomb reaches 1000."""

_CHUNK_BYTES = 1 << 20
_DRIVE = re.compile('[A-Za-z]:')

_RoleT = TypeVar('_RoleT', bound=str)


def extract_members(
    archive: Path, kind: Archive, members: Mapping[_RoleT, str], folder: Path
) -> dict[_RoleT, Path]:
    """Extract members of an archive into a folder, under their bare file names.

    The names in the archive are only compared, never used as paths. The whole archive is refused
    if any member, even an unused one, has an absolute path, has ``..`` in its path, or is a link
    or a device.

    Args:
        archive: The archive.
        kind: Archive format.
        members: Name by role; the end of a member's path is enough.
        folder: Folder for the files; private to the caller, and empty.

    Returns:
        The files by role; all but ``model`` and ``prototxt`` are missing if the archive has none.

    Raises:
        FetchError: The archive is damaged or hostile, or has no such model or prototxt.
        OSError: A file cannot be written.
    """
    found: dict[_RoleT, Path] = {}
    names: list[str] = []
    with _faults_refused(archive):
        for name, stream in _members(archive, kind):
            names.append(name)
            for role, wanted in members.items():
                if _ends_with(name, wanted):
                    if role in found:
                        _refuse(archive, f'it has two files {wanted!r}')
                    found[role] = folder / PurePosixPath(wanted).name
                    _copy(stream, found[role])
    for role, wanted in members.items():
        if role in ('model', 'prototxt') and role not in found:
            holds = ', '.join(names[:20]) or 'nothing'
            _refuse(archive, f'it has no file {wanted!r}; it holds {holds}')
    return found


def member_names(archive: Path, kind: Archive) -> list[str]:
    """List the plain files of an archive, which is refused as ``extract_members`` does.

    Raises:
        FetchError: The archive is damaged or hostile.
        OSError: It cannot be read.
    """
    with _faults_refused(archive):
        return [name for name, _ in _members(archive, kind)]


def _members(archive: Path, kind: Archive) -> Iterator[tuple[str, IO[bytes]]]:
    max_bytes = MAX_GROWTH * archive.stat().st_size + (1 << 20)
    return (_read_zip if kind == 'zip' else _read_tar)(archive, kind, max_bytes)


@contextmanager
def _faults_refused(archive: Path) -> Iterator[None]:
    """Raise FetchError for what a damaged archive raises while it is read."""
    try:
        yield
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, gzip.BadGzipFile, EOFError) as err:
        _refuse(archive, f'it is damaged ({err})', err)
    except OSError as err:
        # A damaged zip has offsets that cannot be sought; a full disk is something else.
        if err.errno != errno.EINVAL:
            raise
        _refuse(archive, f'it is damaged ({err.strerror})', err)
    except (NotImplementedError, RuntimeError, ValueError, OverflowError) as err:
        _refuse(archive, str(err), err)


def _read_tar(archive: Path, kind: Archive, max_bytes: int) -> Iterator[tuple[str, IO[bytes]]]:
    with _plain(archive, kind) as plain:
        # Stream mode never seeks, so the counter sees every byte.
        counted = _CountedReader(archive, plain, max_bytes)
        with tarfile.open(fileobj=counted, mode='r|') as tar:
            for count, member in enumerate(tar, 1):
                _check_member(archive, count, member.name)
                if member.isdir():
                    continue
                if not member.isfile() or member.issparse():
                    _refuse(archive, f'{member.name!r} is a link, a device or not a plain file')
                stream = tar.extractfile(member)
                assert stream is not None
                yield member.name, stream
        # tar stops before the end of the stream, where gzip verifies its checksum.
        while counted.read(_CHUNK_BYTES):
            pass


@contextmanager
def _plain(archive: Path, kind: Archive) -> Iterator[IO[bytes]]:
    with archive.open('rb') as packed:
        if kind == 'tar.gz':
            with gzip.GzipFile(fileobj=packed) as plain:
                yield plain  # type: ignore[misc]
        else:
            yield packed


def _read_zip(archive: Path, kind: Archive, max_bytes: int) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(archive) as packed:
        members = packed.infolist()
        if sum(member.file_size for member in members) > max_bytes:
            _refuse(archive, f'it unpacks to more than {max_bytes} bytes')
        for count, member in enumerate(members, 1):
            # The unmodified name: zipfile cuts ``filename`` at a NUL.
            _check_member(archive, count, member.orig_filename)
            mode = stat.S_IFMT(member.external_attr >> 16)
            if mode not in (0, stat.S_IFREG, stat.S_IFDIR):
                _refuse(archive, f'{member.filename!r} is a link, a device or not a plain file')
            if member.flag_bits & 1:
                _refuse(archive, f'{member.filename!r} is encrypted')
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                _refuse(archive, f'{member.filename!r} is packed by method {member.compress_type}')
            if not member.is_dir():
                with packed.open(member) as stream:
                    yield member.filename, stream


def _check_member(archive: Path, count: int, name: str) -> None:
    if count > MAX_MEMBERS:
        _refuse(archive, f'it has more than {MAX_MEMBERS} members')
    parts = name.replace('\\', '/').split('/')
    if not parts[0] or '..' in parts or _DRIVE.match(name) or not name.isprintable():
        _refuse(archive, f'{name[:200]!r} would be written outside of its folder')


def _ends_with(name: str, wanted: str) -> bool:
    parts, last = PurePosixPath(name).parts, PurePosixPath(wanted).parts
    return parts[-len(last) :] == last


def _copy(stream: IO[bytes], target: Path) -> None:
    with target.open('xb') as output:
        shutil.copyfileobj(stream, output, _CHUNK_BYTES)


def _refuse(archive: Path, reason: str, err: Exception | None = None) -> NoReturn:
    msg = f'archive {archive.name.lstrip(".")}: {reason}: refused'
    raise FetchError(msg) from err


class _CountedReader(io.RawIOBase):
    """Limits the bytes read from a stream, including the headers that tarfile keeps in memory."""

    def __init__(self, archive: Path, plain: IO[bytes], max_bytes: int) -> None:
        self._archive = archive
        self._plain = plain
        self._left = max_bytes

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._plain.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            _refuse(self._archive, 'it unpacks to far more bytes than it has')
        return data
