# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Publishers of a node or of one of its cameras, and the quality of service of their topics."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

from rclpy.lifecycle import LifecycleNode
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

from ..health.matching import OVERRIDABLE

RESULT_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=5, reliability=ReliabilityPolicy.RELIABLE
)
LATCHED_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)


class Outputs:
    """Publishers by the name of their topic; they speak only while the node is active.

    Args:
        node: Whose publishers they are.
        prefix: What the private topics begin with, such as ``front/``; empty is nothing.
    """

    def __init__(self, node: LifecycleNode, prefix: str = '') -> None:
        self._node = node
        self._prefix = prefix
        self._publishers: dict[str, Any] = {}

    def add(self, name: str, message_type: Any, qos: QoSProfile = RESULT_QOS) -> None:
        """Make a publisher on ``~/name``, with the prefix before the name."""
        self._publishers[name] = self._node.create_lifecycle_publisher(
            message_type,
            f'~/{self._prefix}{name}',
            # A copy, since overrides by parameters are written into it.
            copy(qos),
            qos_overriding_options=QoSOverridingOptions(OVERRIDABLE),
        )

    def __contains__(self, name: str) -> bool:
        """Tell whether there is such an output."""
        return name in self._publishers

    def publishers(self) -> tuple[Any, ...]:
        """Give all publishers."""
        return tuple(self._publishers.values())

    def wanted(self, name: str) -> bool:
        """Tell whether somebody subscribes to an output."""
        publisher = self._publishers.get(name)
        return publisher is not None and publisher.get_subscription_count() > 0

    def any_wanted(self) -> bool:
        """Tell whether somebody subscribes to any output."""
        return any(map(self.wanted, self._publishers))

    def publish(self, name: str, message: Any) -> None:
        """Publish on an output."""
        self._publishers[name].publish(message)

    def offer(self, name: str, make: Callable[[], Any]) -> None:
        """Make a message and publish it, if somebody subscribes to the output."""
        if self.wanted(name):
            self.publish(name, make())

    def clear(self) -> None:
        """Destroy all publishers."""
        while self._publishers:
            _, publisher = self._publishers.popitem()
            self._node.destroy_lifecycle_publisher(publisher)
