# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of detections: from candidates in the network to objects in the source."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.imaging.placement import place
from ros_deep_learning.tasks.detection import Candidates, Detections
from ros_deep_learning.tasks.suppression import DetectionSettings, detections_from

STRETCH = place((600, 300), (300, 300), 'stretch')


def candidates(*rows):
    """Rows of x1, y1, x2, y2, score, class."""
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Candidates(table[:, :4], table[:, 4], table[:, 5].astype(np.int32))


@pytest.mark.parametrize('mode', ['stretch', 'letterbox', 'crop'])
def test_no_candidate_is_no_detection(mode):
    found = detections_from(candidates(), place((64, 48), (30, 30), mode), DetectionSettings())
    assert len(found) == 0
    assert found.boxes_xyxy.shape == (0, 4)
    assert found.boxes_xyxy.dtype == np.float32
    assert (found.scores.shape, found.scores.dtype) == ((0,), np.float32)
    assert (found.class_ids.shape, found.class_ids.dtype) == ((0,), np.int32)
    assert found.source_wh == (64, 48)


def test_boxes_come_back_in_source_pixels_best_first():
    found = detections_from(
        candidates((0, 0, 30, 30, 0.6, 2), (150, 150, 300, 300, 0.9, 1)),
        STRETCH,
        DetectionSettings(),
    )
    assert isinstance(found, Detections)
    assert found.boxes_xyxy.tolist() == [[300, 150, 600, 300], [0, 0, 60, 30]]
    assert found.boxes_xyxy.dtype == np.float32
    assert found.class_ids.tolist() == [1, 2]
    np.testing.assert_allclose(found.scores, [0.9, 0.6])
    assert found.source_wh == (600, 300)


def test_boxes_are_clipped_and_those_outside_dropped():
    letterbox = place((200, 100), (100, 100), 'letterbox')
    found = detections_from(
        candidates(
            (-10, 0, 50, 60, 0.9, 0),
            (0, 80, 100, 100, 0.8, 0),
            (60, 60, 60, 70, 0.7, 0),
            (70, 70, 60, 60, 0.6, 0),
            (90, 70, 120, 120, 0.55, 0),
        ),
        letterbox,
        DetectionSettings(),
    )
    assert found.boxes_xyxy.tolist() == [[0, 0, 100, 70], [180, 90, 200, 100]]


def test_boxes_are_compared_before_they_are_clipped():
    pair = candidates((-100, 0, 10, 10, 0.9, 0), (0, 0, 10, 10, 0.8, 0))
    found = detections_from(pair, place((20, 20), (20, 20), 'stretch'), DetectionSettings())
    assert found.boxes_xyxy.tolist() == [[0, 0, 10, 10], [0, 0, 10, 10]]


@pytest.mark.parametrize(
    ('nms', 'suppressed', 'count'),
    [
        ('auto', False, 1),
        ('auto', True, 2),
        ('always', True, 1),
        ('never', False, 2),
    ],
)
def test_duplicates_stay_if_the_network_has_suppressed_them(nms, suppressed, count):
    pair = candidates((0, 0, 10, 10, 0.9, 0), (0, 0, 10, 10, 0.8, 0))
    placed = place((20, 20), (20, 20), 'stretch')
    settings = DetectionSettings(nms=nms)
    assert len(detections_from(pair, placed, settings, suppressed=suppressed)) == count


def test_not_finite_is_dropped():
    found = detections_from(
        candidates(
            (0, 0, np.inf, 30, 0.9, 0),
            (np.nan, 0, 10, 10, 0.9, 0),
            (-np.inf, -np.inf, np.inf, np.inf, 0.9, 0),
            (0, 0, 10, 10, np.nan, 0),
            (0, 0, 10, 10, np.inf, 0),
            (5, 5, 10, 10, 0.7, 3),
        ),
        STRETCH,
        DetectionSettings(),
    )
    assert found.class_ids.tolist() == [3]
    assert np.isfinite(found.boxes_xyxy).all()


def test_settings_reach_suppression():
    pair = candidates((0, 0, 10, 10, 0.9, 0), (0, 0, 10, 9, 0.8, 1), (50, 50, 60, 60, 0.7, 0))

    def classes(**changes):
        return detections_from(pair, STRETCH, DetectionSettings(**changes)).class_ids.tolist()

    assert classes() == [0, 1, 0]
    assert classes(class_agnostic=True) == [0, 0]
    assert classes(class_agnostic=True, iou_threshold=0.95) == [0, 1, 0]
    assert classes(max_detections=2) == [0, 1]
    assert classes(candidate_limit=1) == [0]


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('score_threshold', -0.01),
        ('score_threshold', 1.01),
        ('score_threshold', float('nan')),
        ('iou_threshold', 1.5),
        ('iou_threshold', float('nan')),
        ('max_detections', 0),
        ('candidate_limit', -1),
    ],
)
def test_settings_out_of_range(name, value):
    with pytest.raises(SettingsError, match=f'^{name}: expected '):
        DetectionSettings(**{name: value})


@pytest.mark.parametrize('index', [[], [2, 0]])
def test_taking_some_keeps_their_tracks(index):
    boxes = np.arange(12, dtype=np.float32).reshape(3, 4)
    found = Detections(boxes, np.ones(3, np.float32), np.arange(3, dtype=np.int32), (9, 9))
    index = np.array(index, np.intp)
    assert found.take(index).track_ids is None
    tracked = Detections(*(getattr(found, n) for n in found.__slots__[:4]), np.array([7, -1, 8]))
    assert tracked.take(index).track_ids.tolist() == [(7, -1, 8)[k] for k in index]
    assert tracked.take(index).class_ids.tolist() == index.tolist()
