# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of tracking by overlap, and of the faults of jetson-inference's tracker."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.tasks.tracking.iou import IouSettings, IouTracker


class Upstream:
    """jetson-inference's objectTrackerIOU, as its source has it; gives (id, box) of its output."""

    def __init__(self, min_frames=3, drop_frames=15, overlap=0.5):
        self.min_frames, self.drop_frames, self.overlap = min_frames, drop_frames, overlap
        self.count, self.tracks = 0, []

    def process(self, boxes):
        detections = [{'box': b, 'id': -1} for b in boxes]
        for track in self.tracks:
            best, best_iou = None, 0.0
            for d in detections:
                overlap = _iou(track['box'], d['box'])
                if d['id'] < 0 and overlap >= self.overlap and overlap > best_iou:
                    best, best_iou = d, overlap
            if best is None:
                track['lost'] += 1
            else:
                if track['frames'] == self.min_frames:
                    track['id'], self.count = self.count, self.count + 1
                track.update(box=best['box'], frames=track['frames'] + 1, lost=0)
                best['id'] = track['id']
        for d in detections:
            if d['id'] < 0:
                self.tracks.append({'box': d['box'], 'id': -1, 'frames': 0, 'lost': 0})
        output = [(t['id'], t['box']) for t in self.tracks if t['frames'] >= self.min_frames]
        self.tracks = [t for t in self.tracks if t['lost'] < self.drop_frames]
        return output


def _iou(a, b):
    w = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    h = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = [(c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)]
    return w * h / (sum(areas) - w * h)


def test_nothing(follow):
    assert follow(IouTracker(), [[], [], []]) == [[], [], []]


def test_a_number_comes_with_the_frame_that_completes_min_frames(follow, box):
    numbers = follow(IouTracker(), [[box(100 + 2 * k, 100)] for k in range(6)])
    assert numbers == [[None], [None], [0], [0], [0], [0]]
    assert follow(IouTracker(IouSettings(min_frames=1)), [[box(9, 9)]]) == [[0]]


def test_detections_come_back_as_they_were(detections, box):
    given = detections([box(100, 100), box(300, 100, label=2)])
    found, ids = IouTracker().update(given)
    assert found is given
    assert ids.tolist() == [-1, -1]


def test_fault_a_a_track_without_a_number_begins_no_second_one(follow, box):
    still = [[box(100, 100)]] * 8
    # Upstream: the detection of a track that has no number yet begins another track each frame.
    upstream = Upstream()
    for rows in still:
        upstream.process([rows[0][:4]])
    assert len(upstream.tracks) == 4
    tracker = IouTracker()
    assert follow(tracker, still)[-1] == [0]
    assert len(tracker._tracks.ids) == 1


def test_fault_b_no_track_is_reported_with_number_minus_one_once_it_is_one(follow, box):
    upstream = Upstream()
    first = next(o for o in (upstream.process([box(100, 100)[:4]]) for _ in range(9)) if o)
    assert first[0][0] == -1
    numbers = [row[0] for row in follow(IouTracker(), [[box(100, 100)]] * 9)]
    assert numbers == [None, None, *[0] * 7]


def test_fault_c_more_tracks_than_detections_read_nothing_beyond(follow, box):
    # Upstream's log reads the detection with the track's index: here track 4 with 1 detection.
    many = [[box(60 + 100 * k, 100) for k in range(5)]] * 4
    numbers = follow(IouTracker(), [*many, [box(460, 100)], [box(460, 100)]])
    assert numbers[3] == [0, 1, 2, 3, 4]
    assert numbers[4:] == [[4], [4]]


def test_fault_d_a_fast_object_is_found_again_where_it_should_be(follow, box):
    def at(k):
        return [box(60 + 12 * k, 100)]

    frames = [at(k) if not 12 <= k < 20 else [] for k in range(26)]
    # Upstream has no idea of motion: after 8 frames the old box and the new one lie apart.
    upstream = Upstream()
    outputs = [upstream.process([row[:4] for row in rows]) for rows in frames]
    before, after = ({i for i, _ in o if i >= 0} for o in (outputs[11], outputs[25]))
    assert {i for i, b in outputs[25] if b == frames[25][0][:4]}.isdisjoint(before)
    assert after
    numbers = follow(IouTracker(), frames)
    assert numbers[11] == numbers[20] == numbers[25] == [0]


