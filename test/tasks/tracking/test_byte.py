# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ByteTrack's own: score dips, and what is reported."""

from __future__ import annotations

import builtins

import pytest

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.tasks.tracking.byte import ByteSettings, ByteTracker


def test_nothing(follow):
    assert follow(ByteTracker(), [[], [], []]) == [[], [], []]


def test_a_number_comes_with_the_second_frame(follow, box):
    assert follow(ByteTracker(), [[box(100, 100)]] * 3) == [[None], [0], [0]]


def test_a_score_dip_does_not_end_a_track(follow, box):
    scores = [0.9, 0.9, 0.9, 0.3, 0.2, 0.15, 0.9]
    frames = [[box(100 + 3 * k, 100, score=s)] for k, s in enumerate(scores)]
    assert follow(ByteTracker(), frames) == [[None], *[[0]] * 6]


def test_unlikely_boxes_of_no_track_are_not_reported(follow, box):
    assert follow(ByteTracker(), [[box(100, 100, score=0.3)]] * 4) == [[]] * 4


def test_likely_boxes_are_reported_even_without_a_track(follow, box):
    assert follow(ByteTracker(), [[box(100, 100, score=0.55)]] * 4) == [[None]] * 4


def test_boxes_below_the_low_score_continue_nothing(follow, box):
    frames = [[box(100, 100)]] * 3 + [[box(100, 100, score=0.05)]]
    assert follow(ByteTracker(), frames)[-1] == []


def test_unlikely_boxes_do_not_bring_lost_tracks_back(follow, box):
    frames = [[box(100, 100)]] * 3 + [[], [box(100, 100, score=0.3)], [box(100, 100)]]
    assert follow(ByteTracker(), frames)[3:] == [[], [], [0]]


def test_the_score_weighs_in_the_first_stage(follow, box):
    # The first of the last frame's boxes overlaps better, 0.82 to 0.74, but 0.82 * 0.55 is less.
    frames = [[box(100, 100)]] * 3 + [[box(104, 100, score=0.55), box(94, 100, score=0.95)]]
    assert follow(ByteTracker(), frames)[-1] == [None, 0]


def test_a_new_object_that_misses_a_frame_is_forgotten(follow, box):
    frames = [[box(100, 100)], [], [box(100, 100)], [box(100, 100)]]
    assert follow(ByteTracker(), frames) == [[None], [], [None], [0]]


@pytest.mark.parametrize('min_frames', [1, 3])
def test_min_frames(follow, box, min_frames):
    tracker = ByteTracker(ByteSettings(min_frames=min_frames))
    numbers = follow(tracker, [[box(100, 100)]] * 4)
    assert numbers == [[None]] * (min_frames - 1) + [[0]] * (5 - min_frames)


@pytest.mark.parametrize(('gap', 'same'), [(1, True), (29, True), (30, False)])
def test_drop_frames(follow, box, gap, same):
    numbers = follow(ByteTracker(), [[box(100, 100)]] * 3 + [[]] * gap + [[box(100, 100)]] * 2)
    assert numbers[-1] == ([0] if same else [1])


def test_the_order_of_what_is_reported_stays(detections, box):
    tracker = ByteTracker()
    rows = [box(100, 100), box(300, 100, score=0.6), box(500, 100, score=0.3), box(200, 300)]
    for _ in range(3):
        found, ids = tracker.update(detections(rows))
    assert found.boxes_xyxy[:, 0].tolist() == [80, 280, 180]
    assert ids.tolist() == [0, 1, 2]


def test_classes_stay_apart_unless_told_otherwise(follow, box):
    frames = [[box(100, 100)]] * 3 + [[box(100, 100, label=1)]]
    assert follow(ByteTracker(), frames)[-1] == [None]
    assert follow(ByteTracker(ByteSettings(class_agnostic=True)), frames)[-1] == [0]


def test_settings_may_change_between_frames(follow, box):
    tracker = ByteTracker()
    follow(tracker, [[box(100, 100, score=0.7)]] * 3)
    tracker.settings = ByteSettings(high_score=0.8)
    assert follow(tracker, [[box(100, 100, score=0.7)]]) == [[0]]
    tracker.settings = ByteSettings(low_score=0.4, high_score=0.8)
    assert follow(tracker, [[box(100, 100, score=0.3)]]) == [[]]


@pytest.mark.parametrize(
    ('bad', 'name'),
    [
        ({'high_score': 1.1}, 'high_score'),
        ({'low_score': -0.1}, 'low_score'),
        ({'low_score': 0.6}, 'low_score: expected at most high_score 0.5, got 0.6'),
        ({'new_margin': 2.0}, 'new_margin'),
        ({'min_frames': 0}, 'min_frames'),
        ({'drop_frames': 0}, 'drop_frames'),
        ({'frame_s': -1.0}, 'frame_s'),
    ],
)
def test_bad_settings(bad, name):
    with pytest.raises(SettingsError, match=name):
        ByteSettings(**bad)


def test_without_scipy(monkeypatch):
    real = builtins.__import__

    def refuse(name, *rest):
        if name.startswith('scipy'):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, '__import__', refuse)
    with pytest.raises(SettingsError, match='needs SciPy: install python3-scipy'):
        ByteTracker()
