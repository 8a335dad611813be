# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of rotations and mirrors, against OpenCV's."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from ros_deep_learning.video.turns import TURNS, turned

REFERENCES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    'none': lambda image: image,
    'counterclockwise': lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE),
    'rotate-180': lambda image: cv2.rotate(image, cv2.ROTATE_180),
    'clockwise': lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE),
    'horizontal': lambda image: cv2.flip(image, 1),
    'vertical': lambda image: cv2.flip(image, 0),
    'upper-left-diagonal': cv2.transpose,
    'upper-right-diagonal': lambda image: cv2.rotate(cv2.transpose(image), cv2.ROTATE_180),
}


@pytest.mark.parametrize('turn', TURNS)
def test_each_turn(turn: str) -> None:
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    result = turned(image, turn)
    np.testing.assert_array_equal(result, REFERENCES[turn](image))
    assert result.flags.c_contiguous
