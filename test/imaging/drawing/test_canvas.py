# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the checks of arrays for drawing."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.errors import ImageError, SettingsError
from ros_deep_learning.imaging.drawing.canvas import capital_px, check_canvas, check_colors

IMAGE = np.zeros((8, 6, 3), np.uint8)


@pytest.mark.parametrize(
    'image',
    [
        np.zeros((0, 6, 3), np.uint8),
        np.zeros((8, 6), np.uint8),
        np.zeros((8, 6, 4), np.uint8),
        np.zeros((8, 6, 3), np.float32),
    ],
)
def test_not_an_image(image):
    with pytest.raises(ImageError, match='expected a uint8 image of shape'):
        check_canvas(image)


def test_not_to_be_drawn_on():
    frozen = IMAGE.copy()
    frozen.flags.writeable = False
    with pytest.raises(ImageError, match='read-only: pass a copy'):
        check_canvas(frozen)
    for view in (IMAGE[:, ::2], IMAGE[..., ::-1]):
        with pytest.raises(ImageError, match='not C-contiguous: pass a copy'):
            check_canvas(view)
    assert check_canvas(IMAGE) is None


@pytest.mark.parametrize(
    'colors', [np.zeros((0, 3), np.uint8), np.zeros((2, 4), np.uint8), np.zeros((2, 3))]
)
def test_not_colors(colors):
    with pytest.raises(SettingsError, match=r'expected uint8 colours of shape \(K, 3\)'):
        check_colors(colors)
    assert check_colors(np.zeros((1, 3), np.uint8)) is None


def test_letters_grow_with_the_image():
    sizes = [capital_px(wh) for wh in ((1, 1), (176, 144), (640, 480), (1920, 1080))]
    assert sizes == sorted(set(sizes))
    assert sizes[0] >= 5
