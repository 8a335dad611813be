# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The error of ONNX Runtime in float32 against float64: the reference for the GPU tests."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.onnx_tools.facts import read_facts
from ros_deep_learning.onnx_tools.quantize import run_exactly
from ros_deep_learning.tasks.preprocess import preprocess


@pytest.mark.parametrize(
    ('name', 'most'), [('efficientnet-lite0', (0.0, 1e-5)), ('selfie', (1e-4, 1e-3))]
)
def test_float32_is_this_far_from_float64(run_double, chelsea, name, most):
    """Some values of selfie differ by more than 1e-4, so two float32 runs may do so, too."""
    card = find_card(name)
    path = card.source.file
    name = next(iter(read_facts(path).inputs))
    feed = {name: preprocess([Pixels(chelsea, 'rgb')], card.input)}
    truth = run_double(path, feed)
    [single] = run_exactly(path, [feed])
    assert set(single) == set(truth)
    for tensor, value in truth.items():
        error = np.abs(single[tensor] - value)
        low, high = most
        assert low <= error.max() / np.abs(value).max() < high
        assert np.linalg.norm(error) / np.linalg.norm(value) < 1e-5
