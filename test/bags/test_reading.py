# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what is read and copied: every kind of bag, and broken ones."""

from __future__ import annotations

import io
import random
import resource
import shutil
import sqlite3
from contextlib import closing

import bags_on_disk as disk
import cv2
import lz4.frame
import mcap.data_stream
import mcap.reader
import mcap.records
import mcap.writer
import numpy as np
import pytest
import yaml
import zstandard
from bags_on_disk import blob

from ros_deep_learning.bags import mcap_reading, sqlite_reading
from ros_deep_learning.bags.cameras import choose_topics
from ros_deep_learning.bags.items import BagMessage
from ros_deep_learning.bags.mcap_reading import MAGIC
from ros_deep_learning.bags.opening import open_bag
from ros_deep_learning.errors import BagError

PICTURES = [blob(4 * k) for k in range(6)]


def copied(path):
    """The topic, time and bytes of all messages but those that were added."""
    return [one for one in disk.read(path) if not one[0].startswith('/detectnet/')]


def detections(path):
    return len(disk.of_topic(path, '/detectnet/detections'))


@pytest.mark.parametrize(
    ('storage', 'compression', 'version'),
    [
        *(('mcap', one, 9) for one in ('none', 'file', 'message', 'storage')),
        *(('sqlite3', one, 9) for one in ('none', 'file', 'message')),
        ('mcap', 'none', 8),
        ('sqlite3', 'none', 8),
    ],
)
def test_each_compression_and_version(annotate, tmp_path, storage, compression, version):
    source = disk.record(
        tmp_path / 'in', PICTURES, storage=storage, compression=compression, version=version
    )
    _, bag = annotate(source, tmp_path / 'out')
    assert bag.faults() == []
    assert copied(tmp_path / 'out') == disk.read(source)
    assert detections(tmp_path / 'out') == 6
    content = yaml.safe_load((tmp_path / 'out' / 'metadata.yaml').read_text())
    content = content['rosbag2_bagfile_information']
    assert (content['version'], content['storage_identifier']) == (version, storage)
    before, after = disk.connections(source), disk.connections(tmp_path / 'out')
    assert [after[name].ext for name in before] == [one.ext for one in before.values()]
    # QoS is written in the way of the version.
    listed = {one['topic_metadata']['name']: one for one in content['topics_with_message_count']}
    earlier = yaml.safe_load((source / 'metadata.yaml').read_text())
    for one in earlier['rosbag2_bagfile_information']['topics_with_message_count']:
        assert listed[one['topic_metadata']['name']] == one
    for name in ('/camera/image_raw', '/detectnet/detections'):
        qos = listed[name]['topic_metadata']['offered_qos_profiles']
        assert isinstance(qos, str) == (version == 8)
        policies = yaml.safe_load(qos) if version == 8 else qos
        assert isinstance(policies[0]['history'], int) == (version == 8)
    assert listed['/detectnet/detections']['message_count'] == 6


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_a_split_bag_is_read_by_its_numbers(annotate, tmp_path, storage):
    folder = tmp_path / 'in'
    folder.mkdir()
    ending = {'mcap': 'mcap', 'sqlite3': 'db3'}[storage]
    wanted = []
    for k in (10, 9, 1, 0):
        part = disk.record(tmp_path / f'part{k}', [blob(4 * k)], storage=storage)
        shutil.move(part / f'part{k}.{ending}', folder / f'in_{k}.{ending}')
        wanted = disk.read(folder / f'in_{k}.{ending}') + wanted
    annotate(folder, tmp_path / 'out.mcap')
    found = [
        (one.topic.name, one.log_time_ns, one.data)
        for one in open_bag(tmp_path / 'out.mcap').items()
        if isinstance(one, BagMessage) and not one.topic.name.startswith('/detectnet/')
    ]
    assert found == wanted
    assert detections(tmp_path / 'out.mcap') == 4
    topics = [topic.name for topic in open_bag(tmp_path / 'out.mcap').topics()]
    assert len(topics) == len(set(topics))


