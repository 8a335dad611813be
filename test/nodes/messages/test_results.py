# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of results as messages, on old and new vision_msgs."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from std_msgs.msg import Header

from ros_deep_learning.nodes.messages import results
from ros_deep_learning.tasks.classification import Classification as Seen
from ros_deep_learning.tasks.detection import Detections

pytestmark = pytest.mark.rclpy


def found(count: int, track_ids: np.ndarray | None = None) -> Detections:
    boxes = np.array([[10, 20, 110, 220], [0, 0, 5, 5]], np.float32)[:count]
    scores = np.array([0.75, 0.5], np.float32)[:count]
    return Detections(boxes, scores, np.array([1, 0], np.int32)[:count], (640, 480), track_ids)


def test_nothing_is_an_empty_message_with_the_header() -> None:
    header = Header(frame_id='camera')
    nothing = Seen(np.empty(0, np.int32), np.empty(0, np.float32), (4, 4))
    for message in (
        results.detections_message(header, found(0), []),
        results.classification_message(header, nothing, []),
    ):
        assert message.header == header
        assert len(getattr(message, 'detections', getattr(message, 'results', None))) == 0


def test_an_id_is_the_number_of_the_track_or_empty() -> None:
    names = ['cat', 'dog']
    plain = results.detections_message(Header(), found(2), names)
    assert [d.id for d in plain.detections] == ['', '']
    tracked = results.detections_message(Header(), found(2, np.array([0, -1])), names)
    assert [d.id for d in tracked.detections] == ['0', '']
    boxes = results.boxes_of(tracked)
    np.testing.assert_allclose(boxes, found(2).boxes_xyxy)


def test_vision_msgs_2_has_its_own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hypothesis(SimpleNamespace):
        def __init__(self) -> None:
            super().__init__(id='', score=0.0)

    class Classification2D(SimpleNamespace):
        pass

    old = SimpleNamespace(Classification2D=Classification2D, ObjectHypothesis=Hypothesis)
    monkeypatch.setattr(results, 'vision_msgs', old)
    seen = Seen(np.array([1], np.int32), np.array([0.75], np.float32), (4, 4))
    message = results.classification_message('header', seen, ['cat', 'dog'])
    assert type(message) is Classification2D
    assert message.header == 'header'
    assert [(r.id, r.score) for r in message.results] == [('dog', 0.75)]
