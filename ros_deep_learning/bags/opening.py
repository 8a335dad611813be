# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Find the files of a bag."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import zstandard

from ..cards.foreign_files import parse_foreign
from ..errors import BagError
from ..files import read_limited
from ..text import disk_cause, one_line, printable
from .items import BagItem, BagMessage, BagTopic, note
from .mcap_reading import McapFile, check_size
from .sqlite_reading import SqliteFile

_OPENERS: Mapping[str, Callable[[Path], McapFile | SqliteFile]] = {
    '.mcap': McapFile,
    '.db3': SqliteFile,
}
STORAGES = {'.mcap': 'mcap', '.db3': 'sqlite3'}
"""The name in rosbag2 of what a file with this ending is."""
METADATA_NAME = 'metadata.yaml'
_MOST_METADATA = 2**26
_ZSTD_MAGIC = b'\x28\xb5\x2f\xfd'


@dataclass(frozen=True, slots=True, eq=False)
class Bag:
    """A bag that can be read.

    Attributes:
        path: Its folder or file.
        suffix: ``.mcap`` or ``.db3``.
        files: Its files, in the order of recording.
        paths: Their paths.
        metadata: The content of its metadata.yaml; None without one. See ``description``.
        notes: What was found to be wrong with the folder.
    """

    path: Path
    suffix: str
    files: tuple[McapFile | SqliteFile, ...]
    paths: tuple[Path, ...]
    metadata: Mapping[str, Any] | None
    notes: tuple[str, ...]

    def topics(self) -> list[BagTopic]:
        """List the topics of all files.

        Raises:
            BagError: There is none, because the files are damaged.
        """
        found = list(dict.fromkeys(topic for file in self.files for topic in file.topics()))
        if not found and self.faults():
            msg = f'cannot read {self.path}: {"; ".join(self.faults()[:3])}'
            raise BagError(msg)
        return found

    def items(self) -> Iterator[BagItem]:
        """Read everything in the order of recording, as far as the files can be read."""
        for file in self.files:
            for item in file.items():
                try:
                    yield _plain(item)
                except (BagError, zstandard.ZstdError) as err:
                    note(file.faults, f'a message cannot be decompressed: {one_line(err)}')
                    yield item

    def description(self) -> Mapping[str, Any]:
        """Return what rosbag2 wrote of the bag, beside it or in it; known after topics()."""
        if self.metadata is not None:
            return self.metadata
        try:
            content = parse_foreign(self.files[-1].description, is_json=False)
        except ValueError:
            content = None
        return content if isinstance(content, dict) else {}

    @property
    def compression(self) -> str:
        """How the messages are compressed: ``none``, ``lz4`` or ``zstd``; known after topics()."""
        outer = self.paths[0].suffix == '.zstd' or (self.metadata or {}).get('compression_format')
        return self.files[0].compression or ('zstd' if outer else 'none')

    @property
    def share(self) -> float:
        """How much has been read, 0 to 1."""
        sizes = [path.stat().st_size for path in self.paths]
        read = sum(f.share * size for f, size in zip(self.files, sizes, strict=True))
        return read / max(1, sum(sizes))

    def faults(self) -> list[str]:
        """List what is wrong with it, as far as it has been read."""
        of_files = [f'{file.name}: {text}' for file in self.files for text in file.faults]
        return [*self.notes, *of_files]


def open_bag(path: Path) -> Bag:
    """Find the files of a bag: a folder of rosbag2, or one file.

    Args:
        path: A folder with or without its metadata.yaml, or a file that ends in ``.mcap`` or
            ``.db3``, also with ``.zstd`` behind it.

    Raises:
        BagError: There is no bag.
    """
    try:
        if not path.is_dir():
            return _bag(path, [path] if path.is_file() else [], None, ())
        metadata = _read_metadata(path / METADATA_NAME)
        if metadata is None:
            return _bag(path, sorted(_files_in(path), key=_number_first), None, ())
        # Before version 4 the names had the folder before them.
        listed = [path / Path(name).name for name in metadata['relative_file_paths']]
        missing = [one.name for one in listed if not one.is_file()]
    except OSError as err:
        msg = f'cannot read {path}: {disk_cause(err)}'
        raise BagError(msg) from err
    notes = (printable(f'missing are {", ".join(missing)} of {METADATA_NAME}'),) if missing else ()
    paths = [one for one in listed if one.name not in missing]
    return _bag(path, paths, metadata, notes)


def _bag(
    path: Path, paths: list[Path], metadata: Mapping[str, Any] | None, notes: tuple[str, ...]
) -> Bag:
    suffixes = {_suffix(one) for one in paths}
    if len(suffixes) != 1 or not suffixes <= set(_OPENERS):
        what = 'no bag' if path.exists() else 'not there'
        if len(suffixes) > 1:
            what = 'a folder with bags of several kinds; name one of its files'
        msg = f'{path} is {what}: expected a folder of rosbag2, or a .mcap or .db3 file'
        raise BagError(msg)
    (suffix,) = suffixes
    files = tuple(_OPENERS[suffix](one) for one in paths)
    return Bag(path, suffix, files, tuple(paths), metadata, notes)


def _plain(item: BagItem) -> BagItem:
    """Return a message as it was before rosbag2 compressed it by itself."""
    if isinstance(item, BagMessage) and item.data.startswith(_ZSTD_MAGIC):
        # CDR begins with a zero.
        check_size(zstandard.frame_content_size(item.data))
        return replace(item, data=zstandard.ZstdDecompressor().decompress(item.data))
    return item


def _suffix(path: Path) -> str:
    return Path(path.stem).suffix if path.suffix == '.zstd' else path.suffix


def _files_in(folder: Path) -> list[Path]:
    return [one for one in folder.iterdir() if one.is_file() and _suffix(one) in _OPENERS]


def _number_first(path: Path) -> tuple[int, str]:
    """Return what sorts split files by the number at the end of their name."""
    number = re.search(r'_(\d+)$', path.name.partition('.')[0])
    return (int(number[1]) if number else -1, path.name)


def _read_metadata(path: Path) -> Mapping[str, Any] | None:
    """Read a metadata.yaml; None if there is none.

    Raises:
        BagError: It is malformed.
    """
    if not path.is_file():
        return None
    try:
        text = read_limited(path, _MOST_METADATA).decode()
        content = parse_foreign(text, is_json=False)['rosbag2_bagfile_information']
        names = content['relative_file_paths']
        content['relative_file_paths'] = [str(name) for name in names]
    except (KeyError, TypeError, ValueError) as err:
        msg = (
            f'{path} is malformed: {one_line(err)}; to fix: remove it, and the files of its '
            'folder are read by their numbers'
        )
        raise BagError(msg) from err
    return dict(content)
