# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The fixtures of a real ROS graph."""

from __future__ import annotations

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
