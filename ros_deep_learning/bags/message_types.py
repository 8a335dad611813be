# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The message types that are read from bags and written to them, without ROS.

The types of ROS itself are those of Jazzy. The fields of vision_msgs are those of its version 4
(ROS 2 Humble to Kilted), and those of foxglove_msgs are those of its versions 2 and 3.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ..errors import ImageError
from ..text import one_line
from .items import HASH_KEY, QOS_KEY, BagMessage, BagTopic, Definition

IMAGE = 'sensor_msgs/msg/Image'
COMPRESSED_IMAGE = 'sensor_msgs/msg/CompressedImage'

_FIELDS = {
    'vision_msgs/msg/ObjectHypothesis': 'string class_id\nfloat64 score',
    'vision_msgs/msg/ObjectHypothesisWithPose': (
        'ObjectHypothesis hypothesis\ngeometry_msgs/PoseWithCovariance pose'
    ),
    'vision_msgs/msg/Classification': 'std_msgs/Header header\nObjectHypothesis[] results',
    'vision_msgs/msg/Point2D': 'float64 x\nfloat64 y',
    'vision_msgs/msg/Pose2D': 'Point2D position\nfloat64 theta',
    'vision_msgs/msg/BoundingBox2D': 'Pose2D center\nfloat64 size_x\nfloat64 size_y',
    'vision_msgs/msg/Detection2D': (
        'std_msgs/Header header\nObjectHypothesisWithPose[] results\nBoundingBox2D bbox\nstring id'
    ),
    'vision_msgs/msg/Detection2DArray': 'std_msgs/Header header\nDetection2D[] detections',
    'vision_msgs/msg/VisionClass': 'uint16 class_id\nstring class_name',
    'vision_msgs/msg/LabelInfo': (
        'std_msgs/Header header\nVisionClass[] class_map\nfloat32 threshold'
    ),
    'vision_msgs/msg/VisionInfo': (
        'std_msgs/Header header\nstring method\nstring database_location\nint32 database_version'
    ),
    'foxglove_msgs/msg/Point2': 'float64 x\nfloat64 y',
    'foxglove_msgs/msg/Color': 'float64 r\nfloat64 g\nfloat64 b\nfloat64 a',
    'foxglove_msgs/msg/CircleAnnotation': (
        'builtin_interfaces/Time timestamp\nPoint2 position\nfloat64 diameter\n'
        'float64 thickness\nColor fill_color\nColor outline_color'
    ),
    'foxglove_msgs/msg/PointsAnnotation': (
        'builtin_interfaces/Time timestamp\n'
        'uint8 UNKNOWN=0\nuint8 POINTS=1\nuint8 LINE_LOOP=2\nuint8 LINE_STRIP=3\n'
        'uint8 LINE_LIST=4\nuint8 type\nPoint2[] points\nColor outline_color\n'
        'Color[] outline_colors\nColor fill_color\nfloat64 thickness'
    ),
    'foxglove_msgs/msg/TextAnnotation': (
        'builtin_interfaces/Time timestamp\nPoint2 position\nstring text\nfloat64 font_size\n'
        'Color text_color\nColor background_color'
    ),
    'foxglove_msgs/msg/ImageAnnotations': (
        'CircleAnnotation[] circles\nPointsAnnotation[] points\nTextAnnotation[] texts'
    ),
    'ros_deep_learning/msg/Segmentation': (
        'std_msgs/Header header\nsensor_msgs/Image class_mask\nsensor_msgs/Image confidence_mask\n'
        'uint32[] pixels\nfloat32[] shares'
    ),
}


@cache
def _typestore() -> Any:
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    store = get_typestore(Stores.ROS2_JAZZY)
    for name, fields in _FIELDS.items():
        store.register(get_types_from_msg(fields, name))
    return store


def make(kind: str, **fields: Any) -> Any:
    """Make a message of a type such as ``std_msgs/msg/Header`` from all of its fields."""
    return _typestore().types[kind](**fields)


def constant(kind: str, name: str) -> int:
    """Return a constant of a message type."""
    return int(getattr(_typestore().types[kind], name))


def serialized(message: Any) -> bytes:
    """Serialise a message as CDR."""
    return bytes(_typestore().serialize_cdr(message, message.__msgtype__))


def topic_for(name: str, kind: str, qos: str) -> BagTopic:
    """Describe a topic of one of these types, with its definition and hash."""
    store = _typestore()
    text, _ = store.generate_msgdef(kind, ros_version=2)
    metadata = ((QOS_KEY, qos), (HASH_KEY, store.hash_rihs01(kind)))
    return BagTopic(name, kind, 'cdr', Definition('ros2msg', text.encode()), metadata)


def read_message(message: BagMessage) -> Any:
    """Read an image message of a bag.

    Raises:
        ImageError: It is malformed.
    """
    try:
        return _typestore().deserialize_cdr(message.data, message.topic.type)
    except Exception as err:
        error = f'a malformed message of {message.topic.type}: {one_line(err)}'
        raise ImageError(error) from err
