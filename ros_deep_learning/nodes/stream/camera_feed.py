# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""One subscription for each topic in a process, shared by all nodes that read the topic."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSPolicyKind, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

from ...errors import SettingsError
from ..health.matching import OVERRIDABLE
from ..rclpy_workarounds import SubscriptionEventCallbacks
from .frame import Decode, Frame

RELIABILITIES = {
    'best_available': ReliabilityPolicy.RELIABLE,
    'reliable': ReliabilityPolicy.RELIABLE,
    'best_effort': ReliabilityPolicy.BEST_EFFORT,
}
"""Values of the reliability parameter; ``best_available`` falls back to best effort."""


@dataclass(slots=True, eq=False)
class Reader:
    """A node that reads a topic.

    Attributes:
        node: The node; the subscription may be created on it.
        group: The callback group of the subscription.
        receive: Called with each frame, one reader after another; it must be quick.
        paused: Whether frames are kept from it.
    """

    node: Node
    group: Any
    receive: Callable[[Frame], None]
    paused: bool = False


class Feed:
    """The readers of a topic, and its one subscription on the node of one of them.

    Best effort matches every driver, but loses nearly all images larger than the middleware's
    shared memory: Fast DDS has 512 KiB, less than 640x480 in colour. So the subscription is
    reliable at first, and is replaced by a best-effort one when a driver appears that a reliable
    one cannot receive. A depth of 1 keeps both from queueing old images.
    """

    def __init__(self, topic: str, message_type: Any, decode: Decode, reliability: str) -> None:
        self._topic = topic
        self._message_type = message_type
        self._decode = decode
        self._relaxes = reliability == 'best_available'
        self._reliability = RELIABILITIES[reliability]
        self._lock = threading.Lock()
        self._readers: list[Reader] = []
        self._owner: Reader | None = None
        self._subscription: Any = None
        self._generation = 0

    @property
    def qos(self) -> QoSProfile:
        """The quality of service that the subscription requests."""
        return self._subscription.qos_profile

    def join(self, reader: Reader) -> None:
        """Add a reader; the first reader's node gets the subscription."""
        with self._lock:
            if self._owner is None:
                self._subscription = self._subscribe(reader)
                self._owner = reader
            self._readers.append(reader)

    def leave(self, reader: Reader) -> bool:
        """Remove a reader and hand its subscription over; return True when no reader is left."""
        with self._lock:
            self._readers.remove(reader)
            if reader is self._owner:
                old, self._owner = self._subscription, None
                alive = [r for r in self._readers if r.node.context.ok()]
                try:
                    if alive:
                        self._subscription = self._subscribe(alive[0])
                        self._owner = alive[0]
                finally:
                    reader.node.destroy_subscription(old)
            return not self._readers

    def _subscribe(self, reader: Reader) -> Any:
        # From here on the old subscription, if any, delivers nothing: an image that both receive
        # must not be delivered twice.
        self._generation += 1
        kinds = [kind for kind in OVERRIDABLE if kind != QoSPolicyKind.RELIABILITY]
        return reader.node.create_subscription(
            self._message_type,
            self._topic,
            partial(self._on_message, self._generation),
            QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=1, reliability=self._reliability),
            callback_group=reader.group,
            event_callbacks=SubscriptionEventCallbacks(incompatible_qos=self._on_incompatible),
            qos_overriding_options=QoSOverridingOptions(kinds),
        )

    def _on_message(self, generation: int, message: Any) -> None:
        if generation != self._generation:
            return
        frame = Frame(message, self._topic, time.monotonic_ns(), self._decode)
        for reader in tuple(self._readers):
            if not reader.paused:
                reader.receive(frame)

    def _on_incompatible(self, event: Any) -> None:
        # Diagnostics list other incompatible policies.
        owner = self._owner
        reliability = QoSPolicyKind(event.last_policy_kind) == QoSPolicyKind.RELIABILITY
        if reliability and self._relaxes and owner is not None:
            # Later, since this is called while the subscription is in use.
            owner.node.executor.create_task(self._relax)

    def _relax(self) -> None:
        with self._lock:
            owner = self._owner
            if owner is None or self._reliability != ReliabilityPolicy.RELIABLE:
                return
            self._reliability = ReliabilityPolicy.BEST_EFFORT
            old, self._subscription = self._subscription, self._subscribe(owner)
            owner.node.destroy_subscription(old)
        owner.node.get_logger().info(
            f'a publisher of {self._topic} is best effort, and so is the subscription now; '
            'large images may get lost on the way'
        )


class FeedHub:
    """The feeds of a process; nodes of one context with the same overrides share a feed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._feeds: dict[Hashable, Feed] = {}

    def join(
        self, reader: Reader, topic: str, message_type: Any, decode: Decode
    ) -> tuple[Feed, Callable[[], None]]:
        """Read a topic.

        Args:
            reader: The node that reads.
            topic: Its full name; parameters of the node can override its quality of service.
            message_type: The class of its messages.
            decode: Converts a message to pixels.

        Returns:
            The feed, and a function that ends the reading.

        Raises:
            SettingsError: The reliability parameter has an unknown value.
        """
        overrides = _overrides(reader.node, topic)
        key = (reader.node.context, topic, message_type, tuple(overrides.values()))
        with self._lock:
            feed = self._feeds.get(key)
            if feed is None:
                feed = Feed(topic, message_type, decode, overrides['reliability'])
            feed.join(reader)
            self._feeds[key] = feed

        def leave() -> None:
            with self._lock:
                if feed.leave(reader):
                    del self._feeds[key]

        return feed, leave


HUB = FeedHub()


def check_overrides(node: Node, topic: str) -> None:
    """Raise SettingsError if a parameter overrides a topic's reliability with an unknown value."""
    _overrides(node, topic)


def _overrides(node: Node, topic: str) -> dict[str, Any]:
    """Declare and read the ``qos_overrides`` parameters of a subscription."""
    defaults = {
        'history': 'keep_last',
        'depth': 1,
        'reliability': next(iter(RELIABILITIES)),
        'durability': 'volatile',
    }
    values = {}
    for policy, default in defaults.items():
        name = f'qos_overrides.{topic}.subscription.{policy}'
        if not node.has_parameter(name):
            descriptor = ParameterDescriptor(
                description=f'{policy} of the subscription to {topic}', read_only=True
            )
            node.declare_parameter(name, default, descriptor)
        values[policy] = node.get_parameter(name).value
    if values['reliability'] not in RELIABILITIES:
        msg = (
            f'parameter qos_overrides.{topic}.subscription.reliability is '
            f'{values["reliability"]!r}, but must be one of {", ".join(RELIABILITIES)}'
        )
        raise SettingsError(msg)
    return values
