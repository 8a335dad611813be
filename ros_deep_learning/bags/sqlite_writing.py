# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write the SQLite files of rosbag2 (``.db3``), version 4 of their tables."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path

from .items import HASH_KEY, QOS_KEY, BagMessage, BagSummary, BagTopic, Extra

_TABLES = """
CREATE TABLE schema(schema_version INTEGER PRIMARY KEY, ros_distro TEXT NOT NULL);
CREATE TABLE metadata(id INTEGER PRIMARY KEY, metadata_version INTEGER NOT NULL,
                      metadata TEXT NOT NULL);
CREATE TABLE topics(id INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL,
                    serialization_format TEXT NOT NULL, offered_qos_profiles TEXT NOT NULL,
                    type_description_hash TEXT NOT NULL);
CREATE TABLE message_definitions(id INTEGER PRIMARY KEY, topic_type TEXT NOT NULL,
                                 encoding TEXT NOT NULL,
                                 encoded_message_definition TEXT NOT NULL,
                                 type_description_hash TEXT NOT NULL);
CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL,
                      timestamp INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX timestamp_idx ON messages (timestamp ASC);
INSERT INTO schema VALUES (4, '');
"""
_PIECE_BYTES = 2**20
_MOST_PIECES = 256


class SqliteWriter:
    """Writes a SQLite file of rosbag2, or continues one. See ``BagWriter``.

    Args:
        path: The file; one that is there is continued.

    Attributes:
        counts: Number of messages by the name of their topic.

    Raises:
        sqlite3.Error: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        # Transactions are begun and ended by this class alone.
        self._database = sqlite3.connect(path, isolation_level=None)
        self._numbers: dict[tuple[str, ...], int] = {}
        self.counts: Counter[str] = Counter()
        self._bytes = self._pieces = 0
        try:
            # A kill does no harm without syncs; the finished file is synced before it is moved.
            self._database.execute('PRAGMA synchronous = OFF')
            self._database.execute('BEGIN')
            if not self._database.execute('PRAGMA table_info(topics)').fetchall():
                for statement in _TABLES.split(';'):
                    self._database.execute(statement)
            self._read_topics()
        except BaseException:
            self._database.close()
            raise

    def add_topic(self, topic: BagTopic) -> None:
        """Add a topic, unless it is there."""
        values = _values(topic)
        if values in self._numbers:
            return
        self._numbers[values] = len(self._numbers) + 1
        self._database.execute(
            'INSERT INTO topics VALUES (?, ?, ?, ?, ?, ?)', (self._numbers[values], *values)
        )
        known = self._database.execute(
            'SELECT count(*) FROM message_definitions WHERE topic_type = ?', (topic.type,)
        ).fetchone()
        definition = topic.definition
        # Those of other languages may be no text.
        is_ros = definition is not None and definition.encoding in ('ros2msg', 'ros2idl')
        if definition is not None and is_ros and not known[0]:
            self._database.execute(
                'INSERT INTO message_definitions(topic_type, encoding, '
                'encoded_message_definition, type_description_hash) VALUES (?, ?, ?, ?)',
                (
                    topic.type,
                    definition.encoding,
                    definition.text.decode(errors='replace'),
                    topic.type_hash,
                ),
            )

    def add_message(self, message: BagMessage) -> None:
        """Add a message, and its topic."""
        self.add_topic(message.topic)
        self._database.execute(
            'INSERT INTO messages(topic_id, timestamp, data) VALUES (?, ?, ?)',
            (self._numbers[_values(message.topic)], message.log_time_ns, message.data),
        )
        self.counts[message.topic.name] += 1
        self._bytes += len(message.data)

    def add_extra(self, extra: Extra) -> bool:
        """Return False: attachments and metadata of MCAP have no place here."""
        return False

    def commit(self) -> None:
        """End a piece, and the transaction if it is large enough."""
        self._pieces += 1
        if self._bytes >= _PIECE_BYTES or self._pieces >= _MOST_PIECES:
            self._bytes = self._pieces = 0
            self._database.execute('COMMIT')
            self._database.execute('BEGIN')

    def summary(self) -> BagSummary:
        """Return how many messages were written, and from when to when."""
        rows = self._database.execute(
            'SELECT topics.*, count(messages.id) FROM topics LEFT JOIN messages '
            'ON messages.topic_id = topics.id GROUP BY topics.id ORDER BY topics.id'
        )
        topics = tuple(
            (BagTopic(name, kind, form, None, ((QOS_KEY, qos), (HASH_KEY, digest))), count)
            for _, name, kind, form, qos, digest, count in rows
        )
        ((start_ns, end_ns),) = self._database.execute(
            'SELECT min(timestamp), max(timestamp) FROM messages'
        )
        return BagSummary(topics, start_ns or 0, end_ns or 0)

    def finish(self, description: str, version: int) -> None:
        """Write the description, and complete the file."""
        self._database.execute(
            'INSERT INTO metadata(metadata_version, metadata) VALUES (?, ?)',
            (version, description),
        )
        self._database.execute('COMMIT')

    def close(self) -> None:
        """Close the file; what was not committed is left out."""
        self._database.close()

    def _read_topics(self) -> None:
        for number, *values in self._database.execute('SELECT * FROM topics ORDER BY id'):
            self._numbers[tuple(values)] = number
        self.counts.update(
            dict(
                self._database.execute(
                    'SELECT topics.name, count(*) FROM messages JOIN topics '
                    'ON messages.topic_id = topics.id GROUP BY topics.name'
                ).fetchall()
            )
        )


def _values(topic: BagTopic) -> tuple[str, ...]:
    """Return the columns of a topic behind its number."""
    return topic.name, topic.type, topic.format, topic.qos, topic.type_hash