def test_everything_of_an_mcap_file_is_copied(annotate, tmp_path):
    """Unknown types, languages without ROS, times, numbers, attachments, empty topics."""
    source = tmp_path / 'in.mcap'
    with source.open('wb') as stream:
        writer = mcap.writer.Writer(stream, compression=mcap.writer.CompressionType.LZ4)
        writer.start(profile='', library='somebody')
        known = disk.STORE.generate_msgdef('sensor_msgs/msg/Image', ros_version=2)[0].encode()
        schemas = {
            'image': writer.register_schema('sensor_msgs/msg/Image', 'ros2msg', known),
            'own': writer.register_schema('my_msgs/msg/Secret', 'ros2idl', b'module my_msgs {'),
            'proto': writer.register_schema('my.Secret', 'protobuf', bytes(range(256))),
        }
        channels = [
            writer.register_channel('/camera', 'cdr', schemas['image'], {'a': 'b', 'c': ''}),
            writer.register_channel('/secret', 'cdr', schemas['own']),
            writer.register_channel('/other', 'protobuf', schemas['proto'], {'ä': 'ö'}),
            writer.register_channel('/no_type', 'json', 0),
            writer.register_channel('/silent', 'cdr', schemas['own']),
        ]
        writer.add_attachment(5, 6, 'calibration', 'text/plain', b'\x00\xff')
        writer.add_metadata('robot', {'name': 'r2'})
        for k, picture in enumerate(PICTURES):
            # Out of order, with a gap, and with the same time twice.
            time_ns = [50, 10, 10, 10**18, 7, 8][k]
            writer.add_message(
                channels[0], time_ns, disk.image(picture, time_ns), time_ns - 1, sequence=k
            )
            for channel in channels[1:4]:
                writer.add_message(channel, time_ns + 3, b'\xff' * k, 2 * k, sequence=9 - k)
        writer.add_attachment(7, 8, 'calibration', 'text/plain', b'')
        writer.finish()
    tally, bag = annotate(source, tmp_path / 'out.mcap', compression='zstd')
    assert (tally.copied, bag.faults()) == (24, [])

    def content(path):
        with path.open('rb') as stream:
            reader = mcap.reader.NonSeekingReader(stream)
            messages = [
                (c.topic, c.message_encoding, c.metadata, s and (s.name, s.encoding, s.data),
                 m.log_time, m.publish_time, m.sequence, m.data)
                for s, c, m in reader.iter_messages(log_time_order=False)
                if not c.topic.startswith('/detectnet/')
            ]  # fmt: skip
        with path.open('rb') as stream:
            attachments = list(mcap.reader.NonSeekingReader(stream).iter_attachments())
        with path.open('rb') as stream:
            metadata = [
                one
                for one in mcap.reader.NonSeekingReader(stream).iter_metadata()
                if one.name != 'rosbag2'
            ]
        with path.open('rb') as stream:
            summary = mcap.reader.make_reader(stream, validate_crcs=True).get_summary()
        topics = {channel.topic for channel in summary.channels.values()}
        return messages, attachments, metadata, topics & {'/silent'}

    assert content(tmp_path / 'out.mcap') == content(source)
    found = [
        one
        for one in open_bag(tmp_path / 'out.mcap').items()
        if isinstance(one, BagMessage) and one.topic.name == '/detectnet/detections'
    ]
    assert [one.log_time_ns for one in found] == [50, 10, 10, 10**18, 7, 8]


def test_attachments_are_left_out_of_sqlite(annotate, tmp_path):
    source = tmp_path / 'in.mcap'
    with source.open('wb') as stream:
        writer = mcap.writer.Writer(stream)
        writer.start(profile='ros2', library='somebody')
        text = disk.STORE.generate_msgdef('sensor_msgs/msg/Image', ros_version=2)[0]
        schema = writer.register_schema('sensor_msgs/msg/Image', 'ros2msg', text.encode())
        channel = writer.register_channel('/camera', 'cdr', schema)
        writer.add_message(channel, 1, disk.image(PICTURES[0], 1), 1)
        writer.add_attachment(5, 6, 'calibration', 'text/plain', b'content')
        writer.finish()
    tally, _ = annotate(source, tmp_path / 'out.db3')
    assert tally.left_out == 1
    assert detections(tmp_path / 'out.db3') == 1


