# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of tiles and of making one result of theirs."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.tasks.boxes import iou_matrix
from ros_deep_learning.tasks.detection import Detections
from ros_deep_learning.tasks.parts import region_box, tiles
from ros_deep_learning.tasks.suppression import DetectionSettings
from ros_deep_learning.tasks.tiling import merge, placed

SETTINGS = DetectionSettings()


def detections(boxes, scores, classes, wh=(100, 100)):
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(scores, np.float32),
        np.array(classes, np.int32),
        wh,
    )


side = st.integers(1, 900)


@given(side, side, side, side, st.floats(0, 0.9))
def test_tiles_cover_the_image_with_the_least_number(width, height, tile_w, tile_h, overlap):
    assume(width / tile_w < 60)
    assume(height / tile_h < 60)
    assume((width / tile_w) * (height / tile_h) < 400)
    found = tiles((width, height), (tile_w, tile_h), overlap)
    assert len(set(found)) == len(found)
    covered = np.zeros((height, width), bool)
    for x1, y1, x2, y2 in found:
        assert 0 <= x1 < x2 <= width
        assert 0 <= y1 < y2 <= height
        assert (x2 - x1, y2 - y1) == (min(tile_w, width), min(tile_h, height))
        covered[y1:y2, x1:x2] = True
    assert covered.all()
    counts = []
    for axis, (whole, tile) in enumerate(((width, tile_w), (height, tile_h))):
        places = sorted({t[axis] for t in found})
        shared = min(math.ceil(tile * overlap), tile - 1)
        for one, other in pairwise(places):
            assert one + tile - other >= shared
        # One tile less, and so many tiles with that much in common do not reach across.
        n = len(places)
        assert n == 1 or (n - 1) * tile - (n - 2) * shared < whole
        counts.append(n)
    assert counts[0] * counts[1] == len(found)


@pytest.mark.parametrize(
    ('source_wh', 'tile_wh', 'overlap', 'expected'),
    [
        ((100, 50), (100, 50), 0.2, [(0, 0, 100, 50)]),
        ((90, 40), (100, 50), 0.2, [(0, 0, 90, 40)]),
        ((100, 50), (50, 50), 0.0, [(0, 0, 50, 50), (50, 0, 100, 50)]),
        ((101, 50), (50, 50), 0.0, [(0, 0, 50, 50), (25, 0, 75, 50), (51, 0, 101, 50)]),
        ((90, 50), (50, 50), 0.2, [(0, 0, 50, 50), (40, 0, 90, 50)]),
        (
            (60, 60),
            (40, 40),
            0.25,
            [(0, 0, 40, 40), (20, 0, 60, 40), (0, 20, 40, 60), (20, 20, 60, 60)],
        ),
    ],
)
def test_tiles_hand_made(source_wh, tile_wh, overlap, expected):
    assert tiles(source_wh, tile_wh, overlap) == expected


@pytest.mark.parametrize(
    ('tile_wh', 'overlap', 'word'),
    [
        ((0, 5), 0.1, 'tile size'),
        ((5, -1), 0.1, 'tile size'),
        ((5, 5), 1.0, 'overlap'),
        ((5, 5), -0.1, 'overlap'),
        ((5, 5), float('nan'), 'overlap'),
    ],
)
def test_bad_tiles(tile_wh, overlap, word):
    with pytest.raises(SettingsError, match=word):
        tiles((50, 50), tile_wh, overlap)


@pytest.mark.parametrize(
    ('shares', 'expected'),
    [
        ((0, 0, 1, 1), (0, 0, 101, 51)),
        ((0.5, 0.5, 1, 1), (50, 25, 101, 51)),
        ((0.999, 0.999, 1, 1), (100, 50, 101, 51)),
        ((0, 0, 0.001, 0.001), (0, 0, 1, 1)),
    ],
)
def test_region(shares, expected):
    assert region_box((101, 51), shares) == expected


@given(side, side, st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_a_region_always_holds_pixels_of_the_image(width, height, shares):
    x1, x2 = sorted(shares[:2])
    y1, y2 = sorted(shares[2:])
    assume(x1 < x2)
    assume(y1 < y2)
    left, top, right, bottom = region_box((width, height), (x1, y1, x2, y2))
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert left <= x1 * width <= right
    assert top <= y2 * height <= bottom


@pytest.mark.parametrize(
    'shares', [(), (0, 0, 1), (0, 0, 1, 1.1), (-0.1, 0, 1, 1), (0.5, 0, 0.5, 1), (0, 1, 1, 0)]
)
def test_bad_regions(shares):
    with pytest.raises(SettingsError, match='region'):
        region_box((100, 100), shares)


def test_a_nan_region():
    with pytest.raises(SettingsError, match='region'):
        region_box((100, 100), (0, 0, float('nan'), 1))


def test_crop_is_a_view_that_keeps_the_channel_order():
    pixels = Pixels(np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3), 'bgr')
    part = pixels.part((2, 1, 7, 5))
    assert part.order == 'bgr'
    assert np.shares_memory(part.array, pixels.array)
    np.testing.assert_array_equal(part.array, pixels.array[1:5, 2:7])


