# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The quality of service of topics that are added to a bag: that of the nodes."""

from __future__ import annotations

import re

_TEMPLATE = """- history: {history}
  depth: {depth}
  reliability: {reliability}
  durability: {durability}
  deadline:
    sec: 9223372036
    nsec: 854775807
  lifespan:
    sec: 9223372036
    nsec: 854775807
  liveliness: {liveliness}
  liveliness_lease_duration:
    sec: 9223372036
    nsec: 854775807
  avoid_ros_namespace_conventions: false"""


def has_numbers(qos: str) -> bool:
    """Return whether policies are numbers, as rosbag2 wrote them before metadata version 9."""
    return re.search(r'\bhistory: *\d', qos) is not None


def node_qos(*, latched: bool, numbers: bool) -> str:
    """Return what rosbag2 writes of a node's publisher.

    Args:
        latched: Whether late subscribers get the last message.
        numbers: Whether policies are written as numbers, as in the other topics of the bag.
    """
    values: dict[str, str | int] = {
        'history': 'keep_last',
        'depth': 1 if latched else 5,
        'reliability': 'reliable',
        'durability': 'transient_local' if latched else 'volatile',
        'liveliness': 'automatic',
    }
    if numbers:
        # The values of rmw/types.h.
        values |= {'history': 1, 'reliability': 1, 'durability': 1 if latched else 2}
        values |= {'liveliness': 1}
    return _TEMPLATE.format(**values)