def test_an_old_bag_without_definitions_and_hashes(annotate, tmp_path):
    """As ros2 bag record of Foxy made it."""
    source = tmp_path / 'old.db3'
    with sqlite3.connect(source) as database:
        database.executescript(
            'CREATE TABLE topics(id INTEGER PRIMARY KEY, name TEXT, type TEXT, '
            'serialization_format TEXT);'
            'CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER, '
            'timestamp INTEGER, data BLOB);'
            "INSERT INTO topics VALUES (1, '/camera', 'sensor_msgs/msg/Image', 'cdr');"
            "INSERT INTO topics VALUES (2, '/secret', 'my_msgs/msg/Secret', 'cdr');"
        )
        for k in range(6):
            data = disk.image(PICTURES[k], k)
            database.execute('INSERT INTO messages VALUES (?, 1, ?, ?)', (2 * k + 1, k, data))
            database.execute('INSERT INTO messages VALUES (?, 2, ?, ?)', (2 * k + 2, k, b'\x00'))
    annotate(source, tmp_path / 'out.mcap')
    assert copied(tmp_path / 'out.mcap') == disk.read(source)
    annotate(source, tmp_path / 'out.db3')
    assert copied(tmp_path / 'out.db3') == disk.read(source)
    assert detections(tmp_path / 'out.mcap') == detections(tmp_path / 'out.db3') == 6
    types = {'/camera': 'sensor_msgs/msg/Image', '/secret': 'my_msgs/msg/Secret'}
    for name in ('out.mcap', 'out.db3'):
        found = {topic.name: topic.type for topic in open_bag(tmp_path / name).topics()}
        assert {key: found[key] for key in types} == types


def test_a_recorder_that_was_killed_has_left_an_mcap_file(annotate, tmp_path):
    """Cut at any byte: what stands before is copied and annotated, and the rest is said."""
    whole = disk.record(tmp_path / 'in', [blob(k, size_wh=(400, 300)) for k in range(9)])
    content = (whole / 'in.mcap').read_bytes()
    messages = disk.read(whole)
    source = tmp_path / 'cut.mcap'
    chance = random.Random(5)
    counts = set()
    for cut in sorted([*chance.sample(range(2_000_000, len(content)), 6), len(content) - 9]):
        source.write_bytes(content[:cut])
        _, bag = annotate(source, tmp_path / f'{cut}.mcap')
        kept = copied(tmp_path / f'{cut}.mcap')
        assert kept == messages[: len(kept)]
        counts.add(len(kept))
        images = [one for one in kept if one[0] == '/camera/image_raw']
        assert detections(tmp_path / f'{cut}.mcap') == len(images) > 0
        end = content.index(MAGIC, 8) - 29
        assert (bag.faults() == []) == (cut >= end)
    assert len(counts) > 1


def test_a_damaged_chunk_is_left_out_and_said(annotate, tmp_path):
    whole = disk.record(
        tmp_path / 'in',
        [blob(k, size_wh=(400, 300)) for k in range(9)],
        compression='storage',
    )
    source = whole / 'in.mcap'
    content = bytearray(source.read_bytes())
    with source.open('rb') as stream:
        (_, second, *_) = mcap.reader.make_reader(stream).get_summary().chunk_indexes
    content[second.chunk_start_offset + 200] ^= 0xFF
    source.write_bytes(content)
    _, bag = annotate(source, tmp_path / 'out.mcap')
    (fault,) = bag.faults()
    start = second.chunk_start_offset
    assert fault.startswith(f'in.mcap: the record at byte {start} is damaged, and left out: ')
    assert 0 < detections(tmp_path / 'out.mcap') < 9


def test_a_damaged_sqlite_file_is_read_as_far_as_it_goes(annotate, tmp_path):
    whole = disk.record(
        tmp_path / 'in', [blob(k, size_wh=(400, 300)) for k in range(9)], storage='sqlite3'
    )
    messages = disk.read(whole)
    source = whole / 'in.db3'
    content = bytearray(source.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200_000] = bytes(200_000)
    source.write_bytes(content)
    tally, bag = annotate(source, tmp_path / 'out.db3')
    (fault,) = bag.faults()
    assert fault.startswith('in.db3: it cannot be read any further: ')
    assert 0 < tally.copied < len(messages)
    assert copied(tmp_path / 'out.db3')[:3] == messages[:3]


