# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of non-maximum suppression, against OpenCV and a float64 loop."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_deep_learning.tasks.boxes import best_first, iou_matrix, strongest
from ros_deep_learning.tasks.nms import nms


def reference(boxes, scores, class_ids, iou_threshold, max_detections, agnostic, groups=None):
    """Suppress with plain Python floats, one pair at a time."""
    order = sorted(
        range(len(scores)), key=lambda i: (-scores[i], class_ids[i], *map(float, boxes[i]))
    )
    kept = []
    for i in order:
        ax1, ay1, ax2, ay2 = map(float, boxes[i])
        for k in kept:
            bx1, by1, bx2, by2 = map(float, boxes[k])
            shared = max(min(ax2, bx2) - max(ax1, bx1), 0) * max(min(ay2, by2) - max(ay1, by1), 0)
            union = (ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - shared
            same = agnostic or class_ids[i] == class_ids[k]
            same = same and (groups is None or groups[i] != groups[k])
            if same and union > 0 and shared / union > iou_threshold:
                break
        else:
            kept.append(i)
    return kept[:max_detections]


def crowd(count, classes, seed):
    """Boxes that overlap a lot, with distinct scores."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(50, 250, (max(1, count // 8), 2))[
        rng.integers(0, max(1, count // 8), count)
    ]
    centres = centres + rng.normal(0, 6, (count, 2))
    half = rng.uniform(10, 30, (count, 2))
    boxes = np.concatenate([centres - half, centres + half], axis=1).astype(np.float32)
    scores = rng.permutation(np.linspace(0.1, 0.99, count)).astype(np.float32)
    return boxes, scores, rng.integers(0, classes, count).astype(np.int32)


def test_empty():
    kept = nms(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, int), 0.5, 10)
    assert kept.shape == (0,)
    assert kept.dtype == np.int64


@pytest.mark.parametrize('agnostic', [False, True])
@pytest.mark.parametrize('threshold', [0.0, 0.3, 0.6, 1.0])
def test_equals_loop(threshold, agnostic):
    for seed, count in enumerate((1, 2, 17, 32, 33, 120)):
        case = crowd(count, 4, seed)
        groups = np.random.default_rng(seed).integers(0, 3, count)
        for apart in (None, groups):
            kept = nms(*case, threshold, 50, class_agnostic=agnostic, groups=apart)
            assert kept.tolist() == reference(*case, threshold, 50, agnostic, apart)


@pytest.mark.parametrize('threshold', [0.3, 0.45, 0.6])
def test_equals_opencv(threshold):
    for seed in range(5):
        boxes, scores, class_ids = crowd(150, 5, seed)
        xywh = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1).tolist()
        wanted = cv2.dnn.NMSBoxesBatched(xywh, scores.tolist(), class_ids.tolist(), 0.0, threshold)
        assert set(nms(boxes, scores, class_ids, threshold, 1000)) == set(wanted)
        alone = cv2.dnn.NMSBoxes(xywh, scores.tolist(), 0.0, threshold)
        kept = nms(boxes, scores, class_ids, threshold, 1000, class_agnostic=True)
        assert kept.tolist() == list(alone)


def test_an_overlap_equal_to_the_threshold_stays():
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 5]], np.float32)
    scores, class_ids = np.array([0.9, 0.8]), np.zeros(2, int)
    assert nms(boxes, scores, class_ids, 0.5, 10).tolist() == [0, 1]
    assert nms(boxes, scores, class_ids, 0.4999, 10).tolist() == [0]


def test_classes_far_apart_in_number_do_not_blur_the_boxes():
    boxes = np.array([[0, 0, 1, 1], [0.5, 0, 1.5, 1]] * 2, np.float32)
    class_ids = np.array([0, 0, 2**30, 2**30], np.int32)
    kept = nms(boxes, np.array([0.9, 0.8, 0.7, 0.6], np.float32), class_ids, 0.3, 10)
    assert kept.tolist() == [0, 2]


def test_max_detections_counts_all_classes():
    boxes = np.arange(10)[:, None] * 20 + np.array([0, 0, 10, 10])
    kept = nms(boxes, np.linspace(0.1, 1, 10), np.arange(10) % 3, 0.5, 4)
    assert kept.tolist() == [9, 8, 7, 6]


def test_not_finite_is_dropped():
    boxes = np.arange(6)[:, None] * 20 + np.array([0, 0, 10, 10], np.float32)
    scores = np.linspace(0.9, 0.4, 6).astype(np.float32)
    boxes[0, 3], boxes[1, 0], scores[2], scores[3] = np.nan, -np.inf, np.inf, np.nan
    assert nms(boxes, scores, np.zeros(6, int), 0.5, 10).tolist() == [4, 5]
    assert nms(np.full((3, 4), np.nan), np.full(3, np.nan), np.zeros(3, int), 0.5, 10).size == 0


@pytest.mark.parametrize('scores', ['spread', 'equal'])
def test_only_the_best_candidates_enter(scores):
    count = 200_000
    rng = np.random.default_rng(1)
    boxes = np.zeros((count, 4), np.float32)
    boxes[:, :2] = rng.uniform(0, 1000, (count, 2))
    boxes[:, 2:] = boxes[:, :2] + 1
    values = rng.permutation(count).astype(np.float32) if scores == 'spread' else np.ones(count)
    kept = nms(boxes, values, np.zeros(count, int), 1.0, 10_000, candidate_limit=300)
    assert len(kept) == 300
    if scores == 'spread':
        assert kept.tolist() == np.argsort(-values)[:300].tolist()


@pytest.mark.parametrize(
    ('scores', 'limit', 'indices'),
    [
        ([], 3, []),
        ([0.5, 0.9], 3, [0, 1]),
        ([0.5, 0.9, 0.7, 0.1], 2, [1, 2]),
        ([0.5, 0.9, 0.5, 0.1], 2, [0, 1, 2]),
        ([0.5, 0.5, 0.5], 1, [0, 1, 2]),
    ],
)
def test_strongest(scores, limit, indices):
    assert strongest(np.array(scores), limit).tolist() == indices


def test_best_first():
    boxes = np.array([[5, 0, 9, 9], [1, 0, 9, 9], [1, 0, 9, 9], [0, np.nan, 9, 9], [1, 0, 9, 9]])
    scores = np.array([0.5, 0.5, 0.9, 0.95, 0.5])
    class_ids = np.array([0, 0, 3, 0, 1])
    assert best_first(boxes, scores, class_ids, 10).tolist() == [2, 1, 0, 4]
    assert best_first(boxes, scores, class_ids, 2).tolist() == [2, 1]
    assert best_first(boxes[:0], scores[:0], class_ids[:0], 2).tolist() == []


EDGES = st.integers(0, 12)
CANDIDATES = st.lists(
    st.tuples(
        EDGES,
        EDGES,
        EDGES,
        EDGES,
        st.sampled_from([0.3, 0.5, 0.7, np.nan, 0.9]),
        st.integers(0, 2),
    ),
    max_size=25,
)


@given(rows=CANDIDATES, threshold=st.sampled_from([0.0, 0.25, 0.5, 1.0]), agnostic=st.booleans())
def test_properties(rows, threshold, agnostic):
    table = np.array(rows, np.float64).reshape(-1, 6)
    boxes = np.concatenate([table[:, :2], table[:, :2] + table[:, 2:4]], axis=1)
    scores, class_ids = table[:, 4], table[:, 5].astype(int)
    kept = nms(boxes, scores, class_ids, threshold, 100, class_agnostic=agnostic)

    assert np.isfinite(scores[kept]).all()
    assert (np.diff(scores[kept]) <= 0).all()
    if np.isfinite(scores).any():
        assert scores[kept[0]] == np.nanmax(scores)
    overlap = iou_matrix(boxes[kept], boxes[kept])
    np.fill_diagonal(overlap, 0)
    if not agnostic:
        overlap[class_ids[kept][:, None] != class_ids[kept][None]] = 0
    assert (overlap <= threshold).all()

    shuffled = np.random.default_rng(0).permutation(len(scores))
    again = nms(
        boxes[shuffled],
        scores[shuffled],
        class_ids[shuffled],
        threshold,
        100,
        class_agnostic=agnostic,
    )
    np.testing.assert_array_equal(table[shuffled][again][:, 4:], table[kept][:, 4:])
    np.testing.assert_array_equal(boxes[shuffled][again], boxes[kept])


@given(rows=CANDIDATES, threshold=st.sampled_from([0.0, 0.25, 0.5, 1.0]), agnostic=st.booleans())
def test_a_few_boxes_are_kept_as_many_are(rows, threshold, agnostic):
    table = np.array(rows, np.float64).reshape(-1, 6)
    # Of many candidates, whose others are not finite.
    padded = np.concatenate([table, np.full((33, 6), np.nan)])
    padded[len(rows) :, 5] = 0
    of_few, of_many = (
        nms(
            np.concatenate([each[:, :2], each[:, :2] + each[:, 2:4] / 7], axis=1).astype(
                np.float32
            ),
            each[:, 4].astype(np.float32),
            each[:, 5].astype(np.int32),
            threshold,
            7,
            class_agnostic=agnostic,
        )
        for each in (table, padded)
    )
    assert of_few.dtype == of_many.dtype == np.int64
    assert of_few.tolist() == of_many.tolist()
