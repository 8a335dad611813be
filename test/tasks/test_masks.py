# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of resizing scores and of finding the best class."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ros_deep_learning.imaging.placement import place
from ros_deep_learning.tasks.masks import (
    are_complements,
    best_classes,
    better_complement,
    contenders,
    embed,
    highest_scores,
    keep_size,
    linear_spread,
    seen_wh,
    spread_point,
)

MODES = ('stretch', 'letterbox', 'crop')
sides = st.integers(1, 40)
placements = st.builds(
    lambda source, network, mode: place(source, network, mode, crop_fraction=0.875),
    st.tuples(sides, sides),
    st.tuples(sides, sides),
    st.sampled_from(MODES),
)
grids = st.tuples(st.integers(1, 4), st.integers(1, 12), st.integers(1, 12))


def random_planes(shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


def spread(plane, placement):
    width, height = seen_wh(placement)
    out = np.empty((height, width), np.float32)
    linear_spread(placement, plane.shape[::-1])(plane, out)
    return out


def centres(placement, grid_wh):
    """Where the centres of the seen source pixels lie on the grid, exactly: columns, rows."""
    for axis in (0, 1):
        low, high = placement.paste_xyxy[axis], placement.paste_xyxy[axis + 2]
        count, network = seen_wh(placement)[axis], placement.network_wh[axis]
        yield [
            (low + Fraction(2 * k + 1, 2 * count) * (high - low)) * grid_wh[axis] / network
            for k in range(count)
        ]


def bilinear_float64(plane, placement):
    """Sample between the centres of the cells that the picture touches."""
    weights = []
    height, width = plane.shape
    for axis, (size, places) in enumerate(
        zip((width, height), centres(placement, (width, height)), strict=True)
    ):
        network = placement.network_wh[axis]
        first = floor(Fraction(placement.paste_xyxy[axis] * size, network))
        last = -floor(-Fraction(placement.paste_xyxy[axis + 2] * size, network)) - 1
        table = np.zeros((len(places), size))
        for k, place_on_grid in enumerate(places):
            u = place_on_grid - Fraction(1, 2)
            low = floor(u)
            share = float(u - low)
            table[k, min(max(low, first), last)] += 1 - share
            table[k, min(max(low + 1, first), last)] += share
        weights.append(table)
    columns, rows = weights
    return rows @ plane.astype(np.float64) @ columns.T


@given(placements, st.tuples(st.integers(1, 12), st.integers(1, 12)))
def test_point_is_exact(placement, grid_wh):
    width, height = grid_wh
    cells = np.arange(width * height, dtype=np.uint8).reshape(height, width)
    columns, rows = ([floor(u) for u in places] for places in centres(placement, grid_wh))
    wanted = cells[np.ix_(rows, columns)]
    np.testing.assert_array_equal(spread_point(cells, placement), wanted)


@given(placements, st.tuples(st.integers(1, 12), st.integers(1, 12)), st.integers(0, 99))
def test_linear_of_any_grid_equals_float64(placement, shape, seed):
    plane = random_planes(shape, seed)
    np.testing.assert_allclose(
        spread(plane, placement), bilinear_float64(plane, placement), atol=2e-5
    )


@given(placements, st.integers(0, 99))
def test_linear_of_a_grid_of_pixels_equals_float64(placement, seed):
    plane = random_planes(placement.network_wh[::-1], seed)
    np.testing.assert_allclose(
        spread(plane, placement), bilinear_float64(plane, placement), atol=2e-5
    )


def test_stretched_linear_is_opencvs_resize():
    plane = random_planes((24, 32))
    wanted = cv2.resize(plane, (101, 67), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(spread(plane, place((101, 67), (64, 48), 'stretch')), wanted)


def test_linear_never_mixes_in_the_border_of_a_letterbox():
    placement = place((200, 100), (64, 64), 'letterbox')
    plane = np.full((64, 64), 9, np.float32)
    plane[16:48] = 1
    assert (spread(plane, placement) == 1).all()


def test_one_class():
    ids, best = best_classes(random_planes((1, 2, 3)), [0], (3, 2), keep_size)
    assert ids.tolist() == [[0] * 3] * 2
    assert (ids.dtype, best.dtype) == (np.uint8, np.float32)


@given(st.integers(1, 255), st.integers(0, 99), st.booleans())
def test_best_is_argmax(count, seed, coarse):
    planes = random_planes((count, 5, 6), seed)
    if coarse:
        planes = np.round(planes * 4) / 4
    ids, best = best_classes(planes, range(count), (6, 5), keep_size)
    np.testing.assert_array_equal(ids, planes.argmax(axis=0))
    np.testing.assert_array_equal(best, planes.max(axis=0))


def running(planes, class_ids):
    return contenders(planes, class_ids, highest_scores(planes, class_ids))


@given(grids, placements, st.integers(0, 99), st.floats(1, 30))
def test_classes_that_are_left_out_win_nowhere(shape, placement, seed, sharpness):
    planes = random_planes(shape, seed) ** np.float32(sharpness)
    everyone = list(range(len(planes)))
    runners = running(planes, everyone)
    assert runners
    assert runners == sorted(set(runners))
    how = seen_wh(placement), linear_spread(placement, planes.shape[:0:-1])
    ids, best = best_classes(planes, runners, *how)
    wanted_ids, wanted_best = best_classes(planes, everyone, *how)
    np.testing.assert_array_equal(ids, wanted_ids)
    np.testing.assert_array_equal(best, wanted_best)


def test_a_class_without_a_chance_is_left_out():
    planes = np.stack([np.full((9, 9), level, np.float32) for level in (0.6, 0.1, 0.3)])
    assert running(planes, [0, 1, 2]) == [0]
    assert running(planes, [1, 2]) == [2]
    planes[1, 4, 4] = 0.7
    assert running(planes, [0, 1, 2]) == [0, 1]


@given(placements)
def test_what_was_seen_is_put_at_its_place(placement):
    width, height = seen_wh(placement)
    seen = np.arange(width * height).reshape(height, width).astype(np.float32)
    whole = embed(seen, placement, 7)
    source_w, source_h = placement.source_wh
    assert whole.shape == (source_h, source_w)
    left, top, right, bottom = placement.crop_xyxy
    np.testing.assert_array_equal(whole[top:bottom, left:right], seen)
    outside = np.ones(whole.shape, bool)
    outside[top:bottom, left:right] = False
    assert (whole[outside] == 7).all()


@given(placements, st.tuples(st.integers(1, 12), st.integers(1, 12)), st.integers(0, 99))
def test_the_better_of_two_complements_equals_float64(placement, shape, seed):
    plane = random_planes(shape, seed)
    wanted = bilinear_float64(plane, placement)
    how = seen_wh(placement), linear_spread(placement, shape[::-1])
    ids, best = better_complement(plane, *how)
    assert (ids.dtype, best.dtype) == (np.uint8, np.float32)
    np.testing.assert_allclose(best, np.maximum(wanted, 1 - wanted), atol=2e-5)
    decided = np.abs(wanted - 0.5) > 2e-5
    np.testing.assert_array_equal(ids[decided], wanted[decided] > 0.5)


def test_two_complements_are_what_two_classes_are():
    """At the size of a camera, with every band of it."""
    plane = cv2.GaussianBlur(random_planes((256, 256)), (0, 0), 8)
    plane = np.clip((plane - 0.5) * 20 + 0.5, 0, 1)
    plane[:64] = 0.5
    planes = np.stack([1 - plane, plane])
    assert are_complements(planes, [0, 1])
    how = (1920, 1080), linear_spread(place((1920, 1080), (256, 256), 'stretch'), (256, 256))
    ids, best = better_complement(plane, *how)
    wanted_ids, wanted_best = best_classes(planes, [0, 1], *how)
    np.testing.assert_allclose(best, wanted_best, atol=2e-7)
    assert set(np.unique(ids[best > 0.5 + 2e-7])) == {0, 1}
    np.testing.assert_array_equal(ids[best > 0.5 + 2e-7], wanted_ids[best > 0.5 + 2e-7])
    # Equal scores are the first class's.
    assert (ids[:240] == 0).all()


def test_other_classes_are_no_complements():
    plane = random_planes((5, 6))
    planes = np.stack([1 - plane, plane])
    assert are_complements(planes, [0, 1])
    assert not are_complements(planes, [1])
    assert not are_complements(np.stack([plane, plane]), [0, 1])
    assert not are_complements(np.stack([1 - plane, plane, plane]), [0, 1])
    assert not are_complements(np.zeros((2, 5, 6), np.float32), [0, 1])
