# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write MCAP files that can be continued after the process was killed.

The library's writer begins anew each time. Here the records of the library are written so that
what a killed process left can be cut behind its last whole chunk and continued: channels stand
before the chunks, and a chunk ends only where a piece does.
"""

from __future__ import annotations

import os
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import (
    Attachment,
    AttachmentIndex,
    Channel,
    Chunk,
    ChunkIndex,
    DataEnd,
    Footer,
    Header,
    Message,
    MessageIndex,
    Metadata,
    MetadataIndex,
    Schema,
    Statistics,
    SummaryOffset,
)

from ..errors import BagError
from .items import BagMessage, BagSummary, BagTopic, Definition, Extra
from .mcap_reading import (
    DESCRIPTION_KEY,
    DESCRIPTION_NAME,
    MAGIC,
    Record,
    parsed,
    records,
    topic_of,
)

CHUNK_BYTES = 2**20
_MOST_PIECES = 256
"""A chunk ends after so many pieces, since a kill loses the last one."""

COMPRESSIONS = ('none', 'lz4', 'zstd')
_UNKNOWN = Definition('', b'')


@dataclass(slots=True)
class _Pending:
    """The chunk that is being filled."""

    content: RecordBuilder = field(default_factory=RecordBuilder)
    indexes: dict[int, MessageIndex] = field(default_factory=dict)
    pieces: int = 0


class McapWriter:
    """Writes an MCAP file, or continues one. See ``BagWriter``.

    Args:
        path: The file; one that is there is continued.
        compression: One of ``COMPRESSIONS``.
        library: What the header names as its writer.

    Raises:
        OSError: It cannot be written.
    """

    def __init__(self, path: Path, compression: str, library: str) -> None:
        self._compression = '' if compression == 'none' else compression
        self._schemas: dict[tuple[str, Definition], int] = {}
        self._channels: dict[BagTopic, Channel] = {}
        self._schema_records: list[Schema] = []
        self._indexes: list[ChunkIndex] = []
        self._attachments: list[AttachmentIndex] = []
        self._metadata: list[MetadataIndex] = []
        self._message_counts: Counter[int] = Counter()
        self._pending = _Pending()
        self._stream = path.open('r+b' if path.exists() else 'w+b')
        try:
            if not self._continue():
                self._stream.write(MAGIC)
                self._write(Header('ros2', library))
        except BaseException:
            self._stream.close()
            raise

    @property
    def counts(self) -> Mapping[str, int]:
        """Number of messages by the name of their topic."""
        counts: Counter[str] = Counter()
        for channel in self._channels.values():
            counts[channel.topic] += self._message_counts[channel.id]
        return counts

    def add_topic(self, topic: BagTopic) -> None:
        """Add a topic, unless it is there."""
        if topic in self._channels:
            return
        schema_id = 0
        if topic.type or topic.definition is not None:
            # Only a schema has the type, so that rosbag2 too writes an empty one.
            definition = topic.definition or _UNKNOWN
            known = self._schemas.get((topic.type, definition))
            schema_id = known or len(self._schemas) + 1
            if known is None:
                schema = Schema(schema_id, definition.text, definition.encoding, topic.type)
                self._keep_schema(schema)
                self._write(schema)
        channel = Channel(
            len(self._channels) + 1, topic.name, topic.format, dict(topic.metadata), schema_id
        )
        self._channels[topic] = channel
        self._write(channel)

    def add_message(self, message: BagMessage) -> None:
        """Add a message, and its topic."""
        self.add_topic(message.topic)
        number = self._channels[message.topic].id
        pending = self._pending
        index = pending.indexes.setdefault(number, MessageIndex(number, []))
        index.records.append((message.log_time_ns, pending.content.count))
        Message(
            number,
            message.log_time_ns,
            message.data,
            message.publish_time_ns,
            message.sequence,
        ).write(pending.content)
        self._message_counts[number] += 1

    def add_extra(self, extra: Extra) -> bool:
        """Add an attachment or metadata behind a whole chunk."""
        self._end_chunk()
        start = self._stream.tell()
        length = self._write(extra.record)
        self._keep_extra(extra.record, start, length)
        return True

    def commit(self) -> None:
        """End a piece, and the chunk if it is large enough."""
        pending = self._pending
        pending.pieces += 1
        if pending.content.count >= CHUNK_BYTES or pending.pieces >= _MOST_PIECES:
            self._end_chunk()

    def summary(self) -> BagSummary:
        """Return how many messages were written, and from when to when."""
        self._end_chunk()
        counts = self._message_counts
        times = [
            time
            for one in self._indexes
            for time in (one.message_start_time, one.message_end_time)
        ]
        return BagSummary(
            tuple((topic, counts[channel.id]) for topic, channel in self._channels.items()),
            min(times, default=0),
            max(times, default=0),
        )

    def finish(self, description: str, version: int) -> None:
        """Write the description, and the index that readers look for at the end."""
        self.add_extra(Extra(Metadata(DESCRIPTION_NAME, {DESCRIPTION_KEY: description})))
        self._write(DataEnd(0))
        start = self._stream.tell()
        summary, offsets = RecordBuilder(), RecordBuilder()
        groups: list[tuple[Opcode, list[Any]]] = [
            (Opcode.SCHEMA, self._schema_records),
            (Opcode.CHANNEL, list(self._channels.values())),
            (Opcode.STATISTICS, [self._statistics()]),
            (Opcode.CHUNK_INDEX, self._indexes),
            (Opcode.ATTACHMENT_INDEX, self._attachments),
            (Opcode.METADATA_INDEX, self._metadata),
        ]
        for opcode, group in groups:
            begin = summary.count
            for record in group:
                record.write(summary)
            if group:
                SummaryOffset(opcode, start + begin, summary.count - begin).write(offsets)
        offset_start = start + summary.count
        content = summary.end() + offsets.end()
        footer = RecordBuilder()
        Footer(start, offset_start, 0).write(footer)
        # The checksum is over all before itself.
        crc = zlib.crc32(footer.end()[:-4], zlib.crc32(content))
        self._stream.write(content)
        self._write(Footer(start, offset_start, crc))
        self._stream.write(MAGIC)
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def close(self) -> None:
        """Close the file, complete or not."""
        self._stream.close()

    def _write(self, record: Any) -> int:
        builder = RecordBuilder()
        record.write(builder)
        return self._stream.write(builder.end())

    def _end_chunk(self) -> None:
        pending, self._pending = self._pending, _Pending()
        if not pending.indexes:
            return
        content = pending.content.end()
        times = [time for index in pending.indexes.values() for time, _ in index.records]
        chunk = Chunk(
            self._compression,
            _COMPRESS[self._compression](content),
            message_end_time=max(times),
            message_start_time=min(times),
            uncompressed_crc=zlib.crc32(content),
            uncompressed_size=len(content),
        )
        start = self._stream.tell()
        length = self._write(chunk)
        self._keep_chunk(chunk, start, length)
        for index in pending.indexes.values():
            place = self._stream.tell()
            self._keep_index(index, place, self._write(index))
        # What the process has handed over survives it.
        self._stream.flush()

    def _statistics(self) -> Statistics:
        return Statistics(
            attachment_count=len(self._attachments),
            channel_count=len(self._channels),
            channel_message_counts=dict(sorted(self._message_counts.items())),
            chunk_count=len(self._indexes),
            message_count=self._message_counts.total(),
            message_end_time=self.summary().end_ns,
            message_start_time=self.summary().start_ns,
            metadata_count=len(self._metadata),
            schema_count=len(self._schema_records),
        )

    def _keep_schema(self, schema: Schema) -> None:
        self._schemas[schema.name, Definition(schema.encoding, schema.data)] = schema.id
        self._schema_records.append(schema)

    def _keep_chunk(self, chunk: Chunk, start: int, length: int) -> None:
        self._indexes.append(
            ChunkIndex(
                chunk_length=length,
                chunk_start_offset=start,
                compression=chunk.compression,
                compressed_size=len(chunk.data),
                message_end_time=chunk.message_end_time,
                message_index_length=0,
                message_index_offsets={},
                message_start_time=chunk.message_start_time,
                uncompressed_size=chunk.uncompressed_size,
            )
        )

    def _keep_index(self, index: MessageIndex, start: int, length: int) -> None:
        of_chunk = self._indexes[-1]
        of_chunk.message_index_offsets[index.channel_id] = start
        of_chunk.message_index_length += length

    def _keep_extra(self, record: Attachment | Metadata, start: int, length: int) -> None:
        if isinstance(record, Metadata):
            self._metadata.append(MetadataIndex(start, length, record.name))
            return
        self._attachments.append(
            AttachmentIndex(
                start,
                length,
                record.log_time,
                record.create_time,
                len(record.data),
                record.name,
                record.media_type,
            )
        )

    def _continue(self) -> bool:
        """Keep what an earlier process has written, up to the last chunk that is surely whole.

        That is one behind whose message indexes another record stands.

        Returns:
            False if there is none.
        """
        waiting: list[tuple[Any, Record]] = []
        end = 0
        with suppress(BagError):
            for record in records(self._stream):
                kind = _KEPT.get(record.opcode)
                if kind is not MessageIndex and waiting and waiting[-1][0] is MessageIndex:
                    for one in waiting:
                        self._keep(*one)
                    end = waiting[-1][1].end
                    waiting.clear()
                if kind is not None:
                    waiting.append((kind, record))
        self._stream.truncate(end)
        self._stream.seek(end)
        return end > 0

    def _keep(self, kind: Any, record: Record) -> None:
        content = parsed(kind, record.body)
        length = record.end - record.start
        if kind is Schema:
            self._keep_schema(content)
        elif kind is Channel:
            self._channels[self._topic(content)] = content
        elif kind is Chunk:
            self._keep_chunk(content, record.start, length)
        elif kind is MessageIndex:
            self._keep_index(content, record.start, length)
            self._message_counts[content.channel_id] += len(content.records)
        else:
            self._keep_extra(content, record.start, length)

    def _topic(self, channel: Channel) -> BagTopic:
        schema = self._schema_records[channel.schema_id - 1] if channel.schema_id else None
        return topic_of(channel, schema)


_KEPT: dict[int, Any] = {
    Opcode.SCHEMA: Schema,
    Opcode.CHANNEL: Channel,
    Opcode.CHUNK: Chunk,
    Opcode.MESSAGE_INDEX: MessageIndex,
    Opcode.ATTACHMENT: Attachment,
    Opcode.METADATA: Metadata,
}


def _zstd(content: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor().compress(content)


def _lz4(content: bytes) -> bytes:
    import lz4.frame

    return bytes(lz4.frame.compress(content))


_COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    '': lambda content: content,
    'lz4': _lz4,
    'zstd': _zstd,
}