def test_placed():
    found = placed(detections([[1, 2, 3, 4]], [0.5], [7]), (10, 20, 50, 60), (100, 80))
    assert found.boxes_xyxy.tolist() == [[11, 22, 13, 24]]
    assert found.boxes_xyxy.dtype == np.float32
    assert found.source_wh == (100, 80)


LEFT, RIGHT, WHOLE = (0, 0, 60, 100), (40, 0, 100, 100), (0, 0, 100, 100)


def merged(*found, parts=(LEFT, RIGHT), **more):
    return merge(found, parts, (100, 100), DetectionSettings(**more))


NONE = detections([], [], [])


@pytest.mark.parametrize('parts', [(), (LEFT,), (LEFT, RIGHT)])
def test_nothing(parts):
    found = merge([NONE] * len(parts), parts, (100, 100), SETTINGS)
    assert (found.boxes_xyxy.shape, found.boxes_xyxy.dtype) == ((0, 4), np.float32)
    assert (found.scores.dtype, found.class_ids.dtype) == (np.float32, np.int32)
    assert found.source_wh == (100, 100)


def test_an_object_seen_whole_in_two_tiles_is_one():
    left = detections([[45, 10, 55, 30]], [0.7], [1])
    right = detections([[5, 10, 15, 31]], [0.8], [1])
    found = merged(left, right)
    assert found.boxes_xyxy.tolist() == [[45, 10, 55, 31]]


def test_a_cut_piece_gives_way_to_the_whole_even_with_the_better_score():
    left = detections([[50, 10, 60, 30]], [0.95], [1])  # cut off at x = 60
    right = detections([[10, 10, 40, 30]], [0.6], [1])  # whole: 50..80
    found = merged(left, right)
    assert found.boxes_xyxy.tolist() == [[50, 10, 80, 30]]
    assert found.scores.tolist() == [np.float32(0.6)]


def test_a_piece_of_another_class_stays():
    left = detections([[50, 10, 60, 30]], [0.95], [2])
    right = detections([[10, 10, 40, 30]], [0.6], [1])
    assert merged(left, right).class_ids.tolist() == [2, 1]
    assert merged(left, right, class_agnostic=True).class_ids.tolist() == [1]


def test_of_two_pieces_the_larger_stands_for_both():
    left = detections([[30, 10, 60, 30]], [0.6], [1])  # 30..60 of an object 30..75
    right = detections([[0, 10, 18, 30]], [0.9], [1])  # 40..58 of it, cut at x = 40
    found = merged(left, right)
    assert found.boxes_xyxy.tolist() == [[30, 10, 60, 30]]


def test_a_piece_that_nothing_stands_for_stays():
    left = detections([[50, 10, 60, 30]], [0.9], [1])
    assert merged(left, NONE).boxes_xyxy.tolist() == [[50, 10, 60, 30]]


CROWD = [[10, 10, 30, 50], [13, 10, 33, 50], [70, 10, 90, 50]]


@pytest.mark.parametrize('more', [{}, {'nms': 'never'}, {'cluster_overlap': 0.9}])
def test_what_one_tile_told_apart_stays_apart(more):
    # A network without suppression, such as of the DETR family, may find two at nearly one place.
    left = detections(CROWD[:2], [0.9, 0.8], [1, 1])
    right = detections([[30, 10, 50, 50]], [0.7], [1])
    assert merged(left, right, **more).boxes_xyxy.tolist() == CROWD


def test_two_at_nearly_one_place_that_two_tiles_see_are_two():
    boxes = [[42, 10, 56, 50], [44, 10, 58, 50]]
    moved = [[x1 - 40, y1, x2 - 40, y2] for x1, y1, x2, y2 in boxes]
    for left, right in (([0.9, 0.8], [0.7, 0.6]), ([0.9, 0.7], [0.6, 0.8])):
        found = merged(detections(boxes, left, [1, 1]), detections(moved, right, [1, 1]))
        assert found.boxes_xyxy.tolist() == boxes
        assert found.scores.tolist() == [np.float32(score) for score in left]


def test_a_small_whole_object_in_front_of_a_large_cut_one_does_not_hide_it():
    left = detections([[20, 0, 60, 90], [50, 40, 58, 60]], [0.6, 0.9], [0, 0])
    right = detections([[10, 40, 18, 60]], [0.8], [0])
    found = merged(left, right)
    assert found.boxes_xyxy.tolist() == [[50, 40, 58, 60], [20, 0, 60, 90]]


