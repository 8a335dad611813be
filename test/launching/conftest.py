# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The fixtures of a real ROS graph, with a domain of its own for each test.

Processes that a launch ends may stay on the graph for more than a minute (seen on Humble).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ros_fixtures import (  # noqa: F401
    Lasting,
    active_here,
    calls_of,
    graph,
    launch,
    make_image,
    open_graph,
    pictures,
    program_type,
    renewed,
    reserved_domain,
    spinning,
    start,
)
from ros_graph import Graph


@pytest.fixture
def ros_domain() -> Iterator[int]:
    """Reserve a domain for a test."""
    with reserved_domain() as domain:
        yield domain


@pytest.fixture
def module_graph(ros_domain: int) -> Iterator[Graph]:
    with open_graph() as opened:
        yield opened


@pytest.fixture
def lasting(tmp_path: Path, ros_domain: int) -> Iterator[Lasting]:
    lasting = Lasting(tmp_path)
    yield lasting
    lasting.end()
