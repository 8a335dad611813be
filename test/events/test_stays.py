# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of rules on how long one and the same object stays, without ROS."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ros_deep_learning.events.object_rules import ObjectRule
from ros_deep_learning.events.rules import compile_rules, parse_rules
from ros_deep_learning.events.stays import Stays
from ros_deep_learning.events.watch import Watch
from ros_deep_learning.tasks.detection import Detections
from ros_deep_learning.tasks.tracking.tracker import Tracker, TrackingSettings

S = 1_000_000_000
LABELS = ('person',)


def stays(frames: Sequence[tuple[float, Sequence[int]]], stay_s: float = 1.0) -> list[list[int]]:
    """Play (seconds, tracks) and list the tracks that have stayed, with gaps of 0.5 s."""
    memory = Stays(stay_s, 0.5)
    return [sorted(memory.update(tracks, round(second * S))) for second, tracks in frames]


def test_each_track_has_its_own_time() -> None:
    frames = [(0.0, [1]), (0.4, [1]), (0.5, [1, 2]), (0.9, [1, 2]), (1.0, [1, 2]), (1.5, [2])]
    assert stays(frames) == [[], [], [], [], [1], [2]]


def test_passers_by_do_not_add_up() -> None:
    assert stays([(k / 10, [k // 5]) for k in range(50)]) == [[]] * 50


def test_a_track_may_be_away_for_a_moment() -> None:
    frames = [(0.0, [1]), (0.4, []), (0.5, [1]), (1.0, [1]), (1.6, [1]), (2.0, [1]), (2.5, [1])]
    # From 1.0 to 1.6 was too long.
    assert stays(frames) == [[], [], [], [1], [], [], []]


def test_a_clock_that_jumps_back_starts_the_times_anew() -> None:
    frames = [(100.0, [1]), (100.5, [1]), (5.0, [1]), (5.5, [1]), (6.0, [1])]
    assert stays(frames) == [[], [], [], [], [1]]


def test_what_is_remembered_does_not_grow() -> None:
    memory = Stays(1.0, 0.5)
    for number in range(1000):
        memory.update([number], number * S)
    assert len(memory._seen) == 1


def walk(lefts: Sequence[float]) -> Detections:
    """Persons of 20 x 50 in an image of 100 x 50, by their left edges."""
    boxes = np.array([(left, 0, left + 20, 50) for left in lefts], np.float32).reshape(-1, 4)
    count = len(boxes)
    return Detections(boxes, np.full(count, 0.9, np.float32), np.zeros(count, np.int32), (100, 50))


def test_one_who_stays_is_told_from_those_who_pass() -> None:
    text = (
        'loitering: {classes: person, region: [0.5, 0, 1, 1], stay_s: 2, gap_s: 0.5}\n'
        'occupied: {classes: person, region: [0.5, 0, 1, 1], for_s: 2}'
    )
    rules = compile_rules(parse_rules(text, ObjectRule), LABELS)
    tracker, watch = Tracker(TrackingSettings(min_frames=1)), Watch()
    told = []

    def play(lefts_by_frame: Sequence[Sequence[float]], start_s: float) -> None:
        for k, lefts in enumerate(lefts_by_frame):
            second = start_s + k / 10
            found = tracker.update(walk(lefts), second)
            for event in watch.update(rules, round(second * S), found):
                told.append((event.rule.name, event.begins, round(second, 1), event.reading))

    # One after the other crosses the region in 1.5 s, so that it is never empty.
    play([[5.0 * (k % 17), 5.0 * ((k + 8) % 17)] for k in range(60)], 0.0)
    assert [(name, begins) for name, begins, _, _ in told] == [('occupied', True)]
    told.clear()
    play([[]] * 10 + [[60.0]] * 30 + [[0.0]] * 5, 10.0)
    ((name, begins, second, reading),) = [one for one in told if one[0] == 'loitering' and one[1]]
    assert (name, begins, second, reading.count) == ('loitering', True, 13.0, 1)
    assert len(reading.track_ids) == 1
    assert ('loitering', False, 14.0) in [one[:3] for one in told]


def test_without_tracks_nobody_stays() -> None:
    (one,) = compile_rules([ObjectRule(name='a', stay_s=1.0)], LABELS)
    gauge = one.rule.gauge(one.class_ids)
    assert [gauge.read(walk([60.0]), second * S).count for second in range(5)] == [0] * 5
