# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of which parts of an image are looked at."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.tasks.parts import (
    MAX_TILES,
    Parts,
    TilingSettings,
    parts_of,
    region_box,
    tiles,
)


def test_no_tiling_is_the_whole_image():
    assert parts_of((1, 1), None, None) == Parts((0, 0, 1, 1), ((0, 0, 1, 1),))
    assert parts_of((64, 48), None, None) == Parts((0, 0, 64, 48), ((0, 0, 64, 48),))


def test_tiles_cover_the_region_only():
    parts = parts_of((100, 60), (0.5, 0.5, 1.0, 1.0), TilingSettings((30, 30), 0.0, whole=False))
    assert parts.region == (50, 30, 100, 60)
    assert parts.region_wh == (50, 30)
    assert parts.tiles == ((0, 0, 30, 30), (20, 0, 50, 30))
    image = np.arange(60 * 100 * 3, dtype=np.uint8).reshape(60, 100, 3)
    for view, left in zip(parts.views(Pixels(image, 'bgr')), (50, 70), strict=True):
        assert view.order == 'bgr'
        assert np.shares_memory(view.array, image)
        np.testing.assert_array_equal(view.array, image[30:60, left : left + 30])


def test_the_whole_image_comes_last():
    boxes = tiles((64, 48), (32, 32), 0.25)
    without = parts_of((64, 48), None, TilingSettings((32, 32), 0.25, whole=False))
    assert without.tiles == tuple(boxes)
    with_whole = parts_of((64, 48), None, TilingSettings((32, 32), 0.25))
    assert with_whole.tiles == (*boxes, (0, 0, 64, 48))


@pytest.mark.parametrize('size_wh', [(1, 1), (32, 32), (7, 32)])
def test_one_tile_is_the_whole_image(size_wh):
    assert parts_of(size_wh, None, TilingSettings((32, 32))).tiles == ((0, 0, *size_wh),)


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        ({'tile_wh': (0, 5)}, r'^tile size: .* got \(0, 5\)$'),
        ({'tile_wh': (5,)}, '^tile size: '),
        ({'tile_wh': (5, 5), 'overlap': -0.1}, '^tile overlap: expected 0 to 0.9, got -0.1$'),
        ({'tile_wh': (5, 5), 'overlap': 1.0}, '^tile overlap: '),
        ({'tile_wh': (5, 5), 'overlap': float('nan')}, '^tile overlap: '),
    ],
)
def test_settings_out_of_range(values, message):
    with pytest.raises(SettingsError, match=message):
        TilingSettings(**values)


def test_too_many_tiles_are_refused_before_they_are_made():
    message = '^tiles of 1x1 that overlap by 0.9 .* for an image of 16384x16384, but at most 1024'
    with pytest.raises(SettingsError, match=message):
        parts_of((16384, 16384), None, TilingSettings((1, 1), 0.9))
    assert len(parts_of((320, 320), None, TilingSettings((10, 10), 0.0)).tiles) == MAX_TILES + 1


def test_regions():
    assert region_box((10, 20), None) == (0, 0, 10, 20)
    assert region_box((10, 20), (0.1, 0.5, 1.0, 1.0)) == (1, 10, 10, 20)
