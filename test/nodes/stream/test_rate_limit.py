# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the greatest rate."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.nodes.stream.camera import RateLimit


def admitted_s(arrivals_s: np.ndarray, rate_hz: float) -> np.ndarray:
    limit = RateLimit()
    return np.array([s for s in arrivals_s if limit.admits(int(s * 1e9), rate_hz)])


def test_no_limit_lets_all_through() -> None:
    assert len(admitted_s(np.zeros(50), 0.0)) == 50


@pytest.mark.parametrize('rate_hz', [0.5, 7.0, 10.0, 20.0, 29.0])
def test_the_mean_rate_is_what_was_asked_for(rate_hz: float) -> None:
    jitter_s = np.random.default_rng(1).uniform(-0.01, 0.01, 1800)
    arrivals_s = np.sort(5.0 + np.arange(1800) / 30 + jitter_s)
    count = len(admitted_s(arrivals_s, rate_hz))
    assert count <= 60 * rate_hz + 2
    assert count == pytest.approx(60 * rate_hz, rel=0.02, abs=2)


def test_a_slower_camera_loses_nothing() -> None:
    assert len(admitted_s(np.arange(100) / 10, 10.5)) == 100


def test_a_pause_is_not_made_up_for() -> None:
    burst_s = np.concatenate([[0.0], 100 + np.arange(30) / 30])
    assert len(admitted_s(burst_s, 2.0)) <= 1 + 2 + 2


def test_a_change_acts_at_once() -> None:
    limit = RateLimit()
    assert limit.admits(0, 0.001)
    assert limit.admits(1, 0.001)
    assert not limit.admits(10**9, 0.001)
    assert limit.admits(2 * 10**9, 1.0)
    assert limit.admits(2 * 10**9, 0.0)
