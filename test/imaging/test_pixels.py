# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the image type."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ros_deep_learning.errors import ImageError
from ros_deep_learning.imaging.pixels import ChannelOrder, Pixels


@pytest.mark.parametrize(
    'array',
    [
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 0, 3), np.uint8),
        np.zeros((4, 4, 0), np.uint8),
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.int8),
        np.zeros((4, 4, 3), np.float32),
    ],
)
def test_refuses_what_is_no_image(array: NDArray[Any]) -> None:
    with pytest.raises(ImageError, match=r'\(H, W, 3\), got '):
        Pixels(array)


@given(st.integers(1, 40), st.integers(1, 40))
def test_size_is_width_then_height(width: int, height: int) -> None:
    assert Pixels(np.zeros((height, width, 3), np.uint8)).size_wh == (width, height)


@pytest.mark.parametrize('order', ['rgb', 'bgr'])
def test_orders_are_views(order: ChannelOrder) -> None:
    array = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    pixels = Pixels(array, order)
    assert pixels.as_order(order) is array
    other = pixels.as_order('bgr' if order == 'rgb' else 'rgb')
    assert np.shares_memory(other, array)
    np.testing.assert_array_equal(other, array[:, :, [2, 1, 0]])
