# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of annotated bags: what is copied, and what is added; read by rosbags and by ROS."""

from __future__ import annotations

import bags_on_disk as disk
import pytest
from bags_on_disk import blob

from ros_deep_learning.tasks.tracking.tracker import TrackingSettings


@pytest.mark.parametrize(
    ('storage', 'output'),
    [('mcap', 'out.mcap'), ('mcap', 'out.db3'), ('sqlite3', 'out.mcap'), ('sqlite3', 'out')],
)
def test_messages_are_copied_and_every_image_has_its_detections(
    storage, output, annotate, tmp_path, blob_engine
):
    pictures = [blob(4 * k) for k in range(10)]
    source = disk.record(tmp_path / 'in', pictures, storage=storage)
    tally, bag = annotate(source, tmp_path / output)

    written = disk.read(tmp_path / output)
    assert [one for one in written if not one[0].startswith('/detectnet/')] == disk.read(source)
    assert bag.faults() == []
    assert (tally.copied, tally.frames, tally.failed) == (30, 10, {})
    assert [len(planes['image']) for planes in blob_engine.inputs] == [4, 4, 2]

    found = disk.of_topic(tmp_path / output, '/detectnet/detections')
    images = disk.of_topic(source, '/camera/image_raw')
    assert [one.header for one in found] == [one.header for one in images]
    for k, one in enumerate(found):
        (detection,) = one.detections
        box = detection.bbox
        assert detection.header == one.header
        assert detection.results[0].hypothesis.class_id == '1'
        # The network sees half of the pixels.
        assert box.center.position.x - box.size_x / 2 == pytest.approx(4 * k, abs=2)
    times = [time_ns for topic, time_ns, _ in written if topic == '/detectnet/detections']
    assert times == [disk.START_NS + k * disk.PERIOD_NS for k in range(10)]


def test_topics_keep_their_qos_and_results_have_that_of_the_nodes(annotate, tmp_path):
    source = disk.record(tmp_path / 'in', [blob(0)])
    annotate(source, tmp_path / 'out.mcap')
    before, after = disk.connections(source), disk.connections(tmp_path / 'out.mcap')
    for topic, one in before.items():
        same = after[topic]
        assert (same.msgtype, same.msgdef, same.ext) == (one.msgtype, one.msgdef, one.ext)
    (results,) = after['/detectnet/detections'].ext.offered_qos_profiles
    (labels,) = after['/detectnet/label_info'].ext.offered_qos_profiles
    assert (results.reliability.name, results.durability.name) == ('RELIABLE', 'VOLATILE')
    assert (labels.durability.name, labels.depth) == ('TRANSIENT_LOCAL', 1)


def test_labels_and_model_are_written_once_before_the_results(annotate, tmp_path):
    source = disk.record(tmp_path / 'in', [blob(0), blob(8)])
    annotate(source, tmp_path / 'out.mcap', node='my/eyes=detectnet:blobs')
    (labels,) = disk.of_topic(tmp_path / 'out.mcap', '/my/eyes/label_info')
    (info,) = disk.of_topic(tmp_path / 'out.mcap', '/my/eyes/vision_info')
    assert [(one.class_id, one.class_name) for one in labels.class_map] == [
        (k, str(k)) for k in range(3)
    ]
    assert (info.method, info.database_location) == ('blobs', '/my/eyes/label_info')
    topics = [topic for topic, _, _ in disk.read(tmp_path / 'out.mcap')]
    assert topics.index('/my/eyes/label_info') < topics.index('/my/eyes/detections')


def test_stamps_out_of_order_and_gaps_stay_as_they_were_recorded(annotate, tmp_path):
    seconds = [5, 6, 4, 4, 9000, 3, 0]
    recorder = disk.Recorder(tmp_path / 'in')
    for k, second in enumerate(seconds):
        # Received in another order than sent, after an hour without an image, and twice at once.
        received_ns = disk.START_NS + (3_600 * (k > 3) + max(0, k - 1)) * 10**9
        data = disk.image(blob(4 * k), second * 10**9)
        recorder.add('/camera/image_raw', 'sensor_msgs/msg/Image', data, received_ns)
    recorder.close()
    annotate(tmp_path / 'in', tmp_path / 'out.mcap', tracking=TrackingSettings(min_frames=1))
    written = disk.read(tmp_path / 'out.mcap')
    images = [one for one in written if one[0] == '/camera/image_raw']
    assert images == disk.read(tmp_path / 'in')
    times = [time_ns for topic, time_ns, _ in written if topic == '/detectnet/detections']
    assert times == [time_ns for _, time_ns, _ in images]
    found = disk.of_topic(tmp_path / 'out.mcap', '/detectnet/detections')
    assert [one.header.stamp.sec for one in found] == seconds
    # As in the node, a stamp before the last one ends the tracks; one of 0 is none.
    ids = [one.detections[0].id for one in found]
    assert (ids[0], ids[2]) == (ids[1], ids[3])
    assert ids[2] != ids[1]
    assert ids[5] != ids[4]
