# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of images that are picked from bags for labelling."""

from __future__ import annotations

import csv

import bags_on_disk as disk
import cv2
import numpy as np
import pytest
from bags_on_disk import blob

from ros_deep_learning.bags.frame_choice import FrameChoice, scores_of
from ros_deep_learning.bags.opening import open_bag
from ros_deep_learning.bags.picking import Picker, PictureFolder, pick_bag
from ros_deep_learning.collecting.triggers import Every, OnChange
from ros_deep_learning.errors import BagError
from ros_deep_learning.tasks.classification import Classification
from ros_deep_learning.tasks.detection import Detections
from ros_deep_learning.tasks.segmentation import Segmentation

TOPIC = '/camera/image_raw'


def grey(level):
    return np.full((40, 80, 3), level, np.uint8)


def picked(source, folder, choice, annotator=None, unsure=None, topics=(TOPIC,), limit=None):
    folder.mkdir()
    picker = Picker(frozenset(topics), choice, annotator, unsure)
    pictures = PictureFolder(folder, 0.5)
    pick_bag(picker, open_bag(source).items(), pictures, lambda: None, limit)
    return pictures, picker


def test_one_of_three_images_of_each_topic(tmp_path):
    recorder = disk.Recorder(tmp_path / 'in')
    for k in range(14):
        topic = ('/left', '/right')[k % 2]
        recorder.add(topic, 'sensor_msgs/msg/Image', disk.image(grey(k), k), k)
    recorder.close()
    pictures, picker = picked(
        tmp_path / 'in', tmp_path / 'out', FrameChoice(3), topics=('/left', '/right')
    )
    names = [one.picture.name for one in pictures.samples]
    assert names == [
        f'{side}_{k}.png' for k, side in
        [(0, 'left'), (1, 'right'), (6, 'left'), (7, 'right'), (12, 'left'), (13, 'right')]
    ]  # fmt: skip
    assert picker.seen == 14
    # As they were recorded, without loss.
    assert np.array_equal(cv2.imread(str(pictures.samples[2].picture)), grey(6))


def test_an_image_every_second_and_on_change_of_each_topic(tmp_path):
    recorder = disk.Recorder(tmp_path / 'in')
    for k in range(30):
        time_ns = disk.START_NS + k * disk.PERIOD_NS
        recorder.add('/still', 'sensor_msgs/msg/Image', disk.image(blob(8), k), time_ns)
        moved = blob(8 if k < 12 else 40)
        recorder.add('/moves', 'sensor_msgs/msg/Image', disk.image(moved, k), time_ns)
    recorder.close()

    def names(folder, *triggers):
        choice = FrameChoice(triggers=triggers)
        pictures, _ = picked(
            tmp_path / 'in', tmp_path / folder, choice, topics=('/still', '/moves')
        )
        return [
            (one.picture.name[:5], (int(one.picture.stem[6:]) - disk.START_NS) // disk.PERIOD_NS)
            for one in pictures.samples
        ]

    assert names('a', lambda: Every(1.0)) == [
        (name, k) for k in (0, 10, 20) for name in ('still', 'moves')
    ]
    assert names('b', OnChange) == [('still', 0), ('moves', 0), ('moves', 12)]
    # Both rules have to be met.
    assert names('c', lambda: Every(1.0), OnChange) == [('still', 0), ('moves', 0), ('moves', 20)]


def test_compressed_images_stay_as_they_are(tmp_path):
    recorder = disk.Recorder(tmp_path / 'in')
    jpeg = cv2.imencode('.jpg', blob(4))[1].tobytes()
    png = cv2.imencode('.png', blob(4))[1].tobytes()
    contents = [
        disk.compressed(jpeg, 1),
        disk.compressed(png, 2),
        disk.compressed(jpeg[:99], 3),
        # Red and blue were exchanged before compression.
        disk.compressed(jpeg, 4, 'rgb8; jpeg compressed rgb8'),
    ]
    for data in contents:
        recorder.add('/c', 'sensor_msgs/msg/CompressedImage', data, 7)
    recorder.close()
    pictures, picker = picked(tmp_path / 'in', tmp_path / 'out', FrameChoice(), topics=('/c',))
    paths = [one.picture for one in pictures.samples]
    assert [path.name for path in paths] == ['c_7.jpg', 'c_7_2.png', 'c_7_3.png']
    assert [path.read_bytes() for path in paths[:2]] == [jpeg, png]
    assert np.array_equal(cv2.imread(str(paths[2])), cv2.imread(str(paths[0]))[..., ::-1])
    assert picker.failed.total() == 1


def test_where_the_detector_is_unsure_with_its_boxes_as_labels(annotator, tmp_path):
    pictures = [np.uint8(blob(4 * k) * share) for k, share in enumerate([1.0, 0.55, 0.2, 0.45])]
    source = disk.record(tmp_path / 'in', pictures)
    folder, _ = picked(source, tmp_path / 'out', FrameChoice(), annotator, (0.4, 0.7))
    assert [len(one.boxes) for one in folder.samples] == [1, 0]
    assert folder.samples[0].boxes.in_pixels((80, 40))[0] == pytest.approx((4, 10, 24, 20), abs=2)
    folder.write_table(tmp_path / 'frames.csv')
    with (tmp_path / 'frames.csv').open() as stream:
        rows = list(csv.DictReader(stream))
    assert [one['topic'] for one in rows] == [TOPIC, TOPIC]
    assert [int(one['time_ns']) for one in rows] == [
        disk.START_NS + k * disk.PERIOD_NS for k in (1, 3)
    ]


def test_limit_and_nothing_picked(annotator, tmp_path):
    source = disk.record(tmp_path / 'in', [blob(4 * k) for k in range(5)])
    folder, _ = picked(source, tmp_path / 'some', FrameChoice(), limit=2)
    assert len(folder.samples) == 2
    with pytest.raises(BagError, match='none of 5 images was picked'):
        picked(source, tmp_path / 'none', FrameChoice(), annotator, (0.4, 0.7))


def test_scores_of_each_task():
    objects = Detections(
        np.zeros((2, 4), np.float32), np.float32([0.75, 0.5]), np.zeros(2, np.int32), (9, 9)
    )
    assert scores_of(objects) == [0.75, 0.5]
    classes = Classification(np.int32([2, 0]), np.float32([0.75, 0.25]), (9, 9))
    assert scores_of(classes) == [0.75]
    confidences = np.float32([[1, 0.5], [0.5, 0]])
    assert scores_of(Segmentation(np.zeros((2, 2), np.uint8), confidences, 2, (2, 2))) == [0.5]
