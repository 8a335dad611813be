# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The messages in bags, compared with those that the nodes publish and with the types of ROS."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from mcap.records import Schema
from mcap_ros2.decoder import DecoderFactory
from rclpy.serialization import deserialize_message
from rosidl_runtime_py.utilities import get_message
from std_msgs.msg import Header

from ros_deep_learning.bags import message_types, result_messages
from ros_deep_learning.bags.annotators import ANNOTATORS, NodeWish
from ros_deep_learning.nodes.messages import foxglove, results
from ros_deep_learning.nodes.messages.mask_messages import MaskMessages
from ros_deep_learning.nodes.messages.outgoing_images import OutgoingImages
from ros_deep_learning.tasks.classification import Classification
from ros_deep_learning.tasks.detection import Detections
from ros_deep_learning.tasks.segmentation import Segmentation, SegmentationSettings

NAMES = ('person', 'dög', '')
COLORS = np.array([[255, 0, 0], [0, 51, 255]], np.uint8)
OURS = message_types.make(
    'std_msgs/msg/Header',
    stamp=message_types.make('builtin_interfaces/msg/Time', sec=-3, nanosec=999_999_999),
    frame_id='kamera',
)
THEIRS = Header(frame_id='kamera')
THEIRS.stamp.sec, THEIRS.stamp.nanosec = -3, 999_999_999
BOXES = np.array([[10, 20, 110, 220], [0, 0, 5, 5.5], [639, 479, 640, 480]], np.float32)
SCORES = np.array([0.75, 0.5, 1.0], np.float32)


def found(count):
    ids = np.array([1, 0, 2], np.int32)
    return Detections(BOXES[:count], SCORES[:count], ids[:count], (640, 480), labels=NAMES)


def as_ros(message):
    """The message of ROS that our bytes are."""
    return deserialize_message(message_types.serialized(message), get_message(message.__msgtype__))


@pytest.mark.parametrize('count', [0, 1, 3])
def test_detections_are_those_of_the_node(count):
    ours = result_messages.detections_message(OURS, found(count), NAMES)
    assert as_ros(ours) == results.detections_message(THEIRS, found(count), NAMES)


@pytest.mark.parametrize('count', [0, 3])
def test_classes_are_those_of_the_node(count):
    seen = Classification(np.arange(count, dtype=np.int32), SCORES[:count], (640, 480))
    ours = result_messages.classification_message(OURS, seen, NAMES)
    assert as_ros(ours) == results.classification_message(THEIRS, seen, NAMES)


def test_labels_and_model_are_those_of_the_node():
    ours = result_messages.label_info_message(OURS, NAMES, 0.25)
    assert as_ros(ours) == results.label_info_message(THEIRS, NAMES, 0.25)
    ours = result_messages.vision_info_message(OURS, 'ssd', '/a/label_info')
    assert as_ros(ours) == results.vision_info_message(THEIRS, 'ssd', '/a/label_info')


def test_masks_are_those_of_the_node():
    rng = np.random.default_rng(4)
    classes = rng.integers(0, 4, (5, 7)).astype(np.uint8)
    classes[0, 0] = 255
    masks = Segmentation(classes, rng.random((5, 7), np.float32), 4, (7, 5), labels=NAMES)
    network = SimpleNamespace(
        colors_rgb=COLORS.repeat(2, axis=0), labels=NAMES, settings=SegmentationSettings()
    )
    outputs = tuple(ANNOTATORS['segmentation'].outputs)
    wish = NodeWish.parse('segnet:net')
    ours = ANNOTATORS['segmentation'](wish, network, outputs).messages(OURS, masks)
    theirs = MaskMessages(OutgoingImages(), THEIRS)

    def read(message, kind='sensor_msgs/msg/Image'):
        return deserialize_message(message.tobytes(), get_message(kind))

    assert tuple(ours) == outputs
    assert as_ros(ours['class_mask']) == read(theirs.class_mask(masks))
    assert as_ros(ours['confidence_mask']) == read(theirs.confidence_mask(masks))
    assert as_ros(ours['color_mask']) == read(theirs.color_mask(masks, network.colors_rgb))
    whole = as_ros(ours['segmentation'])
    wanted = read(theirs.segmentation(masks), 'ros_deep_learning/msg/Segmentation')
    assert (whole.class_mask, whole.confidence_mask) == (
        wanted.class_mask,
        wanted.confidence_mask,
    )
    assert (whole.pixels.tolist(), whole.shares.tolist()) == (
        wanted.pixels.tolist(),
        wanted.shares.tolist(),
    )


def plain(value):
    """A message as dictionaries and lists."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if hasattr(value, 'get_fields_and_field_types'):
        return {n: plain(getattr(value, n)) for n in value.get_fields_and_field_types()}
    names = getattr(value, '__slots__', None) or vars(value) if hasattr(value, '__dict__') else ()
    return {name: plain(getattr(value, name)) for name in names} if names else value


def test_annotations_are_those_of_the_node_by_the_decoder_of_foxglove(monkeypatch):
    kinds = ('PointsAnnotation', 'TextAnnotation', 'Point2', 'Color', 'ImageAnnotations')
    package = SimpleNamespace(**dict.fromkeys(kinds, SimpleNamespace))
    package.PointsAnnotation = type('Points', (SimpleNamespace,), {'LINE_LOOP': 2})
    monkeypatch.setattr(foxglove, 'foxglove_msgs', package)
    wanted = plain(
        foxglove.annotations_message(THEIRS, found(3), NAMES, COLORS, found(3).source_wh)
    )
    ours = result_messages.annotations_message(OURS, found(3), NAMES, COLORS)
    topic = message_types.topic_for('/a', ours.__msgtype__, '')
    schema = Schema(1, topic.definition.text, topic.definition.encoding, topic.type)
    decoded = plain(DecoderFactory().decoder_for('cdr', schema)(message_types.serialized(ours)))
    assert decoded['circles'] == []
    # What the stand-in was not given is zero or empty.
    empty = {'outline_colors': [], 'fill_color': dict.fromkeys('rgba', 0.0)}
    assert decoded['points'] == [one | empty for one in wanted['points']]
    assert decoded['texts'] == wanted['texts']


def hash_file(kind):
    """Where ROS keeps the hash of a type; distributions before Iron have none."""
    package, _, name = kind.split('/')
    places = [Path(one) for one in os.environ['AMENT_PREFIX_PATH'].split(':')]
    files = [place / 'share' / package / 'msg' / f'{name}.json' for place in places]
    return next((one for one in files if one.is_file()), None)


@pytest.mark.parametrize('kind', filter(hash_file, message_types._FIELDS))
def test_types_have_the_hashes_that_ros_computed(kind):
    content = json.loads(hash_file(kind).read_text())
    hashes = {one['type_name']: one['hash_string'] for one in content['type_hashes']}
    assert message_types.topic_for('/a', kind, '').type_hash == hashes[kind]