def test_fault_d_the_time_between_frames_counts(detections, box):
    # 25 pixels a frame at 30 Hz; then four frames are dropped by the camera.
    for dt_s, same in ((5 / 30, True), (1 / 30, False)):
        tracker = IouTracker()
        for k in range(9):
            _, ids = tracker.update(detections([box(60 + 12 * k, 100)]), 1 / 30)
        assert ids.tolist() == [0]
        _, ids = tracker.update(detections([box(60 + 12 * 13, 100)]), dt_s)
        assert (ids.tolist() == [0]) is same


def test_what_is_not_seen_is_not_reported(follow, box):
    numbers = follow(IouTracker(), [[box(100, 100)]] * 4 + [[]] * 3)
    assert numbers[4:] == [[], [], []]


@pytest.mark.parametrize(('gap', 'same'), [(1, True), (10, True), (14, True), (15, False)])
def test_drop_frames(follow, box, gap, same):
    numbers = follow(IouTracker(), [[box(100, 100)]] * 4 + [[]] * gap + [[box(100, 100)]] * 3)
    assert numbers[-1] == ([0] if same else [1])
    assert numbers[4 + gap] == ([0] if same else [None])


def test_overlap_and_classes(follow, box):
    far = [[box(100, 100)]] * 3 + [[box(125, 100)]]
    assert follow(IouTracker(), far)[-1] == [None]
    assert follow(IouTracker(IouSettings(overlap=0.2)), far)[-1] == [0]
    changed = [[box(100, 100)]] * 3 + [[box(100, 100, label=1)]]
    assert follow(IouTracker(), changed)[-1] == [None]
    assert follow(IouTracker(IouSettings(class_agnostic=True)), changed)[-1] == [0]


def test_numbers_are_never_used_again(follow, box):
    tracker = IouTracker(IouSettings(drop_frames=1))
    first = follow(tracker, [[box(100, 100)]] * 3)[-1]
    follow(tracker, [[]])
    second = follow(tracker, [[box(100, 100)]] * 3)[-1]
    tracker.reset()
    third = follow(tracker, [[box(100, 100)]] * 3)[-1]
    assert (first, second, third) == ([0], [1], [2])


@pytest.mark.parametrize('dt_s', [-1.0, float('nan'), float('inf')])
def test_a_jump_in_time_ends_all_tracks(detections, box, dt_s):
    tracker = IouTracker(IouSettings(min_frames=1))
    assert tracker.update(detections([box(100, 100)]))[1].tolist() == [0]
    assert tracker.update(detections([box(100, 100)]), 0.0)[1].tolist() == [0]
    assert tracker.update(detections([box(100, 100)]), dt_s)[1].tolist() == [1]


def test_another_image_size_ends_all_tracks(detections, box):
    tracker = IouTracker(IouSettings(min_frames=1))
    assert tracker.update(detections([box(100, 100)]))[1].tolist() == [0]
    assert tracker.update(detections([box(100, 100)], (320, 240)))[1].tolist() == [1]


def test_bad_boxes_spoil_nothing(detections, box):
    tracker = IouTracker(IouSettings(min_frames=1))
    bad = (np.nan, 0, np.inf, 10, 0.9, 0)
    for _ in range(5):
        with np.errstate(invalid='ignore'):
            found, ids = tracker.update(detections([box(100, 100), bad]))
        assert ids[0] == 0
        assert len(found) == 2


@pytest.mark.parametrize(
    'bad',
    [
        {'min_frames': 0},
        {'drop_frames': 0},
        {'overlap': 1.5},
        {'overlap': float('nan')},
        {'frame_s': 0.0},
        {'frame_s': float('inf')},
    ],
)
def test_bad_settings(bad):
    with pytest.raises(SettingsError, match=next(iter(bad))):
        IouSettings(**bad)
