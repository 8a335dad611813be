# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the wanted classes and sizes, and of clustering, on the way to detections."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.imaging.placement import place
from ros_deep_learning.tasks.detection import Candidates
from ros_deep_learning.tasks.suppression import DetectionFilter, DetectionSettings, detections_from

# Two source pixels a network pixel.
PLACEMENT = place((200, 100), (100, 50), 'stretch')


def found(rows, **options):
    """Make detections of rows (x1, y1, x2, y2, score, class) in network pixels."""
    table = np.array(rows, np.float64).reshape(-1, 6)
    candidates = Candidates(
        table[:, :4].astype(np.float32),
        table[:, 4].astype(np.float32),
        table[:, 5].astype(np.int32),
    )
    return detections_from(candidates, PLACEMENT, DetectionSettings(**options))


CLUSTERED = {'cluster_overlap': 0.75}
BIG, SHIFTED, INNER = (0, 0, 50, 50, 0.6, 1), (2, 0, 52, 50, 0.9, 1), (10, 10, 20, 20, 0.8, 2)


@pytest.mark.parametrize('options', [{}, CLUSTERED, {'only': DetectionFilter(frozenset())}])
def test_nothing(options):
    nothing = found([], **options)
    assert (nothing.boxes_xyxy.shape, nothing.boxes_xyxy.dtype) == ((0, 4), np.float32)
    assert (nothing.scores.dtype, nothing.class_ids.dtype) == (np.float32, np.int32)
    assert nothing.source_wh == (200, 100)


def test_clusters_are_in_source_pixels_and_best_first():
    merged = found([BIG, SHIFTED, INNER], **CLUSTERED)
    assert merged.boxes_xyxy.tolist() == [[0, 0, 104, 100], [20, 20, 40, 40]]
    np.testing.assert_allclose(merged.scores, [0.9, 0.8])
    assert merged.class_ids.tolist() == [1, 2]


def test_boxes_are_clipped_before_they_are_merged():
    merged = found([(60, -40, 140, 50, 0.9, 1)], **CLUSTERED)
    assert merged.boxes_xyxy.tolist() == [[120, 0, 200, 100]]


def test_no_more_clusters_than_wanted():
    assert len(found([BIG, INNER], max_detections=1, **CLUSTERED)) == 1


@pytest.mark.parametrize('options', [{}, CLUSTERED])
def test_unwanted_classes_suppress_nothing_and_use_up_no_place(options):
    same_place = [(0, 0, 50, 50, 0.9, 0), (0, 0, 50, 50, 0.6, 1), (60, 0, 90, 50, 0.8, 0)]
    only = DetectionFilter(frozenset({1}))
    for limit in ('max_detections', 'candidate_limit'):
        wanted = found(same_place, only=only, class_agnostic=True, **{limit: 1}, **options)
        assert wanted.class_ids.tolist() == [1]


@pytest.mark.parametrize('options', [{}, CLUSTERED])
@pytest.mark.parametrize('outside', [(101, 0, 120, 10), (0, -9, 20, 0), (30, 0, 20, 10)])
def test_boxes_outside_the_source_use_up_no_place(outside, options):
    rows = [(*outside, 0.9, 1), (60, 0, 90, 50, 0.8, 1)]
    for limit in ('max_detections', 'candidate_limit'):
        assert found(rows, **{limit: 1}, **options).boxes_xyxy.tolist() == [[120, 0, 180, 100]]


def test_sizes_are_those_in_the_source():
    rows = [(0, 0, 10, 10, 0.9, 1), (20, 0, 30.5, 10.5, 0.8, 1)]
    only = DetectionFilter(min_width_px=21, min_height_px=21)
    assert found(rows, only=only).boxes_xyxy.tolist() == [[40, 0, 61, 21]]
    assert len(found(rows, only=only, max_detections=1)) == 1


def test_unwanted_sizes_suppress_nothing_and_use_up_no_place():
    rows = [(0, 0, 10, 10, 0.9, 1), (0, 0, 11, 11, 0.8, 1), (20, 0, 30, 10, 0.7, 1)]
    only = DetectionFilter(min_width_px=21, min_height_px=21)
    for limit in ('max_detections', 'candidate_limit'):
        assert found(rows, only=only, **{limit: 1}).boxes_xyxy.tolist() == [[0, 0, 22, 22]]


def test_clusters_are_measured_after_they_have_grown():
    rows = [(0, 0, 10, 10, 0.9, 1), (1, 0, 11, 10, 0.8, 1)]
    only = DetectionFilter(min_width_px=21)
    assert found(rows, only=only, **CLUSTERED).boxes_xyxy.tolist() == [[0, 0, 22, 20]]
    assert len(found(rows, only=only)) == 0


def test_order():
    rows = [INNER, BIG]
    assert found(rows).class_ids.tolist() == [2, 1]
    assert found(rows, only=DetectionFilter(order='area')).class_ids.tolist() == [1, 2]


@pytest.mark.parametrize('overlap', [-0.1, 1.1, float('nan')])
def test_bad_overlap(overlap):
    with pytest.raises(SettingsError, match='cluster_overlap'):
        DetectionSettings(cluster_overlap=overlap)
