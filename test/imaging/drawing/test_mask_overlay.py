# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of masks in colours."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.errors import ImageError, SettingsError
from ros_deep_learning.imaging.drawing.mask_overlay import blend_mask, color_mask, legend
from ros_deep_learning.imaging.palettes import class_colors

RANDOM = np.random.default_rng(0)
COLORS = class_colors(5)
IMAGE = RANDOM.integers(0, 256, (40, 50, 3), np.uint8)
MASK = RANDOM.choice(np.array([0, 1, 2, 3, 4, 5, 77, 255], np.uint8), (40, 50))


def reference_colors(mask, colors):
    wanted = np.zeros((*mask.shape, 3), np.uint8)
    for k, color in enumerate(colors):
        wanted[mask == k] = color
    return wanted


def test_no_pixel():
    with pytest.raises(ImageError, match='expected a uint8 mask'):
        color_mask(np.zeros((0, 4), np.uint8), COLORS)


def test_every_class_has_its_colour_and_the_rest_is_black():
    colored = color_mask(MASK, COLORS)
    np.testing.assert_array_equal(colored, reference_colors(MASK, COLORS))
    everything = np.arange(256, dtype=np.uint8).reshape(16, 16)
    colors = class_colors(256)
    np.testing.assert_array_equal(
        color_mask(everything, colors), reference_colors(everything, colors)
    )


def test_more_colours_than_a_mask_can_tell_apart():
    colors = class_colors(300)
    np.testing.assert_array_equal(color_mask(MASK, colors), colors[MASK])


def test_strided_masks():
    view = np.tile(MASK, (1, 2))[::2, ::2]
    np.testing.assert_array_equal(color_mask(view, COLORS), reference_colors(view, COLORS))


def test_into_given_memory():
    data = bytearray(MASK.size * 3)
    out = np.frombuffer(data, np.uint8).reshape(*MASK.shape, 3)
    assert color_mask(MASK, COLORS, out) is out
    np.testing.assert_array_equal(
        np.frombuffer(data, np.uint8), reference_colors(MASK, COLORS).ravel()
    )


def test_memory_of_another_form():
    with pytest.raises(ImageError, match=r'expected the shape \(40, 50, 3\) for a mask'):
        color_mask(MASK, COLORS, np.zeros((50, 40, 3), np.uint8))
    with pytest.raises(ImageError, match='read-only'):
        color_mask(MASK, COLORS, np.frombuffer(bytes(6000), np.uint8).reshape(40, 50, 3))


@pytest.mark.parametrize('alpha', [0, 1, 120, 150, 254.5, 255])
def test_blend_equals_float64(alpha):
    image = IMAGE.copy()
    blend_mask(image, MASK, COLORS, alpha=alpha)
    share = alpha / 255
    colored = reference_colors(MASK, COLORS)
    wanted = (1 - share) * IMAGE + share * colored
    labelled = len(COLORS) > MASK
    assert np.abs(image - wanted)[labelled].max() <= 0.5 + 1e-3
    np.testing.assert_array_equal(image[~labelled], IMAGE[~labelled])


def test_blend_of_no_class_is_the_picture():
    image = IMAGE.copy()
    blend_mask(image, np.full(MASK.shape, 255, np.uint8), COLORS)
    np.testing.assert_array_equal(image, IMAGE)


def test_blend_of_what_does_not_fit():
    for mask in (MASK[1:], MASK.T, MASK[..., None]):
        with pytest.raises(ImageError, match='does not fit an image'):
            blend_mask(IMAGE.copy(), mask, COLORS)
    with pytest.raises(ImageError, match='expected a uint8 mask'):
        blend_mask(IMAGE.copy(), MASK.astype(np.int32), COLORS)
    with pytest.raises(ImageError, match='not C-contiguous'):
        blend_mask(IMAGE[..., ::-1], MASK, COLORS)
    for alpha in (-1, 256, float('nan')):
        with pytest.raises(SettingsError, match='alpha'):
            blend_mask(IMAGE.copy(), MASK, COLORS, alpha=alpha)
    with pytest.raises(SettingsError, match='colours'):
        blend_mask(IMAGE.copy(), MASK, np.zeros((0, 3), np.uint8))


@pytest.mark.parametrize('columns', [1, 2, 3, 9])
def test_legend_shows_every_colour_in_order(columns):
    labels = ['road', 'Straße', '道', '', 'a long name of a class']
    page = legend(labels, COLORS, columns=columns)
    assert page.dtype == np.uint8
    assert (page[0] == 255).all()
    places = []
    for color in COLORS:
        rows, cols = np.nonzero((page == color).all(axis=2))
        assert len(rows) > 100
        assert len(rows) == (np.ptp(rows) + 1) * (np.ptp(cols) + 1)
        places.append((cols.min(), rows.min()))
        text = page[rows.min() : rows.max() + 1, cols.max() + 1 :]
        assert (text == 0).any()
    assert places == sorted(places)
    assert len({x for x, _ in places}) == min(columns, {1: 1, 2: 2, 3: 3, 9: 5}[columns])


def test_legend_of_nothing():
    with pytest.raises(SettingsError):
        legend([], np.zeros((0, 3), np.uint8))
    with pytest.raises(SettingsError, match='got 5 for 4'):
        legend(['a'] * 4, COLORS)
