# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of which parts of an image are looked at."""

from __future__ import annotations

import pytest

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.networks.tiling import MAX_TILES, TilingSettings, parts_of, region_box
from ros_deep_learning.tasks.tiling import tiles


def test_no_tiling_is_the_whole_image():
    assert parts_of((1, 1), None) == [(0, 0, 1, 1)]
    assert parts_of((64, 48), None) == [(0, 0, 64, 48)]


def test_the_whole_image_comes_last():
    boxes = tiles((64, 48), (32, 32), 0.25)
    assert parts_of((64, 48), TilingSettings((32, 32), 0.25, whole=False)) == boxes
    assert parts_of((64, 48), TilingSettings((32, 32), 0.25)) == [*boxes, (0, 0, 64, 48)]


@pytest.mark.parametrize('size_wh', [(1, 1), (32, 32), (7, 32)])
def test_one_tile_is_the_whole_image(size_wh):
    assert parts_of(size_wh, TilingSettings((32, 32))) == [(0, 0, *size_wh)]


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        ({'tile_wh': (0, 5)}, r'^tile size: .* not \(0, 5\)$'),
        ({'tile_wh': (5,)}, '^tile size: '),
        ({'tile_wh': (5, 5), 'overlap': -0.1}, '^tile overlap: want 0 to 0.9, not -0.1$'),
        ({'tile_wh': (5, 5), 'overlap': 1.0}, '^tile overlap: '),
        ({'tile_wh': (5, 5), 'overlap': float('nan')}, '^tile overlap: '),
    ],
)
def test_settings_out_of_range(values, message):
    with pytest.raises(SettingsError, match=message):
        TilingSettings(**values)


def test_too_many_tiles_are_refused_before_they_are_made():
    message = '^tiles of 1x1 that overlap by 0.9 .* for an image of 16384x16384; want larger'
    with pytest.raises(SettingsError, match=message):
        parts_of((16384, 16384), TilingSettings((1, 1), 0.9))
    assert len(parts_of((320, 320), TilingSettings((10, 10), 0.0))) == MAX_TILES + 1


def test_regions():
    assert region_box((10, 20), None) == (0, 0, 10, 20)
    assert region_box((10, 20), (0.1, 0.5, 1.0, 1.0)) == (1, 10, 10, 20)
