# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Serialised detections have the bytes that rclpy makes of the typed message."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from ros_deep_learning.nodes.messages import results, serialized_detections
from ros_deep_learning.tasks.detection import Detections

pytestmark = pytest.mark.rclpy

ENCAPSULATION = 4
SIZES = {'int32': 4, 'uint32': 4, 'double': 8}
# A text ends with its first zero.
TEXTS = st.text(st.characters(exclude_categories=['Cs']), max_size=12) | st.sampled_from(
    ['', '\0', 'a\0b', 'Ampel (rot) äöü', '交通信号灯', 'x' * 300]
)
HEADERS = st.builds(
    Header,
    stamp=st.builds(Time, sec=st.integers(-(2**31), 2**31 - 1), nanosec=st.integers(0, 2**32 - 1)),
    frame_id=TEXTS,
)


@st.composite
def answers(draw):
    names = draw(st.lists(TEXTS, min_size=1, max_size=4))
    count = draw(st.integers(0, 9))
    edges = st.floats(-1e6, 1e6, width=32)
    scores = st.floats(width=32, allow_nan=True)
    tracks = st.none() | arrays(np.int64, count, elements=st.integers(-1, 2**63 - 1))
    return names, Detections(
        draw(arrays(np.float32, (count, 4), elements=edges)),
        draw(arrays(np.float32, count, elements=scores)),
        draw(arrays(np.int32, count, elements=st.integers(0, len(names) - 1))),
        (640, 480),
        draw(tracks),
    )


class Padding:
    """Where the serialised form of a message has bytes of no meaning, which rclpy leaves unset."""

    def __init__(self, message):
        self.places = []
        self.length = ENCAPSULATION
        self._walk(message)

    def _walk(self, message):
        for name, kind in message.get_fields_and_field_types().items():
            value = getattr(message, name)
            if kind == 'string':
                self._take(4, 4 + len(value.partition('\0')[0].encode()) + 1)
            elif kind == 'double[36]':
                self._take(8, 36 * 8)
            elif kind in SIZES:
                self._take(SIZES[kind], SIZES[kind])
            elif kind.startswith('sequence<'):
                self._take(4, 4)
                for one in value:
                    self._walk(one)
            else:
                self._walk(value)

    def _take(self, alignment, size):
        while (self.length - ENCAPSULATION) % alignment:
            self.places.append(self.length)
            self.length += 1
        self.length += size


@given(HEADERS, answers())
def test_the_bytes_are_those_of_rclpy(header, answer):
    names, found = answer
    typed = results.detections_message(header, found, names)
    data = serialized_detections.serialized_detections(header, found, names)
    by_rclpy = bytearray(serialize_message(typed))
    padding = Padding(typed)
    assert len(data) == len(by_rclpy) == padding.length
    for place in padding.places:
        by_rclpy[place] = 0
    assert data == by_rclpy


@given(HEADERS, answers())
def test_rclpy_reads_them(header, answer):
    names, found = answer
    data = serialized_detections.serialized_detections(header, found, names)
    message = deserialize_message(data, Detection2DArray)
    assert len(message.detections) == len(found)
    np.testing.assert_allclose(results.boxes_of(message), found.boxes_xyxy, atol=0.2)
    read = np.array([one.results[0].hypothesis.score for one in message.detections], np.float32)
    np.testing.assert_array_equal(read, found.scores)
    for one, class_id in zip(message.detections, found.class_ids, strict=True):
        assert one.header == message.header
        assert one.results[0].hypothesis.class_id == names[class_id].partition('\0')[0]


@pytest.fixture
def afresh():
    """Forget which fields are installed, before and after."""
    serialized_detections.is_layout_known.cache_clear()
    yield
    serialized_detections.is_layout_known.cache_clear()


def test_other_fields_are_published_as_a_message(monkeypatch, afresh):
    nothing = Detections(
        np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int32), (640, 480)
    )
    assert type(serialized_detections.outgoing_detections(Header(), nothing, [])) is bytes
    serialized_detections.is_layout_known.cache_clear()

    def kind(name):
        if name == 'vision_msgs/Detection2D':
            fields = {'header': 'std_msgs/Header', 'is_tracking': 'boolean'}
            return SimpleNamespace(get_fields_and_field_types=lambda: fields)
        return known(name)

    known = serialized_detections.message_type
    monkeypatch.setattr(serialized_detections, 'message_type', kind)
    message = serialized_detections.outgoing_detections(Header(frame_id='camera'), nothing, [])
    assert message == Detection2DArray(header=Header(frame_id='camera'))
