# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read MCAP files in the order of recording, also broken ones.

The readers of the library refuse a file without its end. Here its records are taken apart one by
one (https://mcap.dev/spec), and the library reads their contents.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import zstandard
from lz4.frame import LZ4FrameDecompressor
from mcap.data_stream import ReadDataStream
from mcap.opcode import Opcode
from mcap.reader import SeekingReader
from mcap.records import Attachment, Channel, Chunk, Message, Metadata, Schema
from mcap.stream_reader import breakup_chunk

from ..errors import BagError
from ..text import one_line
from .items import BagItem, BagMessage, BagTopic, Definition, Extra, note

DESCRIPTION_NAME, DESCRIPTION_KEY = 'rosbag2', 'serialized_metadata'
MAGIC = b'\x89MCAP0\r\n'
_FRAME = struct.Struct('<BQ')
_MOST_BYTES = 2**30
"""Of a record; rosbag2 makes chunks of a megabyte."""
_MOST_DECOMPRESSED = 2**30
"""Of a chunk or a message."""
_MOST_DESCRIPTION = 2**26


class Record(NamedTuple):
    """A record of a file: its kind, its content, and where it begins and ends."""

    opcode: int
    body: bytes
    start: int
    end: int


def records(stream: BinaryIO) -> Iterator[Record]:
    """Read whole records up to the end of the data, or to where the file breaks off.

    Raises:
        BagError: It breaks off; or it is no MCAP file.
    """
    if stream.read(len(MAGIC)) != MAGIC:
        msg = 'it is no MCAP file: its first bytes are others'
        raise BagError(msg)
    place = len(MAGIC)
    while True:
        frame = stream.read(_FRAME.size)
        if len(frame) < _FRAME.size:
            msg = f'it breaks off at byte {place}, without the end that a finished recording has'
            raise BagError(msg)
        opcode, size = _FRAME.unpack(frame)
        # A size that is nonsense must not reserve memory.
        body = stream.read(size) if size <= _MOST_BYTES else b''
        if len(body) < size:
            msg = f'it breaks off in the record that begins at byte {place}'
            raise BagError(msg)
        end = place + _FRAME.size + size
        yield Record(opcode, body, place, end)
        if opcode == Opcode.DATA_END:
            return
        place = end


def check_size(size_bytes: int) -> None:
    """Raise BagError if so much is no chunk or message, but claimed by a few bytes."""
    if size_bytes > _MOST_DECOMPRESSED:
        msg = f'{size_bytes} bytes are refused: the limit is {_MOST_DECOMPRESSED}'
        raise BagError(msg)


def decompressed(file: BinaryIO) -> BinaryIO:
    """Return the content of a file that rosbag2 has compressed as a whole."""
    reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
    return cast('BinaryIO', BufferedReader(cast('Any', reader)))


def _lz4(data: bytes, size_bytes: int) -> bytes:
    """Decompress a chunk as far as the size that it claims; the library knows no limit."""
    decompressor = LZ4FrameDecompressor()
    content = bytes(decompressor.decompress(data, max_length=size_bytes))
    if len(content) < size_bytes or not decompressor.eof:
        msg = f'it does not hold the {size_bytes} bytes that it claims'
        raise BagError(msg)
    return content


def parsed(kind: Any, body: bytes) -> Any:
    """Read the content of a record of a known kind."""
    stream = ReadDataStream(BytesIO(body))
    return kind.read(stream, len(body)) if kind is Message else kind.read(stream)


class McapFile:
    """An MCAP file.

    Args:
        path: The file; one that ends in ``.zstd`` is decompressed while it is read.

    Attributes:
        name: Its name.
        description: What rosbag2 wrote of the bag, in YAML, known after ``topics()``; or empty.
        compression: Of its chunks, known after ``topics()``: ``zstd``, ``lz4`` or empty.
        share: How much of it has been read, 0 to 1.
        faults: What is wrong with it, as far as it has been read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = max(1, path.stat().st_size)
        self.name = path.name
        self.share = 0.0
        self.faults: list[str] = []
        self.compression = ''
        self.description = ''
        self._schemas: dict[int, Schema] = {}
        self._topics: dict[int, BagTopic] = {}

    def topics(self) -> list[BagTopic]:
        """List the topics; reads all of the file where its end is missing or damaged."""
        try:
            found = self._topics_of_summary()
        except Exception:  # noqa: BLE001  damage leads to any error of the library
            found = []
        return found or [item for item in self.items() if isinstance(item, BagTopic)]

    def _topics_of_summary(self) -> list[BagTopic]:
        with self._path.open('rb') as stream:
            summary = SeekingReader(stream).get_summary()
            if summary is None:
                return []
            self._schemas = dict(summary.schemas)
            if summary.chunk_indexes:
                self.compression = summary.chunk_indexes[0].compression
            for index in summary.metadata_indexes:
                if index.name == DESCRIPTION_NAME:
                    stream.seek(index.offset + _FRAME.size)
                    content = parsed(Metadata, stream.read(min(index.length, _MOST_DESCRIPTION)))
                    self.description = content.metadata.get(DESCRIPTION_KEY, self.description)
            return [self._topic(channel) for channel in summary.channels.values()]

    def items(self) -> Iterator[BagItem]:
        """Read everything in the order of recording, as far as the file can be read."""
        self.faults = []
        self._topics = {}
        with self._path.open('rb') as file:
            stream = decompressed(file) if self._path.suffix == '.zstd' else file
            try:
                for record in records(stream):
                    self.share = file.tell() / self._size
                    yield from self._items_of(record)
            except BagError as err:
                self.faults.append(str(err))
            except zstandard.ZstdError as err:
                self.faults.append(f'its compression is damaged: {one_line(err)}')
        self.share = 1.0

    def _items_of(self, record: Record) -> Iterator[BagItem]:
        kind = _KINDS.get(record.opcode)
        if kind is None:
            return
        try:
            content = parsed(kind, record.body)
            contents = self._in_chunk(content) if kind is Chunk else [content]
        except Exception as err:  # noqa: BLE001  the codecs have no error in common
            note(
                self.faults,
                f'the record at byte {record.start} is damaged, and left out: {one_line(err)}',
            )
            return
        for one in contents:
            item = self._item(one, record.start)
            if item is not None:
                yield item

    def _in_chunk(self, chunk: Chunk) -> list[Any]:
        self.compression = chunk.compression
        size_bytes = chunk.uncompressed_size
        if chunk.compression == 'zstd':
            # The library believes this one.
            size_bytes = max(size_bytes, zstandard.frame_content_size(chunk.data))
        check_size(size_bytes)
        if chunk.compression == 'lz4':
            chunk = replace(chunk, compression='', data=_lz4(chunk.data, chunk.uncompressed_size))
        return list(breakup_chunk(chunk, validate_crc=True))

    def _item(self, content: Any, start: int) -> BagItem | None:
        if isinstance(content, Message):
            topic = self._topics.get(content.channel_id)
            if topic is None:
                note(self.faults, f'a message at byte {start} has no channel, and is left out')
                return None
            return BagMessage(
                topic, content.data, content.log_time, content.publish_time, content.sequence
            )
        if isinstance(content, Schema):
            self._schemas[content.id] = content
            return None
        if isinstance(content, Channel):
            is_new = content.id not in self._topics
            topic = self._topics.setdefault(content.id, self._topic(content))
            return topic if is_new else None
        if isinstance(content, Metadata) and content.name == DESCRIPTION_NAME:
            # It counts the messages, so that a copy gets its own.
            self.description = content.metadata.get(DESCRIPTION_KEY, self.description)
            return None
        return Extra(content)

    def _topic(self, channel: Channel) -> BagTopic:
        return topic_of(channel, self._schemas.get(channel.schema_id))


def topic_of(channel: Channel, schema: Schema | None) -> BagTopic:
    """Return the topic of a channel; a schema may have no more than the name of the type."""
    is_defined = schema is not None and (schema.encoding or schema.data)
    return BagTopic(
        channel.topic,
        schema.name if schema else '',
        channel.message_encoding,
        Definition(schema.encoding, schema.data) if schema and is_defined else None,
        tuple(channel.metadata.items()),
    )


_KINDS = {
    Opcode.SCHEMA: Schema,
    Opcode.CHANNEL: Channel,
    Opcode.MESSAGE: Message,
    Opcode.CHUNK: Chunk,
    Opcode.ATTACHMENT: Attachment,
    Opcode.METADATA: Metadata,
}
