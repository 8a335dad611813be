# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the test pictures."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from ros_deep_learning.errors import ImageError
from ros_deep_learning.video.options import VideoOptions
from ros_deep_learning.video.sources import open_frames


def test_bars_have_the_colours_of_smpte() -> None:
    source = open_frames('pattern://bars', VideoOptions(width=140, height=60))
    assert source.live
    assert source.rate_hz == 30.0
    picture = next(iter(source.frames()))
    white, yellow, *_, blue = picture[5, 10::20].tolist()
    assert picture.shape == (60, 140, 3)
    assert (white, yellow, blue) == ([191] * 3, [0, 191, 191], [191, 0, 0])


def test_the_ball_moves_and_never_leaves_the_picture() -> None:
    source = open_frames('pattern://ball', VideoOptions(width=64, height=48, rate_hz=500.0))
    pictures = list(islice(source.frames(), 40))
    centres = [np.nonzero((p[24] == (0, 200, 255)).all(axis=1))[0].mean() for p in pictures]
    assert len(set(centres)) > 5
    assert all(3.5 <= centre <= 60 for centre in centres)


def test_a_pattern_that_is_not_there() -> None:
    with pytest.raises(ImageError, match='expected pattern://bars or pattern://ball'):
        open_frames('pattern://snow')
