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
from ..files import PART_SUFFIX, move_whole, move_whole_folder, write_output
from ..locks import locked
from ..progress import Progress, silent
from ..text import disk_cause, one_line
from .description import describe, in_yaml
from .items import BagWriter
from .mcap_writing import McapWriter
from .opening import METADATA_NAME, STORAGES
from .sqlite_writing import SqliteWriter

_SETTINGS_NAME, _NOTES_NAME = 'settings.json', 'objects.jsonl'


class Target:
    """The file or folder of a new bag.

    Args:
        path: A file that ends in ``.mcap`` or ``.db3``, or a folder of rosbag2.
        suffix: The ending of the file in a folder.
        compression: Of the chunks of an MCAP file: ``none``, ``lz4`` or ``zstd``.

    Attributes:
        path: See above.
        part: The folder of what is not complete.

    Raises:
        BagError: The name has another ending.
    """

    def __init__(self, path: Path, suffix: str, compression: str) -> None:
        if path.suffix not in ('', *STORAGES):
            msg = f'{path}: expected a name that ends in {" or ".join(STORAGES)}, or a folder'
            raise BagError(msg)
        self.path = path
        self.part = path.with_name(path.name + PART_SUFFIX)
        self._suffix = path.suffix or suffix
        self._compression = compression

    @property
    def is_begun(self) -> bool:
        """Whether an earlier process has left a part."""
        return (self.part / _SETTINGS_NAME).is_file()

    @property
    def notes(self) -> Path:
        """A file of the part for what a run that goes on needs beside the bag."""
        return self.part / _NOTES_NAME

    def discard(self) -> None:
        """Remove what an earlier process has left."""
        shutil.rmtree(self.part, ignore_errors=True)

    @contextmanager
    def writing(
        self,
        settings: Mapping[str, Any],
        earlier: Mapping[str, Any],
        progress: Progress = silent,
    ) -> Iterator[BagWriter]:
        """Open the part, and move it to its place when the block ends without an error.

        If it ends with one, the part stays, and the next call with the same settings continues it.

        Args:
            settings: What the content depends on, ready for JSON.
            earlier: The description of the bag that it is made of.
            progress: Called while another process writes the same bag.

        Raises:
            BagError: The part was begun with other settings, or cannot be written.
        """
        try:
            self.part.mkdir(parents=True, exist_ok=True)
            lock = self.part / 'lock'
            with locked(lock, progress, holder=f'writes {self.path.name}'):
                self._check(json.loads(json.dumps(dict(settings, package=__version__))))
                folder = self.part / 'bag'
                folder.mkdir(exist_ok=True)
                file = folder / f'{self.path.stem}_0{self._suffix}'
                writer = self._open(file)
                try:
                    yield writer
                    storage = STORAGES[self._suffix]
                    name = file.name if not self.path.suffix else self.path.name
                    content = describe(writer.summary(), earlier, name, storage)
                    writer.finish(in_yaml(content), content['version'])
                finally:
                    writer.close()
                self._move(file, {'rosbag2_bagfile_information': content})
            self.discard()
        except (OSError, sqlite3.Error) as err:
            cause = disk_cause(err) if isinstance(err, OSError) else _sqlite_cause(err)
            msg = f'cannot write {self.path}: {cause}; what is done so far stays in {self.part}'
            raise BagError(msg) from err

    def _open(self, file: Path) -> BagWriter:
        if file.suffix == '.db3':
            return SqliteWriter(file)
        return McapWriter(file, self._compression, f'ros_deep_learning {__version__}')

    def _move(self, file: Path, content: Mapping[str, Any]) -> None:
        if self.path.suffix:
            move_whole(file, self.path)
            return
        write_output(file.parent / METADATA_NAME, in_yaml(content).encode())
        if self.path.is_dir():
            self.path.rename(self.part / 'replaced')
        move_whole_folder(file.parent, self.path)

    def _check(self, settings: Mapping[str, Any]) -> None:
        path = self.part / _SETTINGS_NAME
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
                f'{self.part} was begun with other settings ({", ".join(differing)}), so it '
                'cannot be continued; to fix: the same command as then, or --restart'
            )
            raise BagError(msg)


def _sqlite_cause(err: sqlite3.Error) -> str:
    if 'disk is full' in str(err):
        return 'no space left on the disk; free some and run again'
    return one_line(err)
