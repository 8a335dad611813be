# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of how the text of a launch argument is read."""

from __future__ import annotations

import pytest
from launch import LaunchContext

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.launching.launch_arguments import Argument


@pytest.mark.parametrize(
    ('text', 'value'),
    [('0.5', 0.5), ('2', 2.0), ('1e-3', 0.001), ('-2e+7', -2e7), ('1.5e-3', 0.0015), ('', None)],
)
def test_a_number_is_read_as_it_is_written(text: str, value: float | None) -> None:
    context = LaunchContext()
    context.launch_configurations['scale'] = text
    read = Argument('scale', '', 'A factor.', float, 'scale').value(context)
    assert read == value
    assert read is None or type(read) is float


@pytest.mark.parametrize('text', ['high', 'true', '[1]', '1e', f'1{"0" * 400}'])
def test_what_is_no_number_is_named(text: str) -> None:
    context = LaunchContext()
    context.launch_configurations['scale'] = text
    with pytest.raises(SettingsError, match='launch argument scale: expected a float, got'):
        Argument('scale', '', 'A factor.', float, 'scale').value(context)
