# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The times at which frames were captured."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.video.options import VideoOptions
from ros_deep_learning.video.patterns import Pattern
from ros_deep_learning.video.stamped import own_time_ns, stamped

NOW_NS = 1_800_000_000_000_000_000
MS = 1_000_000


@pytest.mark.parametrize('late_ms', [0, 1, 80, 9_999])
def test_a_time_of_capture_is_taken(late_ms: int) -> None:
    assert own_time_ns(NOW_NS - late_ms * MS, NOW_NS) == NOW_NS - late_ms * MS


@pytest.mark.parametrize('ahead_ms', [1, 499])
def test_no_frame_is_of_the_future(ahead_ms: int) -> None:
    assert own_time_ns(NOW_NS + ahead_ms * MS, NOW_NS) == NOW_NS


@pytest.mark.parametrize('late_ms', [10_001, 3_600_000, -501, -3_600_000])
def test_the_time_of_another_clock_is_not(late_ms: int) -> None:
    assert own_time_ns(NOW_NS - late_ms * MS, NOW_NS) is None


def test_a_source_that_does_not_know_its_times() -> None:
    frame = next(stamped(Pattern('pattern://bars', VideoOptions(rate_hz=1000.0))))
    assert frame.captured_ns is None
    assert frame.image_bgr.dtype == np.uint8
