# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The calibration that a camera publishes beside its images."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo

LOOK_PERIOD_S = 0.5
KEPT = 16
QOS = QoSProfile(depth=KEPT, reliability=ReliabilityPolicy.BEST_EFFORT)
"""Best effort, which matches every driver; the messages are small."""


class Calibration:
    """The newest CameraInfo messages of a camera, received only while they are wanted.

    Args:
        node: The subscribing node.
        prefix: What the node's topics of this camera begin with, such as ``~/front/``.
        image_topic: Full name of the topic of its images.
        wanted: Returns whether somebody subscribes to the calibration of the results.
        group: The callback group.
    """

    def __init__(
        self, node: Node, prefix: str, image_topic: str, wanted: Callable[[], bool], group: Any
    ) -> None:
        self._node = node
        self._wanted = wanted
        self._group = group
        self.topic = _topic(node, prefix, image_topic)
        self._newest: deque[Any] = deque(maxlen=KEPT)
        self._subscription: Any = None
        # The node may be deactivated while its executor looks.
        self._lock = threading.Lock()
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer: Any = node.create_timer(
            LOOK_PERIOD_S, self._look, callback_group=group, clock=clock
        )

    def at(self, stamp: Any) -> Any:
        """Return the CameraInfo of a stamp, or else the newest one; None if none has arrived."""
        newest = tuple(self._newest)
        same = (info for info in newest if info.header.stamp == stamp)
        return next(same, newest[-1] if newest else None)

    def close(self) -> None:
        """Unsubscribe; twice is harmless."""
        with self._lock:
            timer, self._timer = self._timer, None
            if timer is not None:
                self._node.destroy_timer(timer)
            self._unsubscribe()

    def _look(self) -> None:
        with self._lock:
            if not self._wanted():
                self._unsubscribe()
            elif self._subscription is None and self._timer is not None:
                self._subscription = self._node.create_subscription(
                    CameraInfo, self.topic, self._take, QOS, callback_group=self._group
                )

    def _take(self, message: Any) -> None:
        self._newest.append(message)

    def _unsubscribe(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            self._node.destroy_subscription(subscription)
            self._newest.clear()


def _topic(node: Node, prefix: str, image_topic: str) -> str:
    """Return the topic of the calibration: ``camera_info`` beside the images, unless remapped.

    The results' own calibration has that name where the images are on a topic of the node.
    """
    name = f'{prefix}camera_info_in'
    own = str(node.resolve_topic_name(name))
    if own != node.resolve_topic_name(name, only_expand=True):
        return own
    beside = f'{image_topic.rpartition("/")[0]}/camera_info'
    return own if beside == node.resolve_topic_name(f'{prefix}camera_info') else beside
