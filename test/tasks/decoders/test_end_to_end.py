# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the decoder of finished rows."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.tasks.decoders.finished import end_to_end

ROLES = {'predictions': 'output0'}


def decode(rows, threshold=0.5):
    return end_to_end.decode({'output0': rows}, ROLES, (640, 640), threshold)


def test_hand_made(check):
    rows = np.array(
        [[1, 2, 30, 40, 0.9, 15], [5, 6, 7, 8, 0.4, 1], [0, 0, 9, 9, 0.5, 0], [0] * 6], np.float32
    )
    check(decode(rows), [[1, 2, 30, 40, 0.9, 15], [0, 0, 9, 9, 0.5, 0]])


@pytest.mark.parametrize('label', [-1, np.nan, np.inf, 3e9])
def test_there_is_no_such_class(label):
    assert len(decode(np.array([[1, 2, 3, 4, 0.9, label]], np.float32)).scores) == 0


@pytest.mark.parametrize('seed', range(3))
def test_random(check, seed):
    rng = np.random.default_rng(seed)
    rows = rng.random((300, 6), np.float32)
    rows[:, :4] *= 640
    rows[:, 5] = rng.integers(0, 80, 300)
    check(decode(rows, 0.7), [row for row in rows if row[4] >= 0.7])
