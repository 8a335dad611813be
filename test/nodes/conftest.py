# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The fixtures of a real ROS graph."""

from __future__ import annotations

from health import health  # noqa: F401
from ros_fixtures import (  # noqa: F401
    active_here,
    calls_of,
    graph,
    lasting,
    launch,
    make_image,
    module_graph,
    pictures,
    program_type,
    renewed,
    ros_domain,
    spinning,
    start,
)
