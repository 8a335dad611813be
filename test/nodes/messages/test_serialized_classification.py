# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Serialised classes have the bytes that rclpy makes of the typed message."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message
from serialized_bytes import HEADERS, TEXTS, assert_bytes_of_rclpy
from std_msgs.msg import Header
from vision_msgs.msg import Classification

from ros_deep_learning.nodes.messages import cdr, results, serialized_classification
from ros_deep_learning.tasks.classification import Classification as Seen

pytestmark = pytest.mark.rclpy
write = serialized_classification.serialized_classification


def seen(*scores):
    ids = np.arange(len(scores), dtype=np.int32)
    return Seen(ids, np.array(scores, np.float32), (640, 480))


@given(HEADERS, st.lists(st.tuples(TEXTS, st.floats(width=32)), max_size=9))
def test_the_bytes_are_those_of_rclpy(header, classes):
    names = [name for name, _ in classes]
    answer = seen(*(score for _, score in classes))
    data = write(header, answer, names)
    assert_bytes_of_rclpy(data, results.classification_message(header, answer, names))
    read = deserialize_message(data.tobytes(), Classification)
    assert [one.class_id for one in read.results] == [n.partition('\0')[0] for n in names]
    np.testing.assert_array_equal([one.score for one in read.results], answer.scores)


def test_other_fields_are_published_as_a_message(monkeypatch):
    def kind(name):
        if name == 'vision_msgs/Classification':
            fields = {'header': 'std_msgs/Header', 'source_img': 'sensor_msgs/Image'}
            return SimpleNamespace(get_fields_and_field_types=lambda: fields)
        return known(name)

    known = cdr.message_type
    monkeypatch.setattr(cdr, 'message_type', kind)
    monkeypatch.setattr(serialized_classification, 'has_fields', cdr.has_fields.__wrapped__)
    header = Header(frame_id='camera')
    message = serialized_classification.outgoing_classification(header, seen(), [])
    assert message == Classification(header=header)
