# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of results as people and other programs read them."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from ros_deep_learning.tasks.classification import ClassificationSettings, classification_from
from ros_deep_learning.tasks.detection import Detection, Detections
from ros_deep_learning.tasks.segmentation import Segmentation
from ros_deep_learning.tasks.times import NOT_TIMED, StageTimes


@pytest.fixture
def found():
    return Detections(
        np.array([[1, 2, 30.5, 40], [5, 6, 7, 8]], np.float32),
        np.array([0.75, 0.5], np.float32),
        np.array([1, 0], np.int32),
        (640, 480),
        labels=('dog', 'cat'),
        times=StageTimes(1.0, 2.0, 3.0),
    )


def test_objects_one_by_one(found):
    first, second = found
    assert first == Detection('cat', 1, 0.75, (1.0, 2.0, 30.5, 40.0))
    assert second == found[1] == found[-1]
    assert [one.label for one in found] == ['cat', 'dog']
    with pytest.raises(IndexError):
        found[2]


def test_nothing_found(found):
    nothing = found.take(np.zeros(0, np.intp))
    assert list(nothing) == nothing.to_dicts() == []
    assert repr(nothing) == '<Detections: 0 objects in 640x480>'


def test_a_track_has_a_number_once_it_was_seen_often_enough(found):
    assert [one.track_id for one in found] == [None, None]
    tracked = replace(found, track_ids=np.array([7, -1], np.int64))
    assert [one.track_id for one in tracked] == [7, None]
    assert str(tracked[0]) == 'cat #7 75% at (1, 2, 30, 40)'


def test_detections_as_plain_dictionaries(found):
    assert json.loads(json.dumps(found.to_dicts()))[0] == {
        'label': 'cat',
        'class_id': 1,
        'score': 0.75,
        'box_xyxy': [1.0, 2.0, 30.5, 40.0],
        'track_id': None,
    }


def test_detections_as_text(found):
    assert repr(found) == (
        '<Detections: 2 objects in 640x480: cat 75% at (1, 2, 30, 40); dog 50% at (5, 6, 7, 8)>'
    )
    many = found.take(np.zeros(20, np.intp))
    assert repr(many).endswith('; and 12 more>')
    assert repr(found.take(np.array([1]))).startswith('<Detections: 1 object in ')


def test_what_is_taken_keeps_labels_and_times(found):
    one = found.take(np.array([1]))
    assert (one.labels, one.times) == (found.labels, found.times)


def test_classes_without_labels_are_called_by_their_numbers(found):
    assert [one.label for one in replace(found, labels=())] == ['1', '0']


def test_classification():
    scores = np.array([0.25, 0.0, 0.75], np.float32)
    seen = classification_from(
        scores, (8, 6), ClassificationSettings(score_threshold=0.1), labels=('a', 'b', 'c')
    )
    assert [(one.label, one.class_id, one.score) for one in seen] == [
        ('c', 2, 0.75),
        ('a', 0, 0.25),
    ]
    assert json.loads(json.dumps(seen.to_dicts())) == [
        {'label': 'c', 'class_id': 2, 'score': 0.75},
        {'label': 'a', 'class_id': 0, 'score': 0.25},
    ]
    assert repr(seen) == '<Classification: c 75%, a 25%>'
    assert seen.times is NOT_TIMED
    none = classification_from(scores, (8, 6), ClassificationSettings(score_threshold=1.0))
    assert repr(none) == '<Classification: nothing>'


def test_segmentation():
    mask = np.array([[0, 1, 1, 255]], np.uint8)
    parts = Segmentation(mask, np.ones((1, 4), np.float32), 3, (4, 1), labels=('a', 'b', 'c'))
    assert json.loads(json.dumps(parts.to_dicts())) == [
        {'label': 'a', 'class_id': 0, 'pixels': 1, 'share': 0.25},
        {'label': 'b', 'class_id': 1, 'pixels': 2, 'share': 0.5},
        {'label': 'c', 'class_id': 2, 'pixels': 0, 'share': 0.0},
    ]
    assert repr(parts) == '<Segmentation: 4x1, b 50%, a 25%>'
    assert [one['label'] for one in replace(parts, labels=()).to_dicts()] == ['0', '1', '2']
