# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The fixtures of a real ROS graph; the other tests of trainings run without ROS."""

from __future__ import annotations

from ros_fixtures import (  # noqa: F401
    graph,
    lasting,
    make_image,
    module_graph,
    ros_domain,
    start,
)
