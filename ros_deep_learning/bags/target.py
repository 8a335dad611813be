# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a bag is written to: a folder beside it until it is complete, which can be continued."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import BagError
from ..files import PART_SUFFIX, locked, move_whole, write_output
from ..text import disk_cause, one_line
from .items import BagWriter
from .mcap_writing import McapWriter
from .sqlite_writing import SqliteWriter

_SETTINGS_NAME = 'settings.json'


class Target:
    """The file or folder of a new bag.

    Args:
        path: What is written: a file that ends in ``.mcap`` or ``.db3``.
        compression: Of the chunks of an MCAP file: ``none``, ``lz4`` or ``zstd``.

    Raises:
        BagError: The name has another ending.
    """

    def __init__(self, path: Path, compression: str) -> None:
        if path.suffix not in ('.mcap', '.db3'):
            msg = f'{path}: expected a name that ends in .mcap or .db3'
            raise BagError(msg)
        self.path = path
        self._compression = compression
        self._part = path.with_name(path.name + PART_SUFFIX)

    @property
    def is_begun(self) -> bool:
        """Whether an earlier process has left a part."""
        return (self._part / _SETTINGS_NAME).is_file()

    def discard(self) -> None:
        """Remove what an earlier process has left."""
        shutil.rmtree(self._part, ignore_errors=True)

    @contextmanager
    def writing(self, settings: Mapping[str, Any]) -> Iterator[BagWriter]:
        """Open the part, and move it to its place when the block ends without an error.

        If it ends with one, the part stays, and the next call with the same settings continues it.

        Args:
            settings: What the content depends on, ready for JSON.

        Raises:
            BagError: The part was begun with other settings, or cannot be written.
        """
        try:
            self._part.mkdir(parents=True, exist_ok=True)
            with locked(self._part / 'lock', holder=f'writes {self.path}'):
                self._check(json.loads(json.dumps(dict(settings, package=__version__))))
                file = self._part / f'bag{self.path.suffix}'
                writer = self._open(file)
                try:
                    yield writer
                    writer.finish()
                finally:
                    writer.close()
                move_whole(file, self.path)
            self.discard()
        except (OSError, sqlite3.Error) as err:
            cause = disk_cause(err) if isinstance(err, OSError) else _sqlite_cause(err)
            msg = f'cannot write {self.path}: {cause}; what is done so far stays in {self._part}'
            raise BagError(msg) from err

    def _open(self, file: Path) -> BagWriter:
        if file.suffix == '.db3':
            return SqliteWriter(file)
        return McapWriter(file, self._compression, f'ros_deep_learning {__version__}')

    def _check(self, settings: Mapping[str, Any]) -> None:
        path = self._part / _SETTINGS_NAME
        if not path.is_file():
            write_output(path, json.dumps(settings, indent=1).encode())
            return
        try:
            begun = json.loads(path.read_bytes())
        except ValueError:
            begun = {}
        differing = [key for key in settings if settings[key] != begun.get(key)]
        if differing:
            msg = (
                f'{self._part} was begun with other settings ({", ".join(differing)}), so it '
                'cannot be continued; to fix: the same command as then, or --restart'
            )
            raise BagError(msg)


def _sqlite_cause(err: sqlite3.Error) -> str:
    if getattr(err, 'sqlite_errorname', '') == 'SQLITE_FULL' or 'disk is full' in str(err):
        return 'no space left on the disk; free some and run again'
    return one_line(err)
