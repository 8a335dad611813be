# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of following what a detector finds, with a stand-in that finds bright blobs."""

from __future__ import annotations

import builtins
from dataclasses import replace

import numpy as np
import pytest

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.networks import DetectNet
from ros_deep_learning.tasks.detection import Detections
from ros_deep_learning.tasks.tracking.tracker import Tracker, TrackingSettings

KINDS = ('iou', 'byte')


@pytest.fixture
def net(card, blob_engine, make_loader):
    return DetectNet(card, loader=make_loader(blob_engine))


def frame(*blobs):
    """An image of the network's size with red boxes, 10 wide and 8 high, at (x, y, level)."""
    image = np.zeros((20, 40, 3), np.uint8)
    for x, y, level in blobs:
        image[y : y + 8, x : x + 10, 0] = level
    return image


def tracked(net, tracker, image, stamp_s=None):
    """Follow what is found from the least score that the tracker asks for."""
    settings = replace(net.settings, score_threshold=tracker.least_score)
    return tracker.update(net.detect(image, settings=settings), stamp_s)


def ids(net, tracker, *frames):
    """Track numbers of each frame, from left to right."""
    rows = []
    for image in frames:
        found = tracked(net, tracker, image)
        assert found.track_ids.dtype == np.int64
        rows.append(found.track_ids[np.argsort(found.boxes_xyxy[:, 0])].tolist())
    return rows


@pytest.mark.parametrize('kind', KINDS)
def test_empty_frames(net, kind):
    tracker = Tracker(TrackingSettings(kind))
    assert ids(net, tracker, frame(), frame()) == [[], []]


def test_without_tracking_there_are_no_numbers(net):
    tracker, found = Tracker(), net.detect(frame((0, 0, 255)))
    assert tracker.settings is None
    assert tracker.update(found) is found
    assert found.track_ids is None
    tracker.reset()
    tracker.settings = TrackingSettings()
    assert tracker.update(found).track_ids.tolist() == [-1]
    assert [one.track_id for one in tracker.update(found)] == [None]
    assert [one.track_id for one in tracker.update(found)] == [0]
    tracker.settings = None
    assert tracker.update(found).track_ids is None


def test_what_is_known_of_a_frame_stays_with_it(net):
    found = net.detect(frame((0, 0, 255)))
    followed = Tracker(TrackingSettings()).update(found)
    assert followed.times is found.times
    assert followed.labels == net.labels
    assert followed.source_wh == (40, 20)


@pytest.mark.parametrize('kind', KINDS)
def test_moving_objects_keep_their_numbers(net, kind):
    tracker = Tracker(TrackingSettings(kind))
    frames = [frame((k, 0, 255), (28 - k, 10, 200)) for k in range(9)]
    rows = ids(net, tracker, *frames)
    assert rows[:2] == [[-1, -1]] * 2
    assert {tuple(sorted(row)) for row in rows[2:]} == {(0, 1)}
    assert all(row == rows[2] for row in rows[2:])


@pytest.mark.parametrize('kind', KINDS)
def test_a_batch_is_tracked_in_its_order(net, kind):
    tracker = Tracker(TrackingSettings(kind, min_frames=2))
    together = net.detect_batch([frame((k, 0, 255)) for k in range(4)])
    batch = [tracker.update(found) for found in together]
    assert [found.track_ids.tolist() for found in batch] == [[-1], [0], [0], [0]]


@pytest.mark.parametrize('kind', KINDS)
def test_hidden_objects_keep_their_number_until_they_are_dropped(net, kind):
    tracker = Tracker(TrackingSettings(kind, min_frames=1, drop_frames=4))
    seen, hidden = frame((5, 5, 255)), frame()
    assert ids(net, tracker, seen, seen, hidden, hidden, hidden, seen) == [
        [0],
        [0],
        [],
        [],
        [],
        [0],
    ]
    assert ids(net, tracker, hidden, hidden, hidden, hidden, seen) == [[], [], [], [], [1]]


@pytest.mark.parametrize('kind', KINDS)
def test_no_number_is_used_twice(net, kind):
    tracker = Tracker(TrackingSettings(kind, min_frames=1))
    image = frame((5, 5, 255), (20, 5, 255))
    assert ids(net, tracker, image) == [[0, 1]]
    tracker.reset()
    assert ids(net, tracker, image) == [[2, 3]]
    tracker.settings = replace(tracker.settings, drop_frames=9)
    assert ids(net, tracker, image) == [[4, 5]]
    tracker.settings = None
    tracker.settings = TrackingSettings('iou' if kind == 'byte' else 'byte', min_frames=1)
    assert ids(net, tracker, image) == [[6, 7]]


