# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of objects that are followed over the images of a bag, also over an interruption."""

from __future__ import annotations

import errno
import os

import bags_on_disk as disk
import numpy as np
import pytest
from bags_on_disk import blob

from ros_deep_learning.bags import mcap_writing, message_types, sqlite_writing
from ros_deep_learning.bags.items import BagMessage, BagTopic
from ros_deep_learning.bags.tracks import BagTracks
from ros_deep_learning.errors import BagError
from ros_deep_learning.tasks.tracking.tracker import Tracker, TrackingSettings

IOU = TrackingSettings(min_frames=2)
TOPIC = BagTopic('/detectnet/left/annotations', 'foxglove_msgs/msg/ImageAnnotations', 'cdr')


class Killed(BaseException):
    pass


def dies_after(pieces):
    left = [pieces]

    def report():
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    return report


def faint(picture, share):
    return (picture * share).astype(np.uint8)


@pytest.fixture
def source(tmp_path):
    """Two cameras that take turns; in front of each a blob moves, pales, and is gone for a while.

    One of the images is damaged, and the last ones of one camera have another size.
    """
    recorder = disk.Recorder(tmp_path / 'in')
    for k in range(40):
        time_ns = disk.START_NS + k * disk.PERIOD_NS
        size_wh = (160, 40) if k < 30 else (120, 40)
        left = blob(2 * k, size_wh=size_wh)
        right = blob(100 - 2 * k, 'red', size_wh=(160, 40))
        if 10 <= k < 14:
            left = faint(left, 0.4)
        if 20 <= k < 23:
            right[:] = 0
        for name, picture in (('left', left), ('right', right)):
            data = disk.image(picture, time_ns)
            if (k, name) == (25, 'left'):
                data = data.replace(b'rgb8', b'none')
            recorder.add(f'/{name}/image_raw', 'sensor_msgs/msg/Image', data, time_ns)
    recorder.close()
    return tmp_path / 'in'


def ids(path, camera):
    return [
        [one.id for one in message.detections]
        for message in disk.of_topic(path, f'/detectnet/{camera}/detections')
    ]


def test_each_topic_has_its_own_tracks_which_are_those_of_the_tracker(
    annotate, source, tmp_path, network
):
    annotate(source, tmp_path / 'out.mcap', tracking=IOU)
    for camera in ('left', 'right'):
        tracker, expected = Tracker(IOU), []
        for message in disk.of_topic(source, f'/{camera}/image_raw'):
            if message.encoding != 'rgb8':
                continue
            rows = np.frombuffer(bytes(message.data), np.uint8)
            picture = rows.reshape(message.height, message.width, 3)
            stamp_s = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9
            found = tracker.update(network.detect(picture), stamp_s)
            numbers = [one.track_id for one in found]
            expected.append(['' if one is None else str(one) for one in numbers])
        found_ids = ids(tmp_path / 'out.mcap', camera)
        assert found_ids == expected
        assert found_ids[2] == ['0']
    annotations = [
        message_types.read_message(BagMessage(TOPIC, data, 0, 0))
        for topic, _, data in disk.read(tmp_path / 'out.mcap')
        if topic == TOPIC.name
    ]
    texts = [text.text for message in annotations for text in message.texts]
    assert any(text.startswith('1 #0 ') for text in texts)


def test_unlikely_objects_are_followed_and_the_threshold_stays(annotate, source, tmp_path):
    annotate(source, tmp_path / 'out.mcap', tracking=TrackingSettings('byte', min_frames=2))
    found = disk.of_topic(tmp_path / 'out.mcap', '/detectnet/left/detections')
    scores = [one.results[0].hypothesis.score for message in found for one in message.detections]
    assert min(scores) < 0.5
    assert ids(tmp_path / 'out.mcap', 'left')[12] == ['0']
    (labels,) = disk.of_topic(tmp_path / 'out.mcap', '/detectnet/label_info')
    assert labels.threshold == 0.5


@pytest.mark.parametrize('kind', ['iou', 'byte'])
@pytest.mark.parametrize('name', ['out.mcap', 'out.db3'])
def test_a_run_in_many_parts_gives_the_tracks_of_one(
    annotate, source, tmp_path, name, kind, monkeypatch, network
):
    monkeypatch.setattr(mcap_writing, 'CHUNK_BYTES', 2**14)
    monkeypatch.setattr(sqlite_writing, '_PIECE_BYTES', 2**14)
    tracking, settings = TrackingSettings(kind, min_frames=2), network.settings
    annotate(source, tmp_path / 'whole' / name, tracking=tracking)
    output = tmp_path / name
    parts = 0
    while not output.exists():
        parts += 1
        network.settings = settings
        try:
            annotate(source, output, tracking=tracking, report=dies_after(5))
        except Killed:
            assert not output.exists()
    assert parts > 2
    assert disk.read(output) == disk.read(tmp_path / 'whole' / name)
    if name.endswith('.mcap'):
        assert output.read_bytes() == (tmp_path / 'whole' / name).read_bytes()


@pytest.mark.parametrize('damage', [b'', b'{"topic": 1}\n' * 40, None])
def test_notes_that_were_lost_are_said(annotate, source, tmp_path, damage, monkeypatch):
    monkeypatch.setattr(mcap_writing, 'CHUNK_BYTES', 2**14)
    output = tmp_path / 'out.mcap'
    with pytest.raises(Killed):
        annotate(source, output, tracking=IOU, report=dies_after(8))
    notes = tmp_path / 'out.mcap.part' / 'objects.jsonl'
    notes.write_bytes(notes.read_bytes()[:-700] if damage is None else damage)
    if damage is None:
        # Lines of images whose piece was lost too.
        annotate(source, output, tracking=IOU)
        return
    with pytest.raises(BagError, match=r'objects.jsonl does not have the objects .*--restart'):
        annotate(source, output, tracking=IOU)


def test_a_disk_that_is_full_for_the_notes(annotate, source, tmp_path, monkeypatch):
    annotate(source, tmp_path / 'whole' / 'out.mcap', tracking=IOU)
    output, commit, commits = tmp_path / 'out.mcap', BagTracks.commit, []

    def full(tracks):
        commits.append(tracks)
        if len(commits) > 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        commit(tracks)

    with monkeypatch.context() as disk_is_full:
        disk_is_full.setattr(BagTracks, 'commit', full)
        with pytest.raises(BagError, match='no space left on the disk; free some and run again'):
            annotate(source, output, tracking=IOU)
    annotate(source, output, tracking=IOU)
    assert output.read_bytes() == (tmp_path / 'whole' / 'out.mcap').read_bytes()
