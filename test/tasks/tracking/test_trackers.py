# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what both trackers promise, on small moving worlds."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.tasks.tracking.byte import ByteTracker
from ros_deep_learning.tasks.tracking.iou import IouTracker

both = pytest.mark.parametrize('make', [IouTracker, ByteTracker])


@both
@pytest.mark.parametrize('gap', [1, 5, 10])
def test_numbers_survive_an_occlusion(make, follow, box, gap):
    """A walker passes behind a pillar, while another stands still."""
    hidden = range(20, 20 + gap)
    frames = [[box(500, 300)] + ([] if k in hidden else [box(60 + 5 * k, 100)]) for k in range(60)]
    numbers = follow(make(), frames)
    assert numbers[19] == numbers[20 + gap] == numbers[59]
    assert all(ids[0] == numbers[59][0] for ids in numbers[3:])


@both
def test_numbers_survive_a_crossing(make, follow, box):
    """Two walkers pass each other, in front of one another for some frames."""
    frames = [[box(100 + 6 * k, 200), box(460 - 6 * k, 230)] for k in range(60)]
    numbers = follow(make(), frames)
    assert numbers[10] == [0, 1]
    assert all(ids == [0, 1] for ids in numbers[10:])


@both
def test_numbers_survive_a_crossing_where_one_hides_the_other(make, follow, box):
    def rows(k):
        one, other = box(100 + 6 * k, 200), box(460 - 6 * k, 200)
        return [one] if abs(one[0] - other[0]) < 24 else [one, other]

    frames = [rows(k) for k in range(60)]
    assert min(len(r) for r in frames) == 1
    numbers = follow(make(), frames)
    assert numbers[10] == numbers[59] == [0, 1]


@both
def test_one_that_left_and_comes_back_is_another(make, follow, box):
    frames = [[box(100, 100)]] * 5 + [[]] * 40 + [[box(100, 100)]] * 5
    numbers = follow(make(), frames)
    assert numbers[4] == [0]
    assert numbers[-1] == [1]


@both
def test_numbers_do_not_depend_on_the_order_of_the_boxes(make, detections, box):
    rng = np.random.default_rng(3)
    one, other = make(), make()
    for k in range(30):
        rows = [box(60 + 90 * n + rng.normal(0, 2), 100 + 3 * k, label=n % 2) for n in range(6)]
        order = rng.permutation(6) if k > 4 else np.arange(6)
        _, ids = one.update(detections(rows))
        _, shuffled = other.update(detections([rows[n] for n in order]))
        assert ids[order].tolist() == shuffled.tolist()
    assert sorted(ids.tolist()) == list(range(6))


@both
def test_the_same_frames_give_the_same_numbers(make, follow):
    rng = np.random.default_rng(4)
    frames = []
    for _ in range(40):
        count = rng.integers(0, 12)
        corner, side = rng.random((count, 2)) * 200, 20 + rng.random((count, 2)) * 100
        table = np.concatenate(
            [corner, corner + side, rng.random((count, 1)), rng.integers(0, 2, (count, 1))], axis=1
        )
        frames.append(table[np.argsort(-table[:, 4])])
    assert follow(make(), frames) == follow(make(), frames)


@both
def test_a_slow_camera_is_followed_by_its_stamps(make, detections, box):
    """At 2 frames a second an object goes a quarter of its width a frame."""
    tracker, seen = make(), []
    for k in range(12):
        _, ids = tracker.update(detections([box(60 + 10 * k, 100)]), 0.5)
        seen.append(int(ids[0]))
    assert seen[3:] == [0] * 9


@both
def test_results_are_not_touched_later(make, detections, box):
    tracker = make()
    for _ in range(3):
        found, ids = tracker.update(detections([box(100, 100), box(300, 100)]))
    kept = (found.boxes_xyxy.copy(), ids.copy())
    for _ in range(20):
        tracker.update(detections([box(110, 100)]))
    np.testing.assert_array_equal(found.boxes_xyxy, kept[0])
    np.testing.assert_array_equal(ids, kept[1])


@both
def test_a_crowd(make, follow, box):
    """Forty walkers with boxes that tremble and now and then go missing keep their numbers."""
    rng = np.random.default_rng(5)
    home = np.array([(50 + 60 * (n % 10), 60 + 110 * (n // 10)) for n in range(40)], float)
    pace = rng.normal(0, 0.3, (40, 2))
    tracker, owner = make(), {}
    for k in range(60):
        shown = np.flatnonzero((rng.random(40) > 0.1) | (k < 4))
        rows = [box(*(home[n] + pace[n] * k + rng.normal(0, 0.7, 2))) for n in shown]
        ids = follow(tracker, [rows])[0]
        for n, track in zip(shown, ids, strict=True):
            if track is not None:
                assert owner.setdefault(track, n) == n
    assert len(owner) == 40
