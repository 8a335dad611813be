# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Anchors compared with TensorFlow's rule, and with those of a real graph."""

from __future__ import annotations

import numpy as np
import pytest
from ssd_architectures import MAP_SIZES, RATIOS, anchors_yxyx

from ros_deep_learning.importers.uff.grid_anchors import grid_anchors


def test_anchors_follow_tensorflows_rule() -> None:
    anchors = grid_anchors(MAP_SIZES, 0.2, 0.95, RATIOS)
    assert anchors.shape == (1917, 4)
    np.testing.assert_allclose(anchors, anchors_yxyx(), atol=1e-12)


def test_the_first_and_the_last_by_hand() -> None:
    anchors = grid_anchors([2, 1], 0.2, 0.9, [1.0, 4.0, 0.25])
    # Four cells of three, then one of four; the centres of the first map are at 1/4 and 3/4.
    assert anchors.shape == (16, 4)
    np.testing.assert_allclose(anchors[0], [0.2, 0.2, 0.3, 0.3])
    np.testing.assert_allclose(anchors[1], [0.2, 0.05, 0.3, 0.45])
    np.testing.assert_allclose(anchors[5], [0.05, 0.7, 0.45, 0.8])
    half = np.sqrt(0.9) / 2
    np.testing.assert_allclose(anchors[-1], [0.5 - half, 0.5 - half, 0.5 + half, 0.5 + half])


@pytest.mark.parametrize(
    ('sizes', 'low', 'high', 'ratios'),
    [
        ([], 0.2, 0.9, RATIOS),
        ([4], 0.2, 0.9, RATIOS),
        ([4, 0], 0.2, 0.9, RATIOS),
        ([4, 2], 0.0, 0.9, RATIOS),
        ([4, 2], 0.2, float('nan'), RATIOS),
        ([4, 2], 0.2, 0.9, [1.0, 2.0]),
        ([4, 2], 0.2, 0.9, [1.0, 2.0, -0.5]),
    ],
)
def test_no_anchors(sizes: list[int], low: float, high: float, ratios: list[float]) -> None:
    with pytest.raises(ValueError, match='no anchors for maps'):
        grid_anchors(sizes, low, high, ratios)
