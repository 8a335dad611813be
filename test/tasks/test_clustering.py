# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of overlap-union clustering."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ros_deep_learning.tasks.clustering import cluster


def run(boxes, scores, classes, threshold=0.75, **more):
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    return cluster(
        boxes, np.array(scores, np.float32), np.array(classes, np.int32), threshold, **more
    )


def reference(boxes, scores, classes, threshold):
    """jetson-inference's loop, over boxes sorted best first."""
    kept = []
    for k in np.argsort(-scores, kind='stable'):
        box = [float(v) for v in boxes[k]]
        for cell in kept:
            a, b = cell['box'], box
            w = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
            h = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
            larger = max((c[2] - c[0]) * (c[3] - c[1]) for c in (a, b))
            if classes[k] == cell['class'] and larger > 0 and w * h / larger > threshold:
                cell['box'] = [min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])]
                break
        else:
            kept.append({'box': box, 'score': scores[k], 'class': classes[k]})
    return kept


def test_nothing():
    found = run([], [], [])
    assert (found.boxes_xyxy.shape, found.boxes_xyxy.dtype) == ((0, 4), np.float32)
    assert (found.scores.shape, found.scores.dtype) == ((0,), np.float32)
    assert (found.class_ids.shape, found.class_ids.dtype) == ((0,), np.int32)


def test_the_union_has_the_best_score():
    found = run([[0, 0, 100, 100], [5, 5, 105, 100]], [0.6, 0.9], [3, 3])
    assert found.boxes_xyxy.tolist() == [[0, 0, 105, 100]]
    assert found.scores.tolist() == [np.float32(0.9)]
    assert found.class_ids.tolist() == [3]


def test_the_larger_area_counts():
    # The inner box lies wholly in the outer one, but makes up a quarter of it only.
    inner_and_outer = [[0, 0, 100, 100], [0, 0, 50, 50]]
    assert len(run(inner_and_outer, [0.9, 0.8], [0, 0]).scores) == 2
    assert len(run(inner_and_outer, [0.9, 0.8], [0, 0], 0.25).scores) == 2
    assert len(run(inner_and_outer, [0.9, 0.8], [0, 0], 0.24).scores) == 1


def test_classes_stay_apart_unless_told_otherwise():
    twice = [[0, 0, 10, 10]] * 2
    assert run(twice, [0.5, 0.6], [0, 1]).class_ids.tolist() == [1, 0]
    assert run(twice, [0.5, 0.6], [0, 1], class_agnostic=True).class_ids.tolist() == [1]


def test_a_threshold_of_zero_merges_whatever_overlaps():
    assert len(run([[0, 0, 10, 10], [9, 9, 20, 20]], [0.5, 0.6], [0, 0], 0.0).scores) == 1
    assert len(run([[0, 0, 10, 10], [10, 0, 20, 10]], [0.5, 0.6], [0, 0], 0.0).scores) == 2


def test_a_cluster_that_has_grown_takes_more():
    chain = [[0, 0, 100, 10], [40, 0, 140, 10], [75, 0, 175, 10]]
    found = run(chain, [0.9, 0.8, 0.7], [0, 0, 0], 0.4)
    assert found.boxes_xyxy.tolist() == [[0, 0, 175, 10]]


def test_only_the_best_candidates_enter():
    apart = [[k * 20, 0, k * 20 + 10, 10] for k in range(9)]
    scores = np.arange(1, 10) / 10
    best = run(apart, scores, [0] * 9, candidate_limit=3)
    assert best.boxes_xyxy[:, 0].tolist() == [160, 140, 120]


def test_bad_numbers_are_dropped():
    boxes = [[0, 0, 10, 10], [np.nan, 0, 10, 10], [0, 0, np.inf, 10], [0, 0, 10, 10]]
    found = run(boxes, [0.5, 0.9, 0.9, np.nan], [0] * 4)
    assert found.boxes_xyxy.tolist() == [[0, 0, 10, 10]]


@pytest.mark.parametrize('threshold', [0.0, 0.3, 0.75])
@pytest.mark.parametrize('seed', range(4))
def test_random(seed, threshold):
    rng = np.random.default_rng(seed)
    corner, side = rng.random((150, 2)) * 80, rng.random((150, 2)) * 60
    boxes = np.concatenate([corner, corner + side], axis=1).astype(np.float32)
    scores, classes = rng.random(150).astype(np.float32), rng.integers(0, 3, 150)
    expected = reference(boxes, scores, classes, threshold)
    found = run(boxes, scores, classes, threshold)
    np.testing.assert_allclose(found.boxes_xyxy, [c['box'] for c in expected], rtol=1e-6)
    np.testing.assert_array_equal(found.scores, [c['score'] for c in expected])
    np.testing.assert_array_equal(found.class_ids, [c['class'] for c in expected])


edges = hnp.arrays(
    np.float32, st.tuples(st.integers(0, 12), st.just(4)), elements=st.integers(0, 9)
)


@given(edges, st.data())
def test_the_order_of_the_input_never_matters(raw, data):
    boxes = np.concatenate(
        [np.minimum(raw[:, :2], raw[:, 2:]), np.maximum(raw[:, :2], raw[:, 2:])], 1
    )
    scores, classes = (raw.sum(axis=1) % 3) / 4, raw[:, 0] % 2
    order = np.array(data.draw(st.permutations(range(len(boxes)))), np.intp)
    one = run(boxes, scores, classes, 0.5)
    other = run(boxes[order], scores[order], classes[order], 0.5)
    for name in ('boxes_xyxy', 'scores', 'class_ids'):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    # Each box lies in a cluster of its class.
    for box, k in zip(boxes, classes, strict=True):
        mine = one.boxes_xyxy[one.class_ids == k]
        assert ((mine[:, :2] <= box[:2]).all(1) & (mine[:, 2:] >= box[2:]).all(1)).any()
