# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The subscription to a camera: reliable where the camera offers that, else best effort."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSPolicyKind, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import Image

try:
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks


class CameraSubscription:
    """Receives the newest image of a topic, from drivers of either reliability.

    Best effort matches every driver, but loses nearly all images larger than the shared memory
    of the middleware: Fast DDS has 512 KiB, less than 640x480 in colour. So a reliable
    subscription is made first, and a best-effort one takes its place when a driver turns up that
    a reliable one cannot receive. A depth of 1 keeps both from queueing old images.

    Args:
        node: Who subscribes.
        topic: Of sensor_msgs/Image; its qualities can be overridden by parameters as usual.
        receive: Called with each message.
        group: The callback group of the calls.
    """

    def __init__(self, node: Node, topic: str, receive: Callable[[Any], None], group: Any) -> None:
        self._node = node
        self._topic = topic
        self._receive = receive
        self._group = group
        self._lock = threading.Lock()
        self._closed = False
        kinds = (QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH, QoSPolicyKind.RELIABILITY)
        self._subscription = self._subscribe(ReliabilityPolicy.RELIABLE, kinds)

    @property
    def topic_name(self) -> str:
        """The topic's full name."""
        return str(self._subscription.topic_name)

    def close(self) -> None:
        """Unsubscribe; twice is harmless."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._node.destroy_subscription(self._subscription)

    def _subscribe(
        self, reliability: ReliabilityPolicy, overridable: tuple[QoSPolicyKind, ...]
    ) -> Any:
        return self._node.create_subscription(
            Image,
            self._topic,
            self._receive,
            QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=1, reliability=reliability),
            callback_group=self._group,
            event_callbacks=SubscriptionEventCallbacks(incompatible_qos=self._on_incompatible),
            qos_overriding_options=QoSOverridingOptions(overridable),
        )

    def _on_incompatible(self, event: Any) -> None:
        policy = QoSPolicyKind(event.last_policy_kind)
        if policy != QoSPolicyKind.RELIABILITY:
            self._node.get_logger().warning(
                f'a publisher of {self.topic_name} offers quality of service that does not match '
                f'({policy.name.lower()}); its images do not arrive'
            )
            return
        # From the executor, since this is called while the subscription is in use.
        self._node.executor.create_task(self._relax)

    def _relax(self) -> None:
        with self._lock:
            reliability = self._subscription.qos_profile.reliability
            if self._closed or reliability != ReliabilityPolicy.RELIABLE:
                return
            # The parameter that overrides the reliability exists, and says reliable.
            kinds = (QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH)
            relaxed = self._subscribe(ReliabilityPolicy.BEST_EFFORT, kinds)
            old, self._subscription = self._subscription, relaxed
            self._node.destroy_subscription(old)
        self._node.get_logger().info(
            f'a publisher of {self.topic_name} is best effort, and so is the subscription now; '
            'large images may get lost on the way'
        )
