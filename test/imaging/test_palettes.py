# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of class colours, measured with OpenCV's CIE Lab and the contrast ratio of WCAG."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ros_deep_learning.imaging.palettes import class_colors


def lab_distances(colors: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pairwise CIE76 distance, shape (N, N), with infinity on the diagonal."""
    lab = cv2.cvtColor((colors[None] / 255).astype(np.float32), cv2.COLOR_RGB2Lab)[0]
    distances = np.linalg.norm(lab[:, None] - lab[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return distances


def contrast(color: NDArray[np.uint8], grey: float) -> float:
    """Contrast ratio of WCAG 2.1 between a colour and black (0) or white (1)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color / 255]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    high, low = sorted((luminance, grey), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize('count', [0, 1, 2, 91, 1000, 4000])
def test_shape_and_type(count: int) -> None:
    colors = class_colors(count)
    assert colors.shape == (count, 3)
    assert colors.dtype == np.uint8


@pytest.mark.parametrize('count', [0, 1, 7, 91])
def test_a_colour_does_not_depend_on_the_count(count: int) -> None:
    np.testing.assert_array_equal(class_colors(count), class_colors(300)[:count])


@pytest.mark.parametrize(('count', 'least'), [(10, 30), (20, 15), (91, 5), (1000, 1.5)])
def test_colours_look_different(count: int, least: float) -> None:
    # A distance of 2.3 is just noticeable side by side (Mahy et al. 1994).
    assert lab_distances(class_colors(count)).min() > least


def test_no_two_of_a_thousand_are_equal() -> None:
    assert len(np.unique(class_colors(1000), axis=0)) == 1000


def test_neighbouring_classes_look_different() -> None:
    distances = lab_distances(class_colors(91))
    assert min(distances[k, k + 1] for k in range(90)) > 10


def test_black_text_is_readable_on_all() -> None:
    # WCAG 2.1, AA: 4.5 for text, 3 for large text and drawings.
    ratios = [contrast(color, 0.0) for color in class_colors(200)]
    assert min(ratios) > 3
    assert np.median(ratios) > 4.5


def test_more_classes_than_colours_begin_anew() -> None:
    colors = class_colors(4000)
    period = next(k for k in range(1, 4000) if (colors[k] == colors[0]).all())
    assert period > 1000
    np.testing.assert_array_equal(colors[period:], colors[: 4000 - period])


def test_the_answer_is_the_callers_own() -> None:
    class_colors(5)[:] = 0
    assert class_colors(5).any(axis=1).all()


def test_another_process_gives_the_same() -> None:
    code = (
        'from ros_deep_learning.imaging.palettes import class_colors; '
        'print(class_colors(91).tobytes().hex())'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == class_colors(91).tobytes().hex()