def test_a_missing_file_and_missing_metadata_are_said(annotate, tmp_path):
    folder = disk.record(tmp_path / 'in', PICTURES)
    path = folder / 'metadata.yaml'
    text = path.read_text()
    path.write_text(text.replace('- in.mcap', '- in.mcap\n  - in_1.mcap'))
    _, bag = annotate(folder, tmp_path / 'a.mcap')
    assert bag.faults() == ['missing are in_1.mcap of metadata.yaml']
    path.write_text('rosbag2_bagfile_information: [')
    with pytest.raises(BagError, match=r'metadata\.yaml is malformed: .*; to fix: remove it'):
        open_bag(folder)
    path.unlink()
    _, bag = annotate(folder, tmp_path / 'b.mcap')
    assert bag.faults() == []
    assert copied(tmp_path / 'b.mcap') == disk.read(folder / 'in.mcap')


def test_images_that_cannot_be_read_have_no_result(annotate, tmp_path):
    recorder = disk.Recorder(tmp_path / 'in')
    jpeg = cv2.imencode('.jpg', PICTURES[0][..., ::-1])[1].tobytes()
    png = cv2.imencode('.png', PICTURES[0][..., ::-1])[1].tobytes()
    contents = [
        disk.compressed(jpeg, 1),
        disk.compressed(jpeg[:300], 2),
        disk.compressed(b'', 3),
        b'\x00\x01\x00\x00\xff\xff\xff',
        b'',
        disk.compressed(png, 4, 'png'),
    ]
    for k, data in enumerate(contents):
        recorder.add('/camera/compressed', 'sensor_msgs/msg/CompressedImage', data, k)
    recorder.close()
    tally, bag = annotate(tmp_path / 'in', tmp_path / 'out.mcap')
    assert (tally.frames, tally.failed.total(), bag.faults()) == (6, 4, [])
    assert copied(tmp_path / 'out.mcap') == disk.read(tmp_path / 'in')
    stamps = [
        one.header.stamp.nanosec
        for one in disk.of_topic(tmp_path / 'out.mcap', '/detectnet/detections')
    ]
    assert stamps == [1, 4]


@pytest.mark.parametrize('content', [b'', b'not a bag', b'\x89MCAP0\r\n', b'SQLite format 3\x00'])
@pytest.mark.parametrize('name', ['in.mcap', 'in.db3', 'in.mcap.zstd', 'in.db3.zstd'])
def test_what_is_no_bag_is_refused(annotate, tmp_path, content, name):
    path = tmp_path / name
    path.write_bytes(zstandard.compress(content) if name.endswith('zstd') else content)
    with pytest.raises(BagError, match=f'cannot read {path}: {name}: it '):
        annotate(path, tmp_path / 'out.mcap')


@pytest.mark.parametrize('name', ['nothing', 'nothing.mcap', 'in.bag', 'folder'])
def test_a_wrong_name_is_refused(tmp_path, name):
    (tmp_path / 'in.bag').touch()
    (tmp_path / 'folder').mkdir()
    with pytest.raises(BagError, match=r'expected a folder of rosbag2, or a \.mcap or \.db3 file'):
        open_bag(tmp_path / name)


def test_topics_that_are_there_are_not_added_again(annotate, tmp_path):
    source = disk.record(tmp_path / 'in', PICTURES[:1])
    annotate(source, tmp_path / 'once.mcap')
    with pytest.raises(BagError, match=r'/detectnet/label_info, .* already; to fix: give the'):
        annotate(tmp_path / 'once.mcap', tmp_path / 'twice.mcap')
    annotate(tmp_path / 'once.mcap', tmp_path / 'twice.mcap', node='again=detectnet:blobs')
    assert len(disk.of_topic(tmp_path / 'twice.mcap', '/again/detections')) == 1
    assert detections(tmp_path / 'twice.mcap') == 1


