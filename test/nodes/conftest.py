# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The fixtures of a real ROS graph; tests of messages that were not built are left out."""

from __future__ import annotations

from typing import Any

import pytest
from ros_fixtures import (  # noqa: F401
    activated,
    active_here,
    calls_of,
    fresh,
    graph,
    launch,
    make_image,
    pictures,
    program_type,
    ros_domain,
    spinning,
    start,
)

from ros_deep_learning.nodes.messages.inference_stats import InferenceStats

LEFT_OUT = pytest.StashKey[int]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about our own messages where the build had no generators for them."""
    left_out = [item for item in items if item.get_closest_marker('own_messages')]
    if InferenceStats is None and left_out:
        config.stash[LEFT_OUT] = len(left_out)
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if count := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(
            f'{count} tests of our own messages did not run: none were generated here', yellow=True
        )
