# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Download, verify and unpack the files of a network from a URL."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from ..cards.source import Role, SourceSpec
from ..errors import FetchError
from ..files import is_whole, move_whole, sha256_of, write_whole
from ..locks import work_folder
from ..private_files import is_own_file
from ..progress import Progress, silent
from .archives import extract_members
from .http_download import discard, download_file
from .trust import Pin, new_pin, read_pin, write_pin

_LOG = logging.getLogger('ros_deep_learning')
_LIST = 'files.json'
_SUFFIX = re.compile(r'\.[a-z0-9]{1,8}')


class DownloadedFiles:
    """The files of one download, in a folder of their own inside the cache.

    Args:
        name: Name of the network, for file names and messages.
        source: URLs, SHA-256 and archive members.
        cache: The cache folder, which must exist.
    """

    def __init__(self, name: str, source: SourceSpec, cache: Path) -> None:
        key = hashlib.sha256(source.urls[0].encode()).hexdigest()[:16]
        self._source = source
        self._cache = cache
        self._stem = f'{name}-{key}'
        self.folder = cache / self._stem
        self.pin_path = cache / 'pins' / f'{self._stem}.json'

    def sha256(self) -> str | None:
        """Return the SHA-256 that the download must have; None before the first download.

        Raises:
            FetchError: The pin of the first download is damaged.
        """
        if self._source.sha256 is not None:
            return self._source.sha256
        pin = read_pin(self.pin_path)
        return pin.sha256 if pin else None

    def existing(self, roles: Iterable[Role]) -> dict[Role, Path] | None:
        """Return the existing files by role; None if one of them is missing or damaged.

        Optional files that the archive does not contain are left out.
        """
        with suppress(OSError, ValueError, KeyError, TypeError):
            if not is_own_file(self.folder / _LIST):
                return None
            listed = json.loads((self.folder / _LIST).read_bytes())
            if listed['sha256'] != self.sha256():
                return None
            files: dict[Role, Path] = {}
            for role in roles:
                if role in listed['files']:
                    name, sha256 = listed['files'][role]
                    if Path(name).name != name or not is_whole(self.folder / name, sha256):
                        return None
                    files[role] = self.folder / name
            return files
        return None

    def fetch(
        self, roles: Iterable[Role], progress: Progress = silent, *, anew: bool = False
    ) -> dict[Role, Path]:
        """Return the files by role; download them if one is missing or damaged.

        Safe against interruption at any point and against other processes that do the same.

        Args:
            roles: Roles of the files.
            progress: Called at each stage; an exception from it cancels the download.
            anew: Whether to download in any case and to trust the result as if it were the first
                download; until it is complete, the older files stay.

        Raises:
            FetchError: No URL delivers the file, or it is refused.
            OSError: The files cannot be written.
        """
        wanted = tuple(roles)
        if not anew and (files := self.existing(wanted)) is not None:
            return files
        with work_folder(self._cache / f'.{self._stem}.lock', progress) as work:
            if anew or (files := self.existing(wanted)) is None:
                self._fetch(work, progress, anew=anew)
                files = self.existing(wanted)
        assert files is not None
        return files

    def drop(self, role: Role) -> None:
        """Remove a file that is no longer needed; its entry in the list stays."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            listed = json.loads((self.folder / _LIST).read_bytes())
            (self.folder / Path(listed['files'][role][0]).name).unlink(missing_ok=True)

    def _fetch(self, work: Path, progress: Progress, *, anew: bool) -> None:
        source, part = self._source, self._cache / f'.{self._stem}.part'
        assert source.max_bytes is not None
        expected = source.sha256 if anew else self.sha256()
        try:
            download = download_file(
                source.urls,
                part,
                max_bytes=source.max_bytes,
                sha256=expected,
                progress=progress,
            )
        except FetchError as err:
            if source.sha256 is None and expected is not None:
                msg = f'{err}; {_trusted(read_pin(self.pin_path))}'
                raise FetchError(msg) from err
            raise
        try:
            unpacked = work / 'unpacked'
            unpacked.mkdir()
            kept = self._kept(self._unpacked(part, unpacked, progress))
            listed = work / _LIST
            text = json.dumps({'sha256': download.sha256, 'files': kept}, indent=1)
            write_whole(listed, text.encode())
            if expected is None:
                pin = new_pin(download.url, download.sha256, download.size_bytes)
                write_pin(self.pin_path, pin, work)
                _LOG.warning(
                    '%s: no SHA-256 is published for %s: trusted on this first download and '
                    'pinned as %s%s',
                    *(self._stem, pin.url, pin.sha256),
                    '' if download.is_surely_whole else _doubt(pin),
                )
            # The list makes the files valid. Everything that needs space is on disk by now.
            move_whole(listed, self.folder / _LIST)
            self._remove_replaced(kept)
        finally:
            discard(part)

    def _unpacked(self, part: Path, folder: Path, progress: Progress) -> Mapping[Role, Path]:
        source = self._source
        if source.archive is None:
            suffix = PurePosixPath(urlsplit(source.urls[0]).path).suffix
            model = folder / f'model{suffix if _SUFFIX.fullmatch(suffix) else ""}'
            move_whole(part, model)
            return {'model': model}
        progress(f'unpacking {self._stem}', None)
        return extract_members(part, source.archive, source.members, folder)

    def _kept(self, files: Mapping[Role, Path]) -> dict[Role, tuple[str, str]]:
        """Move the files beside those of an older download; return name and SHA-256 by role."""
        self.folder.mkdir(exist_ok=True)
        kept = {}
        for role, path in files.items():
            sha256 = sha256_of(path)
            name = f'{path.stem}-{sha256[:16]}{path.suffix}'
            move_whole(path, self.folder / name)
            kept[role] = (name, sha256)
        return kept

    def _remove_replaced(self, kept: Mapping[Role, tuple[str, str]]) -> None:
        names = {_LIST, *(name for name, _ in kept.values())}
        for path in self.folder.iterdir():
            if path.name not in names:
                path.unlink()


def _doubt(pin: Pin) -> str:
    return (
        '; the server does not tell its length, so that a download that broke off would look '
        f'whole: it has {pin.size_bytes:,} bytes; if that is too few, download it with '
        '--trust-anew'
    )


def _trusted(pin: Pin | None) -> str:
    assert pin is not None
    return (
        f'{pin.url} had the SHA-256 {pin.sha256} on its first download, on {pin.date}; if the '
        'change is intended, download it with --trust-anew'
    )
