# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Count the messages that were published but never delivered."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection, Hashable

import rclpy


class Losses:
    """Counts the messages of a topic that were sent but not delivered.

    No middleware of ROS 2 reports a message that a newer one replaces before it is taken: with a
    depth of 1 it is missing without a ``message_lost`` event. Fast DDS numbers the messages of
    each publisher, so a gap in the numbers shows it. A subscription does not learn whose number it
    is, so gaps count only while the topic has one publisher. Otherwise, and without numbers
    (Cyclone DDS, or rclpy 3, which drops them), the events of the middleware are all that is
    known.

    Attributes:
        delivered: Takes the ``publication_sequence_number`` of each message that was delivered,
            None where the middleware has none; a queue, because it costs a frame the least.
    """

    def __init__(self) -> None:
        self.delivered: deque[int | None] = deque()
        self._lock = threading.Lock()
        self._numbered = False
        self._last = 0
        self._missing = self._reported = 0
        self._mixed = False
        self._publishers: frozenset[Hashable] | None = None

    @property
    def counted_by(self) -> str:
        """How messages are counted, in words."""
        if self._numbered:
            return 'the numbers of the messages'
        name = rclpy.get_rmw_implementation_identifier()
        return f'events of {name}, without those that a newer one replaced'

    def reported(self, count: int) -> None:
        """Note messages that the middleware reports as lost."""
        with self._lock:
            self._reported += count

    def settle(self, publishers: Collection[Hashable]) -> int:
        """Return how many messages were lost since the last call.

        Args:
            publishers: Identities of the publishers that the topic has now.
        """
        with self._lock:
            while self.delivered:
                self._follow(self.delivered.popleft())
            now = frozenset(publishers)
            same = len(now) == 1 and self._publishers in (None, now)
            exact = self._numbered and same and not self._mixed
            lost = self._missing if exact else self._reported
            self._publishers = now
            self._missing = self._reported = 0
            self._mixed = False
            return lost

    def _follow(self, number: int | None) -> None:
        if number is None:
            return
        if self._numbered:
            self._missing += max(0, number - self._last - 1)
            # Numbers of one publisher only rise.
            self._mixed = self._mixed or number <= self._last
        self._numbered = True
        self._last = number
