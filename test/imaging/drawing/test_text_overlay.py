# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of classes written on pictures."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.errors import ImageError, SettingsError
from ros_deep_learning.imaging.drawing.text_overlay import draw_classification

LABELS = ('espresso', 'cup', 'Straße')


def draw(class_ids, scores, size_wh=(320, 240), level=200):
    image = np.full((size_wh[1], size_wh[0], 3), level, np.uint8)
    draw_classification(
        image, np.array(class_ids, np.int32), np.array(scores, np.float32), labels=LABELS
    )
    return image


def changed(image, level=200):
    return np.nonzero((image != level).any(axis=2))


def test_no_class_leaves_the_picture():
    assert (draw([], []) == 200).all()


def test_a_dark_plate_in_the_upper_left_corner():
    rows, cols = changed(draw([0], [0.95]))
    assert 0 < rows.min() == cols.min() < 10
    assert rows.max() < 60
    assert cols.max() < 200
    image = draw([0], [0.95])
    plate = image[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1]
    assert plate.min() == 70  # 35 % of the picture shines through.
    assert plate.max() >= 250
    assert (plate == 70).all(axis=2).mean() > 0.5


@pytest.mark.parametrize('level', [0, 255])
def test_readable_on_black_and_white(level):
    image = draw([0, 1], [0.9, 0.1], level=level)[8:30, 8:60]
    assert int(image.max()) - int(image.min()) >= 160


def test_one_row_a_class():
    heights = [np.ptp(changed(draw(range(n), [0.5] * n))[0]) + 1 for n in (1, 2, 3)]
    assert heights[1] == 2 * heights[0]
    assert heights[2] == 3 * heights[0]


def test_what_is_written():
    same = draw([0], [0.5])
    assert (draw([0], [0.5]) == same).all()
    for class_ids, scores in (([1], [0.5]), ([0], [0.6]), ([0], [np.nan]), ([9], [0.5])):
        assert (draw(class_ids, scores) != same).any()
    np.testing.assert_array_equal(draw([-1], [2.0])[:9], draw([-1], [1.0])[:9])


@pytest.mark.parametrize(
    'size_wh', [(1, 1), (1, 64), (2, 64), (3, 64), (5, 40), (40, 8), (60, 16), (30, 200)]
)
def test_pictures_with_little_room(size_wh):
    image = draw([0, 1, 2], [0.9, 0.05, 0.05], size_wh)
    assert image.shape == (size_wh[1], size_wh[0], 3)
    rows, _ = changed(image)
    assert rows.size == 0 or rows.max() < size_wh[1] - 1


def test_what_cannot_be_drawn():
    with pytest.raises(SettingsError, match='as many scores as classes'):
        draw([0, 1], [0.5])
    frozen = np.zeros((40, 40, 3), np.uint8)
    frozen.flags.writeable = False
    with pytest.raises(ImageError, match='read-only'):
        draw_classification(frozen, np.array([0]), np.array([0.5]), labels=LABELS)
