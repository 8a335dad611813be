# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Comparing classes in sections: as on whole planes, with memory that is used again."""

from __future__ import annotations

import threading
from unittest.mock import patch

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_deep_learning.imaging.kept_arrays import KeptArrays
from ros_deep_learning.imaging.placement import place
from ros_deep_learning.tasks import sections
from ros_deep_learning.tasks.comparing import compare_next, compare_two
from ros_deep_learning.tasks.masks import best_classes, linear_spread, seen_wh

BOUND = 1e-5
class_lists = st.lists(st.integers(0, 8), min_size=2, max_size=9, unique=True).map(sorted)


@pytest.fixture(autouse=True, params=[1, 2, 4])
def threads(request):
    before = cv2.getNumThreads()
    cv2.setNumThreads(request.param)
    yield request.param
    cv2.setNumThreads(before)


def random_planes(shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


def assert_as_of_whole_planes(planes, class_ids, placement):
    """Compare with the scores of one resize of each plane."""
    _, height, width = planes.shape
    size_wh, spread = seen_wh(placement), linear_spread(placement, (width, height))
    ids, best = best_classes(planes, class_ids, size_wh, spread)
    assert (ids.dtype, best.dtype) == (np.uint8, np.float32)
    scores = np.empty((len(class_ids), *size_wh[::-1]), np.float32)
    for k, out in zip(class_ids, scores, strict=True):
        spread(planes[k], out)
    np.testing.assert_allclose(best, scores.max(axis=0), atol=BOUND)
    second, first = np.partition(scores, -2, axis=0)[-2:]
    decided = first - second > BOUND
    wanted = np.array(class_ids)[scores.argmax(axis=0)]
    np.testing.assert_array_equal(ids[decided], wanted[decided])


@given(class_lists, st.integers(20, 60), st.integers(1, 6), st.integers(1, 4), st.integers(0, 99))
def test_sections_find_what_whole_planes_do(class_ids, periods, rows, cells, seed):
    planes = random_planes((9, periods * cells, 7), seed)
    placement = place((31, periods * rows), (7, periods * cells), 'stretch')
    with patch.object(sections, '_PIXELS', 10 * rows * 31):
        assert linear_spread(placement, (7, periods * cells)).sections((periods * rows, 31), 2)
        assert_as_of_whole_planes(planes, class_ids, placement)


@pytest.mark.parametrize(
    ('source_wh', 'grid_wh', 'mode'),
    [
        ((1920, 1080), (320, 240), 'stretch'),
        ((1919, 1079), (171, 83), 'stretch'),
        ((1920, 1080), (80, 45), 'letterbox'),
        ((1920, 1080), (240, 240), 'crop'),
        ((1920, 1081), (320, 240), 'stretch'),
    ],
)
@pytest.mark.parametrize('class_ids', [(0, 1), (0, 1, 2), (1, 2, 4), (0, 3)])
def test_frames_of_cameras(source_wh, grid_wh, mode, class_ids):
    planes = random_planes((5, *grid_wh[::-1]))
    assert_as_of_whole_planes(planes, class_ids, place(source_wh, grid_wh, mode))


def test_equal_scores_are_the_first_classs():
    planes = np.full((4, 240, 320), 0.25, np.float32)
    placement = place((1920, 1080), (320, 240), 'stretch')
    spread = linear_spread(placement, (320, 240))
    ids, best = best_classes(planes, [1, 2, 3], (1920, 1080), spread)
    assert (ids == 1).all()
    assert (best == 0.25).all()


def test_memory_is_used_again_and_asked_for_by_the_callers_thread():
    planes = random_planes((3, 240, 320))
    spread = linear_spread(place((1920, 1080), (320, 240), 'stretch'), (320, 240))
    kept, asked, places = KeptArrays(), [], set()

    def empty(shape, dtype):
        array = kept.empty(shape, dtype)
        asked.append((threading.get_ident(), array.nbytes))
        places.add(array.ctypes.data)
        return array

    masks = ()
    for _ in range(20):
        masks = best_classes(planes, [0, 1, 2], (1920, 1080), spread, empty)
    assert {thread for thread, _ in asked} == {threading.get_ident()}
    # Both masks, those before them, which are still held, and what is needed on the way.
    assert len(places) == 5
    assert len(asked) == 3 * 20
    assert [mask.shape for mask in masks] == [(1080, 1920)] * 2


@given(st.integers(1, 255), st.integers(0, 99), st.booleans())
def test_one_after_another_is_argmax(count, seed, own):
    scores = np.round(random_planes((count + 1, 5, 6), seed) * 4) / 4
    ids, best = np.empty((5, 6), np.uint8), np.empty((5, 6), np.float32)
    first, *others = range(255 - count, 256)
    compare_two((first, others[0]), (scores[0], scores[1]), ids, best)
    won = np.empty((5, 6), np.bool_) if own else None
    for k, more in zip(others[1:], scores[2:], strict=True):
        compare_next(k, more, ids, best, won)
    np.testing.assert_array_equal(ids, first + scores.argmax(axis=0))
    np.testing.assert_array_equal(best, scores.max(axis=0))