def test_pieces_of_one_tile_are_told_apart_by_its_own_suppression():
    left = detections([[20, 0, 60, 90], [50, 40, 60, 60]], [0.6, 0.9], [0, 0])
    assert merged(left, NONE).boxes_xyxy.tolist() == [[50, 40, 60, 60], [20, 0, 60, 90]]


@pytest.mark.parametrize(
    'small',
    [[80, 40, 100, 60], [40, 40, 55, 60], [60, 0, 70, 20], [60, 90, 70, 100]],
)
def test_a_small_box_in_a_large_one_is_dropped_where_a_tile_cuts_it_only(small):
    right = detections([[small[0] - 40, small[1], small[2] - 40, small[3]]], [0.7], [0])
    whole = detections([[30, 0, 100, 100]], [0.6], [0])
    found = merged(NONE, right, whole, parts=(LEFT, RIGHT, WHOLE)).boxes_xyxy.tolist()
    at_the_tiles_border = small[0] == 40
    assert found == ([] if at_the_tiles_border else [small]) + [[30, 0, 100, 100]]


def test_the_whole_image_as_a_part_finds_what_is_larger_than_a_tile():
    left = detections([[10, 10, 60, 90]], [0.9], [1])
    right = detections([[0, 10, 50, 90]], [0.9], [1])
    whole = detections([[10, 10, 90, 90]], [0.7], [1])
    found = merged(left, right, whole, parts=(LEFT, RIGHT, WHOLE))
    assert found.boxes_xyxy.tolist() == [[10, 10, 90, 90]]


OVERLAPPING = ((0, 0, 60, 100), (40, 0, 100, 100), WHOLE)


@pytest.mark.parametrize('class_id', [1, 2])
def test_what_tiles_see_whole_is_not_taken_from_the_whole_image(class_id):
    # The whole image shows it too coarsely to tell where it is, or what.
    tile = detections([[50, 50, 56, 56]], [0.6], [1])
    whole = detections([[53, 47, 61, 54]], [0.9], [class_id])
    found = merged(tile, NONE, whole, parts=OVERLAPPING)
    assert found.boxes_xyxy.tolist() == [[50, 50, 56, 56]]
    assert len(merged(NONE, NONE, whole, parts=OVERLAPPING)) == 0


def test_what_no_tile_sees_whole_is_taken_from_the_whole_image():
    whole = detections([[30, 10, 70, 14]], [0.9], [1])
    assert len(merged(NONE, NONE, whole, parts=OVERLAPPING)) == 1
    # Tiles that do not overlap may cut anything.
    small = detections([[48, 10, 52, 14]], [0.9], [1])
    assert len(merged(NONE, NONE, small, parts=OVERLAPPING)) == 0
    assert len(merged(NONE, NONE, small, parts=((0, 0, 50, 100), (50, 0, 100, 100), WHOLE))) == 1


def test_the_images_own_border_cuts_nothing():
    left = detections([[0, 0, 30, 100]], [0.9], [1])
    right = detections([[30, 0, 60, 100]], [0.8], [1])
    assert merged(left, right).boxes_xyxy.tolist() == [[0, 0, 30, 100], [70, 0, 100, 100]]


def test_best_first_and_no_more_than_wanted():
    left = detections(
        [[k * 10, 0, k * 10 + 5, 5] for k in range(4)], [0.9, 0.7, 0.5, 0.3], [0] * 4
    )
    right = detections([[k * 10 + 12, 50, k * 10 + 17, 55] for k in range(2)], [0.8, 0.6], [0] * 2)
    found = merged(left, right)
    np.testing.assert_allclose(found.scores, [0.9, 0.8, 0.7, 0.6, 0.5, 0.3])
    assert len(merged(left, right, max_detections=2)) == 2


objects = st.lists(
    st.tuples(st.integers(0, 270), st.integers(0, 170), st.integers(4, 30), st.integers(4, 30)),
    max_size=12,
)


@given(objects)
def test_objects_that_fit_the_overlap_come_out_whole_and_once(raw):
    truth = np.array([[x, y, x + w, y + h] for x, y, w, h in raw], np.float32).reshape(-1, 4)
    assume((np.triu(iou_matrix(truth, truth), 1) == 0).all())
    wh = (300, 200)
    parts = tiles(wh, (120, 100), 0.35)
    found = []
    for x1, y1, x2, y2 in parts:
        low, high = np.maximum(truth[:, :2], (x1, y1)), np.minimum(truth[:, 2:], (x2, y2))
        seen = np.flatnonzero(((high - low) > 1).all(axis=1))
        local = np.concatenate([low, high], axis=1)[seen] - np.array((x1, y1) * 2, np.float32)
        area = np.prod(high - low, axis=1) / np.prod(truth[:, 2:] - truth[:, :2], axis=1)
        found.append(detections(local, 1 - area[seen] / 2, np.zeros(len(seen))))
    result = merge(found, parts, wh, SETTINGS)
    assert sorted(result.boxes_xyxy.tolist()) == sorted(truth.tolist())
