# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what detections are wanted, and of their order."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.tasks.detection import Detections
from ros_deep_learning.tasks.filters import (
    DetectionFilter,
    class_ids_of,
    filtered,
    of_wanted_class,
    of_wanted_size,
)

LABELS = ('person', 'traffic light', 'Dog', 'dog')


@pytest.fixture
def detections():
    boxes = [[0, 0, 10, 40], [0, 0, 30, 5], [5, 5, 25, 25], [0, 0, 100, 100]]
    return Detections(
        np.array(boxes, np.float32),
        np.array([0.9, 0.8, 0.7, 0.7], np.float32),
        np.array([0, 1, 2, 0], np.int32),
        (640, 480),
    )


def nothing():
    return Detections(
        np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int32), (640, 480)
    )


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
def test_wanted_and_order(detections, settings, index):
    found = filtered(detections, settings)
    expected = detections.take(np.array(index, np.intp))
    np.testing.assert_array_equal(found.boxes_xyxy, expected.boxes_xyxy)
    np.testing.assert_array_equal(found.scores, expected.scores)
    np.testing.assert_array_equal(found.class_ids, expected.class_ids)


def test_scores_that_are_out_of_order_are_put_in_order(detections):
    shuffled = detections.take(np.array([2, 0, 3, 1]))
    assert filtered(shuffled, DetectionFilter()).scores.tolist() == detections.scores.tolist()


def test_the_masks_alone(detections):
    only = DetectionFilter(frozenset({1}), min_width_px=20)
    assert of_wanted_class(detections.class_ids, only).tolist() == [False, True, False, False]
    assert of_wanted_size(detections.boxes_xyxy, only).tolist() == [False, True, True, True]


@pytest.mark.parametrize(
    ('bad', 'name'),
    [
        ({'min_width_px': -1}, 'min_width_px'),
        ({'min_height_px': float('nan')}, 'min_height_px'),
        ({'min_height_px': float('inf')}, 'min_height_px'),
        ({'order': 'size'}, 'order: want one of score, area'),
    ],
)
def test_bad_settings(bad, name):
    with pytest.raises(SettingsError, match=name):
        DetectionFilter(**bad)


def test_classes_by_name():
    assert class_ids_of([], LABELS) == frozenset()
    assert class_ids_of(['Person', 'TRAFFIC LIGHT'], LABELS) == {0, 1}
    assert class_ids_of(['dog'], LABELS) == {2, 3}


def test_an_unknown_class_names_those_close_to_it():
    with pytest.raises(
        SettingsError, match="'persn' is none of the 4 labels; close to it: person"
    ):
        class_ids_of(['persn'], LABELS)
    with pytest.raises(SettingsError, match=r"'zebra' is none of the 4 labels$"):
        class_ids_of(['zebra'], LABELS)
