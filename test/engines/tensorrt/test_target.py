# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of compute capabilities as text, and of GPUs that share memory with the CPU."""

from __future__ import annotations

import pytest

from ros_deep_learning.engines.tensorrt.runtime.cuda import shares_memory
from ros_deep_learning.engines.tensorrt.target import absent_target
from ros_deep_learning.errors import SettingsError


@pytest.mark.parametrize(
    ('text', 'capability'),
    [('8.6', (8, 6)), ('sm86', (8, 6)), ('SM_120', (12, 0)), ('12.1', (12, 1)), (' 7.5 ', (7, 5))],
)
def test_reads_a_compute_capability(text, capability):
    target = absent_target(text)
    assert target.compute_capability == capability
    assert target.capability_text == '.'.join(map(str, capability))
    assert target.device is None


@pytest.mark.parametrize('text', ['', '8', 'rtx', '8.6.1', '-8.6'])
def test_refuses_other_words(text):
    with pytest.raises(SettingsError, match='compute capability'):
        absent_target(text)


@pytest.mark.parametrize(
    ('integrated', 'can_map', 'shared'),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
)
def test_only_integrated_gpus_share_memory(integrated, can_map, shared):
    assert shares_memory(integrated=integrated, can_map=can_map) == shared