def test_equal_settings_change_nothing(net):
    tracker = Tracker(TrackingSettings(min_frames=1))
    assert ids(net, tracker, frame((5, 5, 255))) == [[0]]
    tracker.settings = TrackingSettings(min_frames=1)
    assert ids(net, tracker, frame((5, 5, 255))) == [[0]]


@pytest.mark.parametrize('kind', KINDS)
def test_another_threshold_ends_no_track(net, kind):
    tracker = Tracker(TrackingSettings(kind, min_frames=1))
    assert ids(net, tracker, frame((5, 5, 255))) == [[0]]
    tracker.score_threshold = 0.7
    assert ids(net, tracker, frame((5, 5, 255)), frame((5, 5, 190))) == [[0], [0]]


@pytest.mark.parametrize(('kind', 'dim'), [('iou', []), ('byte', [0])])
def test_only_byte_goes_on_with_unlikely_boxes(net, kind, dim):
    tracker = Tracker(TrackingSettings(kind, min_frames=1))
    # Scores 1.0, 0.24 and 0.08, of which the threshold 0.5 reports the first alone; another
    # object of score 0.24 continues nothing.
    images = [frame((5, 5, 255)), frame((5, 5, 60), (25, 5, 60)), frame((5, 5, 20))]
    assert ids(net, tracker, *images) == [[0], dim, []]


def test_byte_reports_from_a_fifth_of_the_threshold(net):
    tracker = Tracker(TrackingSettings('byte', min_frames=1), score_threshold=0.9)
    # Scores 1.0, 0.1804 and 0.1765.
    assert ids(net, tracker, *(frame((5, 5, level)) for level in (255, 46, 45))) == [[0], [0], []]


def test_byte_follows_at_any_threshold(net):
    tracker = Tracker(TrackingSettings('byte', min_frames=1), score_threshold=0.95)
    assert ids(net, tracker, frame((5, 5, 255)), frame((5, 5, 255))) == [[0], [0]]
    tracker.score_threshold = 0.0
    assert ids(net, tracker, frame((5, 5, 255)))[0][0] in (-1, 0)


@pytest.mark.parametrize('kind', KINDS)
def test_stamps(net, kind):
    tracker = Tracker(TrackingSettings(kind, min_frames=1))
    image = frame((5, 5, 255))
    stamps = [100.0, 100.04, None, 100.12, 100.2, 50.0, 50.04, float('nan'), 51.0]
    numbers = [tracked(net, tracker, image, stamp).track_ids.tolist() for stamp in stamps]
    assert numbers == [[0]] * 5 + [[1]] * 2 + [[2], [3]]


def test_time_between_frames_moves_the_prediction(net):
    tracker = Tracker(TrackingSettings('iou', min_frames=1, overlap=0.6))
    for k in range(5):
        found = tracked(net, tracker, frame((2 * k, 5, 255)), k * 0.04)
        assert found.track_ids.tolist() == [0]
    # Five frames were lost: the box is where it should be by then.
    found = tracked(net, tracker, frame((20, 5, 255)), 10 * 0.04)
    assert found.track_ids.tolist() == [0]


def test_two_cameras_share_a_network_but_no_numbers(net):
    front, rear = (Tracker(TrackingSettings(min_frames=1)) for _ in range(2))
    assert ids(net, front, frame((5, 5, 255), (20, 5, 255))) == [[0, 1]]
    assert ids(net, rear, frame((20, 5, 255))) == [[0]]
    assert ids(net, front, frame((5, 5, 255), (20, 5, 255))) == [[0, 1]]


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        ({'kind': 'sort'}, "^tracker: expected one of iou, byte, got 'sort'$"),
        ({'min_frames': 0}, '^min_frames: expected 1 frame or more, got 0$'),
        ({'drop_frames': -1}, '^drop_frames: '),
        ({'overlap': 1.1}, '^overlap: expected 0 to 1, got 1.1$'),
        ({'overlap': float('nan')}, '^overlap: '),
    ],
)
def test_settings_out_of_range(values, message):
    with pytest.raises(SettingsError, match=message):
        TrackingSettings(**values)


def test_a_tracker_that_cannot_be_leaves_the_old_one(monkeypatch):
    tracker = Tracker(TrackingSettings(min_frames=1))
    empty = Detections(
        np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int32), (9, 9)
    )
    real_import = builtins.__import__

    def without_scipy(name, *args, **kwargs):
        if name.startswith('scipy'):
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, '__import__', without_scipy)
    with pytest.raises(SettingsError, match='SciPy'):
        tracker.settings = TrackingSettings('byte')
    assert tracker.settings == TrackingSettings(min_frames=1)
    assert tracker.update(empty).track_ids.shape == (0,)
