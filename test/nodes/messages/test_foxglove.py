# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the annotations for Foxglove, with a stand-in for its message package.

The stand-in has the names and types of the fields of foxglove_msgs (foxglove-sdk,
schemas/ros2), and takes no others, as generated messages do. What the node publishes needs a
real type, and is a Header.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from ros_deep_learning.nodes.detectnet import DetectNetNode
from ros_deep_learning.nodes.messages import foxglove
from ros_deep_learning.tasks.detection import Detections

pytestmark = pytest.mark.rclpy

COLORS = np.array([[255, 0, 0], [0, 51, 255]], np.uint8)
NAMES = ['person', 'dog']


class Message:
    fields: dict[str, Any] = {}  # noqa: RUF012

    def __init__(self, **values: Any) -> None:
        for name, make in self.fields.items():
            object.__setattr__(self, name, make())
        for name, value in values.items():
            setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        kind = type(getattr(self, name))
        assert type(value) is kind, f'{name} wants {kind}, not {value!r}'
        object.__setattr__(self, name, value)


class Point2(Message):
    fields = {'x': float, 'y': float}  # noqa: RUF012


class Color(Message):
    fields = {'r': float, 'g': float, 'b': float, 'a': float}  # noqa: RUF012


class PointsAnnotation(Message):
    LINE_LOOP = 2
    fields = {  # noqa: RUF012
        'timestamp': Time, 'type': int, 'points': list, 'outline_color': Color,
        'outline_colors': list, 'fill_color': Color, 'thickness': float,
    }  # fmt: skip


class TextAnnotation(Message):
    fields = {  # noqa: RUF012
        'timestamp': Time, 'position': Point2, 'text': str, 'font_size': float,
        'text_color': Color, 'background_color': Color,
    }  # fmt: skip


class ImageAnnotations(Message):
    fields = {'circles': list, 'points': list, 'texts': list}  # noqa: RUF012


class NewImageAnnotations(ImageAnnotations):
    fields = {**ImageAnnotations.fields, 'timestamp': Time, 'metadata': list}  # noqa: RUF012


class SentAnnotations(Header):
    """A type that can be published here: a Header with the stamp, and the texts as frame_id."""

    @property
    def timestamp(self) -> Any:
        return self.stamp

    @timestamp.setter
    def timestamp(self, stamp: Time) -> None:
        self.stamp = stamp

    def _tell(self, texts: list[TextAnnotation]) -> None:
        self.frame_id = ','.join(text.text for text in texts)

    texts = property(fset=_tell)


# By its names rclpy tells what it converts.
SentAnnotations.__name__, SentAnnotations.__module__ = Header.__name__, Header.__module__


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    package = SimpleNamespace(
        Point2=Point2,
        Color=Color,
        PointsAnnotation=PointsAnnotation,
        TextAnnotation=TextAnnotation,
        ImageAnnotations=ImageAnnotations,
    )
    monkeypatch.setattr(foxglove, 'foxglove_msgs', package)
    monkeypatch.setitem(sys.modules, 'foxglove_msgs.msg', package)
    return package


def header() -> Header:
    return Header(stamp=Time(sec=5, nanosec=6), frame_id='camera')


def found(count: int, track_ids: Any = None) -> Detections:
    boxes = np.array([[10, 20, 110, 220], [0, 0, 5, 5]], np.float32)[:count]
    scores = np.array([0.75, 0.5], np.float32)[:count]
    return Detections(boxes, scores, np.array([1, 0], np.int32)[:count], (640, 480), track_ids)


@pytest.mark.usefixtures('package')
def test_nothing_found_is_an_empty_message() -> None:
    message = foxglove.annotations_message(header(), found(0), NAMES, COLORS, (640, 480))
    assert (message.circles, message.points, message.texts) == ([], [], [])


@pytest.mark.usefixtures('package')
def test_an_outline_and_a_text_an_object() -> None:
    message = foxglove.annotations_message(header(), found(2), NAMES, COLORS, (640, 480))
    outline, text = message.points[0], message.texts[0]
    assert len(message.points) == len(message.texts) == 2
    assert outline.timestamp == text.timestamp == header().stamp
    assert outline.type == 2
    assert [(p.x, p.y) for p in outline.points] == [(10, 20), (110, 20), (110, 220), (10, 220)]
    color = outline.outline_color
    assert (color.r, color.g, color.b, color.a) == (0.0, 0.2, 1.0, 1.0)
    assert outline.thickness >= 1.0
    assert (text.position.x, text.position.y) == (10.0, 20.0)
    assert text.text == 'dog 75%'
    assert text.font_size > 8.0
    assert message.texts[1].text == 'person 50%'


def test_newer_messages_have_a_stamp_of_their_own(package: SimpleNamespace) -> None:
    package.ImageAnnotations = NewImageAnnotations
    tracks = np.array([7, -1])
    message = foxglove.annotations_message(header(), found(2, tracks), NAMES, COLORS, (640, 480))
    assert message.timestamp == header().stamp
    assert [text.text for text in message.texts] == ['dog #7 75%', 'person 50%']


def test_the_node_publishes_them_while_somebody_subscribes(
    package: SimpleNamespace,
    active_here: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    chelsea: np.ndarray,
    ssd_onnx: Path,
    calls_of: Callable[..., list[str]],
) -> None:
    package.ImageAnnotations = SentAnnotations
    made = calls_of((foxglove, 'annotations_message'))
    node = active_here(DetectNetNode)
    (camera,) = node.cameras
    topic = '/detectnet/annotations'
    assert graph.policies(topic) == {('RELIABLE', 'VOLATILE')}
    objects = graph.inbox('/detectnet/detections', Detection2DArray)
    graph.wait_until('a subscriber', lambda: camera.outputs.wanted('detections'))
    publisher = graph.image_publisher('/detectnet/image_in')
    graph.ask(publisher, make_image(chelsea, stamp=1), objects)
    assert made == []
    annotations = graph.inbox(topic, Header)
    graph.wait_until('a subscriber', lambda: camera.outputs.wanted('annotations'))
    sent = make_image(chelsea, stamp=2)
    (found,) = graph.ask(publisher, sent, objects).detections
    text = f'cat {found.results[0].hypothesis.score:.0%}'
    wanted = Header(stamp=sent.header.stamp, frame_id=text)
    graph.wait_until('its annotations', lambda: wanted in annotations.messages)


def test_without_the_message_package_there_is_no_such_topic(
    monkeypatch: pytest.MonkeyPatch, active_here: Callable[..., Any], ssd_onnx: Path
) -> None:
    monkeypatch.setitem(sys.modules, 'foxglove_msgs.msg', None)
    (camera,) = active_here(DetectNetNode).cameras
    assert 'annotations' not in camera.outputs
    assert 'detections' in camera.outputs
