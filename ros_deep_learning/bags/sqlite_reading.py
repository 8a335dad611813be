# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read the SQLite files of rosbag2 (``.db3``) in the order of recording, also broken ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO
from urllib.parse import quote

import zstandard

from ..errors import BagError
from ..text import one_line, printable
from .items import HASH_KEY, QOS_KEY, BagItem, BagMessage, BagTopic, Definition, note

_DAMAGE = (sqlite3.Error, zstandard.ZstdError, UnicodeDecodeError, KeyError, BagError)
"""What damage leads to; a KeyError is a column that is missing."""
_MOST_GROWTH, _ALWAYS_BYTES = 100, 2**30
"""How much a compressed file may grow, and how large it may always become."""
_MESSAGES = 'SELECT rowid, topic_id, timestamp, data FROM messages ORDER BY rowid'


class SqliteFile:
    """A SQLite file of rosbag2.

    Args:
        path: The file; one that ends in ``.zstd`` is decompressed into a temporary one, since
            SQLite cannot read it in one go.

    Attributes:
        name: Its name.
        description: What rosbag2 wrote of the bag, in YAML, known after ``topics()``; or empty.
        compression: Always empty; see ``McapFile``.
        share: How much of it has been read, 0 to 1.
        faults: What is wrong with it, as far as it has been read.
    """

    compression = ''

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = path.name
        self.description = ''
        self.share = 0.0
        self.faults: list[str] = []

    def topics(self) -> list[BagTopic]:
        """List the topics."""
        with TemporaryDirectory() as folder:
            try:
                with closing(self._open(Path(folder))) as database:
                    self.description = _description(database)
                    return list(_topics(database).values())
            except _DAMAGE as err:
                self.faults = [f'it is no SQLite file of rosbag2: {one_line(err)}']
                return []

    def items(self) -> Iterator[BagItem]:
        """Read everything in the order of recording, as far as the file can be read."""
        self.faults = []
        with TemporaryDirectory() as folder:
            try:
                with closing(self._open(Path(folder))) as database:
                    topics = _topics(database)
                    yield from topics.values()
                    yield from self._messages(database, topics)
            except _DAMAGE as err:
                self.faults.append(f'it cannot be read any further: {one_line(err)}')
        self.share = 1.0

    def _messages(
        self, database: sqlite3.Connection, topics: dict[int, BagTopic]
    ) -> Iterator[BagItem]:
        ((last,),) = database.execute('SELECT max(rowid) FROM messages')
        for number, topic_id, time_ns, data in database.execute(_MESSAGES):
            self.share = number / max(1, last)
            topic = topics.get(topic_id)
            # SQLite keeps any type in any column.
            if topic is None or not isinstance(time_ns, int) or not isinstance(data, bytes):
                note(self.faults, f'message {number} is damaged, and left out')
                continue
            yield BagMessage(topic, data, time_ns, time_ns)

    def _open(self, folder: Path) -> sqlite3.Connection:
        path = self._path
        if path.suffix == '.zstd':
            path = folder / path.stem
            with self._path.open('rb') as packed, path.open('wb') as whole:
                _decompress(packed, whole, self._path.stat().st_size)
        # The log of a recorder that was killed is read too, where its folder can be written to.
        return sqlite3.connect(
            f'file:{quote(str(path))}?mode=ro', uri=True, check_same_thread=False
        )


def _decompress(packed: BinaryIO, whole: BinaryIO, packed_bytes: int) -> None:
    """Decompress a file.

    Raises:
        BagError: It grows more than images do: some kilobytes could fill the disk.
    """
    most_bytes = max(_ALWAYS_BYTES, packed_bytes * _MOST_GROWTH)
    for piece in zstandard.ZstdDecompressor().read_to_iter(packed):
        whole.write(piece)
        if whole.tell() > most_bytes:
            msg = f'it grows to more than {_MOST_GROWTH} times its size, which is refused'
            raise BagError(msg)


def _check_tables(database: sqlite3.Connection) -> None:
    """Raise BagError if what is read is computed: some bytes could stand for rows without end."""
    for name, root in database.execute(
        'SELECT name, rootpage FROM sqlite_master WHERE type IN (?, ?)', ('table', 'view')
    ):
        hidden = database.execute('SELECT max(hidden) FROM pragma_table_xinfo(?)', (name,))
        if not root or hidden.fetchone()[0]:
            msg = f'{printable(str(name))} is no plain table'
            raise BagError(msg)


def _topics(database: sqlite3.Connection) -> dict[int, BagTopic]:
    """Read the topics by their number; the table has grown with the versions of rosbag2.

    Raises:
        sqlite3.Error: There is no such table.
        BagError: Tables are computed.
    """
    _check_tables(database)
    columns = [row[1] for row in database.execute('PRAGMA table_info(topics)')]
    definitions = _definitions(database)
    topics = {}
    for row in database.execute('SELECT * FROM topics ORDER BY id'):
        one = dict(zip(columns, row, strict=True))
        texts = (one['name'], one['type'], one['serialization_format'])
        if not all(isinstance(text, str) for text in texts):
            continue
        named = ((QOS_KEY, 'offered_qos_profiles'), (HASH_KEY, 'type_description_hash'))
        topics[one['id']] = BagTopic(
            *texts,
            definitions.get(one['type']),
            tuple((key, str(one[column])) for key, column in named if one.get(column)),
        )
    return topics


def _description(database: sqlite3.Connection) -> str:
    # Versions before Iron have no such table.
    if not database.execute('PRAGMA table_info(metadata)').fetchall():
        return ''
    rows = database.execute('SELECT metadata FROM metadata ORDER BY id').fetchall()
    return str(rows[-1][0]) if rows else ''


def _definitions(database: sqlite3.Connection) -> dict[str, Definition]:
    # Versions before Jazzy have no such table.
    if not database.execute('PRAGMA table_info(message_definitions)').fetchall():
        return {}
    rows = database.execute(
        'SELECT topic_type, encoding, encoded_message_definition FROM message_definitions'
    )
    return {
        kind: Definition(encoding, text.encode())
        for kind, encoding, text in rows
        if text and isinstance(text, str) and isinstance(encoding, str)
    }
