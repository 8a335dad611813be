# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of how often frames are written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ros_deep_learning.video.pacing import Pace, PacedWriter


@pytest.mark.parametrize(
    ('stamps_s', 'due'),
    [
        ([], []),
        ([0.0], [1]),
        ([1e9], [1]),
        ([0.0, 0.1, 0.2], [1, 1, 1]),
        ([0.0, 0.02, 0.04, 0.1], [1, 0, 0, 1]),
        ([0.0, 0.3, 0.4], [1, 3, 1]),
        ([5.0, 5.0, 5.0], [1, 0, 0]),
        # The clock jumps back, and far forward.
        ([50.0, 50.1, 2.0, 2.1], [1, 1, 1, 1]),
        ([1.0, 1.1, 5000.0, 5000.1], [1, 1, 1, 1]),
    ],
)
def test_frames_that_are_due_at_ten_a_second(stamps_s: list[float], due: list[int]) -> None:
    pace = Pace(10.0)
    assert [pace.due(round(stamp * 1e9)) for stamp in stamps_s] == due


def test_an_hour_of_uneven_stamps_is_an_hour_of_video() -> None:
    stamps_ns = np.cumsum(np.random.default_rng(1).integers(1, 200_000_000, 36_000))
    pace = Pace(25.0)
    frames = sum(pace.due(int(stamp)) for stamp in stamps_ns)
    assert frames == round((stamps_ns[-1] - stamps_ns[0]) * 1e-9 * 25.0) + 1


class Kept:
    def __init__(self) -> None:
        self.levels: list[int] = []
        self.paths: list[Path] = []

    def write(self, frame_bgr: np.ndarray) -> None:
        self.levels.append(int(frame_bgr[0, 0, 0]))

    def close(self) -> None:
        pass


def test_a_gap_shows_the_frame_before_it() -> None:
    sink = Kept()
    writer = PacedWriter(sink, 10.0)
    for tenths in (0, 1, 4, 5):
        writer.write(np.full((2, 2, 3), tenths, np.uint8), tenths * 100_000_000)
    assert sink.levels == [0, 1, 1, 1, 4, 5]
