# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Publishers of a node or of one of its cameras."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

from ..health.image_topics import COMPRESSED_SUFFIX
from ..health.matching import OVERRIDABLE
from ..rcl_calls import SerializedPublish
from .topics import Topic, message_type

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
    """Publishers by the name of their topic; they publish only while the node is active.

    Args:
        node: The node that publishes.
        prefix: What the private topics begin with, such as ``front/``; empty is nothing.
    """

    def __init__(self, node: LifecycleNode, prefix: str = '') -> None:
        self._node = node
        self._prefix = prefix
        self._publishers: dict[str, Any] = {}
        self._serialized: dict[str, SerializedPublish] = {}
        self._beside: frozenset[str] = frozenset()

    def add(self, topic: Topic) -> None:
        """Create a publisher on a private topic, if its message type is installed.

        The prefix is put before the topic's name; the name without it is that of the output.
        """
        message = message_type(topic.type)
        if message is None:
            return
        name = topic.name.removeprefix('~/')
        publisher = self._node.create_lifecycle_publisher(
            message,
            f'~/{self._prefix}{name}',
            # A copy, since overrides by parameters are written into it.
            copy(LATCHED_QOS if topic.latched else RESULT_QOS),
            qos_overriding_options=QoSOverridingOptions(OVERRIDABLE),
        )
        self._publishers[name] = publisher
        self._serialized[name] = SerializedPublish(publisher)
        if topic.beside:
            self._beside |= {name}

    def __contains__(self, name: str) -> bool:
        """Return whether there is such an output."""
        return name in self._publishers

    def publishers(self) -> tuple[Any, ...]:
        """Return all publishers."""
        return tuple(self._publishers.values())

    def wanted(self, name: str) -> bool:
        """Return whether an output has a subscriber."""
        publisher = self._publishers.get(name)
        return publisher is not None and publisher.get_subscription_count() > 0

    def all_wanted(self) -> frozenset[str]:
        """Return the names of the outputs to make, which are those that have subscribers.

        A compressed one, such as ``overlay/compressed``, counts as that which it is made of.
        """
        names = set()
        for name, publisher in self._publishers.items():
            if publisher.get_subscription_count() > 0:
                names.add(name.removesuffix(COMPRESSED_SUFFIX))
        return frozenset() if names <= self._beside else frozenset(names)

    def publish(self, name: str, message: Any) -> None:
        """Publish on an output.

        Args:
            name: The output.
            message: A message, or a serialised one: bytes, or an array of shape (N,), uint8.

        Raises:
            RclpyError: A serialised message cannot be published.
        """
        publisher = self._publishers[name]
        if not isinstance(message, bytes | np.ndarray):
            publisher.publish(message)
        elif publisher.is_activated:
            self._serialized[name].publish(message)

    def clear(self) -> None:
        """Destroy all publishers."""
        while self._publishers:
            name, publisher = self._publishers.popitem()
            del self._serialized[name]
            self._node.destroy_lifecycle_publisher(publisher)
