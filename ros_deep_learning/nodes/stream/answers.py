# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The answers of the nodes that work on a file's frames, by which its source sends the next."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Any

from rclpy.node import Node

from ..messages.outputs import RESULT_QOS


class Answers:
    """Receives messages whose stamps say which frame they answer.

    Args:
        node: The node that sends the frames.
        topics: Name and message type of each topic, a Header or a message with one.
    """

    def __init__(self, node: Node, topics: Iterable[tuple[str, Any]]) -> None:
        self._node = node
        self._arrived = threading.Condition()
        self._stamps: dict[str, tuple[int, int]] = {}
        for name, message_type in topics:
            self._stamps[name] = (0, 0)
            node.create_subscription(
                message_type,
                name,
                lambda message, name=name: self._take(name, message),
                RESULT_QOS,
            )

    def ready(self) -> bool:
        """Return whether every topic has a publisher."""
        return all(self._node.count_publishers(name) > 0 for name in self._stamps)

    def missing(self, stamp: Any) -> list[str]:
        """Return the topics that have not answered the frame with a stamp."""
        wanted = (stamp.sec, stamp.nanosec)
        return [name for name, answered in self._stamps.items() if answered != wanted]

    def wait(self, stamp: Any, timeout_s: float, stopped: threading.Event) -> bool:
        """Wait until every topic has answered a frame; return False if that took too long.

        Args:
            stamp: The stamp of the frame.
            timeout_s: Seconds to wait.
            stopped: Ends the wait when it is set.
        """
        end_s = time.monotonic() + timeout_s
        with self._arrived:
            while self.missing(stamp):
                if stopped.is_set() or time.monotonic() > end_s:
                    return False
                self._arrived.wait(0.1)
        return True

    def _take(self, name: str, message: Any) -> None:
        stamp = getattr(message, 'header', message).stamp
        with self._arrived:
            self._stamps[name] = (stamp.sec, stamp.nanosec)
            self._arrived.notify_all()
