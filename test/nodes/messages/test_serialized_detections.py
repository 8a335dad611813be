# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Serialised detections have the bytes that rclpy makes of the typed message."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rclpy.serialization import deserialize_message
from serialized_bytes import HEADERS, TEXTS, assert_bytes_of_rclpy
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from ros_deep_learning.nodes.messages import cdr, results, serialized_detections
from ros_deep_learning.tasks.detection import Detections

pytestmark = pytest.mark.rclpy


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


@given(HEADERS, answers())
def test_the_bytes_are_those_of_rclpy(header, answer):
    names, found = answer
    typed = results.detections_message(header, found, names)
    data = serialized_detections.serialized_detections(header, found, names)
    assert_bytes_of_rclpy(data, typed)


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


def test_other_fields_are_published_as_a_message(monkeypatch):
    nothing = Detections(
        np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int32), (640, 480)
    )
    assert type(serialized_detections.outgoing_detections(Header(), nothing, [])) is bytes
    monkeypatch.setattr(serialized_detections, 'has_fields', cdr.has_fields.__wrapped__)

    def kind(name):
        if name == 'vision_msgs/Detection2D':
            fields = {'header': 'std_msgs/Header', 'is_tracking': 'boolean'}
            return SimpleNamespace(get_fields_and_field_types=lambda: fields)
        return known(name)

    known = cdr.message_type
    monkeypatch.setattr(cdr, 'message_type', kind)
    message = serialized_detections.outgoing_detections(Header(frame_id='camera'), nothing, [])
    assert message == Detection2DArray(header=Header(frame_id='camera'))
