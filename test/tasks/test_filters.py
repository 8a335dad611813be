# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what candidates are wanted, and of their order."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.imaging.placement import place
from ros_deep_learning.tasks.detection import Candidates
from ros_deep_learning.tasks.suppression import (
    DetectionFilter,
    DetectionSettings,
    detections_from,
)

FITS = place((640, 480), (640, 480), 'stretch')


@pytest.fixture
def candidates():
    boxes = [[0, 0, 10, 40], [0, 0, 30, 5], [5, 5, 25, 25], [0, 0, 100, 100]]
    return Candidates(
        np.array(boxes, np.float32),
        np.array([0.9, 0.8, 0.7, 0.6], np.float32),
        np.array([0, 1, 2, 0], np.int32),
    )


def filtered(candidates, only):
    """What is left of boxes that do not suppress each other."""
    settings = DetectionSettings(score_threshold=0.0, iou_threshold=1.0, only=only)
    return detections_from(candidates, FITS, settings)


def nothing():
    return Candidates(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int32))


@pytest.mark.parametrize(
    'settings',
    [
        DetectionFilter(),
        DetectionFilter(frozenset({1}), 5, 5, 'area'),
        DetectionFilter(frozenset()),
    ],
)
def test_nothing(settings):
    found = filtered(nothing(), settings)
    assert (found.boxes_xyxy.shape, found.boxes_xyxy.dtype) == ((0, 4), np.float32)
    assert found.scores.dtype == np.float32
    assert found.class_ids.dtype == np.int32
    assert found.source_wh == (640, 480)


@pytest.mark.parametrize(
    ('settings', 'index'),
    [
        (DetectionFilter(), [0, 1, 2, 3]),
        (DetectionFilter(frozenset({0})), [0, 3]),
        (DetectionFilter(frozenset({0, 2, 77})), [0, 2, 3]),
        (DetectionFilter(frozenset()), []),
        (DetectionFilter(min_width_px=20), [1, 2, 3]),
        (DetectionFilter(min_height_px=20), [0, 2, 3]),
        (DetectionFilter(min_width_px=20.5, min_height_px=20.5), [3]),
        (DetectionFilter(order='area'), [3, 0, 2, 1]),
    ],
)
def test_wanted_and_order(candidates, settings, index):
    found = filtered(candidates, settings)
    np.testing.assert_array_equal(found.boxes_xyxy, candidates.boxes_xyxy[index])
    np.testing.assert_array_equal(found.scores, candidates.scores[index])
    np.testing.assert_array_equal(found.class_ids, candidates.class_ids[index])


def test_scores_that_are_out_of_order_are_put_in_order(candidates):
    order = [2, 0, 3, 1]
    shuffled = Candidates(
        candidates.boxes_xyxy[order], candidates.scores[order], candidates.class_ids[order]
    )
    assert filtered(shuffled, DetectionFilter()).scores.tolist() == candidates.scores.tolist()


def test_the_masks_alone(candidates):
    only = DetectionFilter(frozenset({1}), min_width_px=20)
    assert only.keeps_class(candidates.class_ids).tolist() == [False, True, False, False]
    assert only.keeps_size(candidates.boxes_xyxy).tolist() == [False, True, True, True]


@pytest.mark.parametrize(
    ('bad', 'name'),
    [
        ({'min_width_px': -1}, 'min_width_px'),
        ({'min_height_px': float('nan')}, 'min_height_px'),
        ({'min_height_px': float('inf')}, 'min_height_px'),
        ({'order': 'size'}, 'order: expected one of score, area'),
    ],
)
def test_bad_settings(bad, name):
    with pytest.raises(SettingsError, match=name):
        DetectionFilter(**bad)
