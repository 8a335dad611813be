# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of the decoders share."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def check():
    """Compare candidates with rows (x1, y1, x2, y2, score, class), whatever their order."""

    def compare(found, expected):
        rows = np.column_stack([found.boxes_xyxy, found.scores, found.class_ids])
        expected = np.array(expected, np.float64).reshape(-1, 6)
        assert rows.shape == expected.shape
        rows, expected = (a[np.lexsort((a[:, 0], a[:, 5], a[:, 4]))] for a in (rows, expected))
        np.testing.assert_allclose(rows, expected, rtol=2e-5, atol=2e-3)

    return compare
