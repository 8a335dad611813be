# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the options that engines are loaded with."""

from __future__ import annotations

import pytest

from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.errors import SettingsError


def test_defaults_are_equal_and_can_be_keys():
    assert EngineOptions() == EngineOptions()
    assert len({EngineOptions(), EngineOptions(), EngineOptions(threads=2)}) == 2


@pytest.mark.parametrize(
    ('name', 'bad', 'good'),
    [
        ('threads', 0, 1),
        ('providers', (), ('CPUExecutionProvider',)),
        ('device', -1, 1),
        ('workspace_mb', 0, 256),
        ('dla_core', -1, 0),
        ('optimization_level', 6, 5),
        ('optimization_level', -1, 0),
        ('max_batch', 0, 8),
    ],
)
def test_ranges(name, bad, good):
    assert getattr(EngineOptions(**{name: good}), name) == good
    with pytest.raises(SettingsError, match=f'^engine option {name}: expected '):
        EngineOptions(**{name: bad})
