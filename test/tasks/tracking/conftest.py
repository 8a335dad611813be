# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of the trackers share: detections by hand, and small moving worlds."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.tasks.detection import Detections

SOURCE_WH = (640, 480)


def _detections(rows=(), source_wh=SOURCE_WH):
    """Make detections of rows (x1, y1, x2, y2, score, class)."""
    table = np.array(rows, np.float64).reshape(-1, 6)
    return Detections(
        table[:, :4].astype(np.float32),
        table[:, 4].astype(np.float32),
        table[:, 5].astype(np.int32),
        source_wh,
    )


def _follow(tracker, frames, **more):
    """Feed frames of rows; give each frame's numbers by the rows' left edges, None = none yet."""
    numbers = []
    for rows in frames:
        found, ids = tracker.update(_detections(rows), **more)
        assert ids.dtype == np.int64
        assert len(found) == len(ids)
        real = ids[ids >= 0]
        assert len(np.unique(real)) == len(real)
        numbers.append([None if k < 0 else int(k) for k in ids])
    return numbers


@pytest.fixture
def detections():
    return _detections


@pytest.fixture
def follow():
    return _follow


def _box(cx, cy, w=40.0, h=80.0, score=0.9, label=0):
    return (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2, score, label)


@pytest.fixture
def box():
    """Make a row of a box by its centre."""
    return _box