def test_memory_stays_flat_over_ten_thousand_messages(annotate, tmp_path):
    recorder = disk.Recorder(tmp_path / 'in')
    noise = np.random.default_rng(0).integers(0, 255, 20_000, np.uint8).tobytes()
    image = disk.image(blob(8), 1)
    for k in range(10_000):
        if k % 25:
            recorder.add('/scan', 'std_msgs/msg/String', noise, k)
        else:
            recorder.add('/camera', 'sensor_msgs/msg/Image', image, k)
    recorder.close()
    sizes = []

    def report():
        sizes.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

    tally, _ = annotate(tmp_path / 'in', tmp_path / 'out.mcap', report=report)
    assert (tally.copied, tally.frames) == (10_000, 400)
    assert (tmp_path / 'out.mcap').stat().st_size > 190_000_000
    # Of 200 MB that were copied, a few pieces are in memory.
    assert sizes[-1] - sizes[len(sizes) // 4] < 20_000


@pytest.mark.parametrize('compression', ['message', 'storage'])
def test_what_claims_to_be_too_large_is_not_decompressed(tmp_path, monkeypatch, compression):
    whole = disk.record(tmp_path / 'in', [blob(3)], compression=compression)
    monkeypatch.setattr(mcap_reading, '_MOST_DECOMPRESSED', 100)
    bag = open_bag(whole)
    assert bag.topics()
    images = [m for m in bag.items() if isinstance(m, BagMessage) and 'Image' in m.topic.type]
    # It stays as it is, or is left out with its chunk.
    assert all(one.data.startswith(b'\x28\xb5\x2f\xfd') for one in images)
    assert 'bytes are refused: the limit is 100' in bag.faults()[0]


def chunk_of(data, size_bytes):
    """Return an MCAP file with one chunk, compressed by lz4, that claims a size."""
    stream = io.BytesIO()
    writer = mcap.writer.Writer(stream)
    writer.start()
    chunk = mcap.records.Chunk(
        compression='lz4',
        data=lz4.frame.compress(data, store_size=False),
        message_end_time=0,
        message_start_time=0,
        uncompressed_crc=0,
        uncompressed_size=size_bytes,
    )
    builder = mcap.data_stream.RecordBuilder()
    chunk.write(builder)
    head = stream.getvalue()
    writer.finish()
    return head + builder.end() + stream.getvalue()[len(head) :]


def test_a_chunk_of_lz4_grows_no_further_than_it_claims(tmp_path):
    path = tmp_path / 'in.mcap'
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    path.write_bytes(chunk_of(bytes(2**28), 2**20))
    bag = open_bag(path)
    assert list(bag.items()) == []
    assert 'does not hold the 1048576 bytes that it claims' in bag.faults()[0]
    path.write_bytes(chunk_of(bytes(2**20), 2**40))
    bag = open_bag(path)
    assert list(bag.items()) == []
    assert f'{2**40} bytes are refused' in bag.faults()[0]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000


def test_a_record_that_claims_gigabytes_is_not_read(tmp_path):
    path = tmp_path / 'in.mcap.zstd'
    # Zeros follow, as many as it claims.
    packer = zstandard.ZstdCompressor().compressobj()
    content = packer.compress(MAGIC + b'\x01' + (2**31).to_bytes(8, 'little') + bytes(2**20))
    path.write_bytes(content + packer.flush())
    bag = open_bag(path)
    with pytest.raises(BagError, match='breaks off in the record that begins at byte 8'):
        bag.topics()


@pytest.mark.parametrize(
    'statement',
    [
        'CREATE VIEW messages AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)'
        ' SELECT id, 1 AS topic_id, 1 AS timestamp, zeroblob(1000000) AS data FROM n',
        'CREATE TABLE messages (id INTEGER PRIMARY KEY, topic_id INTEGER, timestamp INTEGER,'
        ' data BLOB AS (zeroblob(1000000000)))',
    ],
)
def test_rows_that_sqlite_would_compute_are_not_read(tmp_path, statement):
    whole = disk.record(tmp_path / 'in', [blob(3)], storage='sqlite3')
    source = whole / 'in.db3'
    with closing(sqlite3.connect(source)) as database, database:
        database.execute('DROP TABLE messages')
        database.execute(statement)
    bag = open_bag(source)
    assert list(bag.items()) == []
    assert bag.faults() == ['in.db3: it cannot be read any further: messages is no plain table']


def test_a_compressed_database_that_grows_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_reading, '_ALWAYS_BYTES', 2**20)
    path = tmp_path / 'in.db3.zstd'
    path.write_bytes(zstandard.compress(bytes(2**24)))
    bag = open_bag(path)
    with pytest.raises(BagError, match='grows to more than 100 times its size'):
        bag.topics()


@pytest.mark.parametrize('name', ['/\x1b[2J', '/a\0b', f'/{"x" * 300}'])
def test_a_topic_whose_name_can_be_no_file_is_none_of_images(tmp_path, name):
    recorder = disk.Recorder(tmp_path / 'in')
    recorder.add(name, 'sensor_msgs/msg/Image', disk.image(blob(3), 1), 1)
    recorder.close()
    with pytest.raises(BagError, match='it has no image topic'):
        choose_topics(open_bag(tmp_path / 'in').topics(), ())
