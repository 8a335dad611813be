# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""One subscription a topic and process: what arrives goes to every node that reads the topic."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
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
"""What the parameter of the reliability may be; the first becomes best effort where it must."""


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """A node that reads a topic.

    Attributes:
        node: The node, on which the subscription may be made.
        group: The callback group for it.
        receive: Called with each frame, in turn with those of other nodes: it must be quick.
    """

    node: Node
    group: Any
    receive: Callable[[Frame], None]


class Feed:
    """The subscription to a topic, which is on one of its readers' nodes, and its readers.

    Best effort matches every driver, but loses nearly all images larger than the shared memory
    of the middleware: Fast DDS has 512 KiB, less than 640x480 in colour. So a reliable
    subscription is made first, and a best-effort one takes its place when a driver turns up that
    a reliable one cannot receive. A depth of 1 keeps both from queueing old images.
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

    @property
    def qos(self) -> QoSProfile:
        """What the subscription asks for."""
        return self._subscription.qos_profile

    def join(self, reader: Reader) -> None:
        """Add a reader; the first one's node gets the subscription."""
        with self._lock:
            if self._owner is None:
                self._subscription = self._subscribe(reader)
                self._owner = reader
            self._readers.append(reader)

    def leave(self, reader: Reader) -> bool:
        """Take a reader off, its subscription to the next one; true when none is left."""
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
        kinds = [kind for kind in OVERRIDABLE if kind != QoSPolicyKind.RELIABILITY]
        return reader.node.create_subscription(
            self._message_type,
            self._topic,
            self._on_message,
            QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=1, reliability=self._reliability),
            callback_group=reader.group,
            event_callbacks=SubscriptionEventCallbacks(incompatible_qos=self._on_incompatible),
            qos_overriding_options=QoSOverridingOptions(kinds),
        )

    def _on_message(self, message: Any) -> None:
        frame = Frame(message, self._topic, time.monotonic_ns(), self._decode)
        for reader in tuple(self._readers):
            reader.receive(frame)

    def _on_incompatible(self, event: Any) -> None:
        # Others are named in diagnostics, as long as they are there.
        owner = self._owner
        reliability = QoSPolicyKind(event.last_policy_kind) == QoSPolicyKind.RELIABILITY
        if reliability and self._relaxes and owner is not None:
            # From the executor, since this is called while the subscription is in use.
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
    """The feeds of a process; nodes of one context whose overrides are the same share one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._feeds: dict[Hashable, Feed] = {}

    def join(
        self, reader: Reader, topic: str, message_type: Any, decode: Decode
    ) -> tuple[Feed, Callable[[], None]]:
        """Read a topic.

        Args:
            reader: Who reads.
            topic: Its full name; its qualities can be overridden by parameters of the node.
            message_type: What is published there.
            decode: Makes pixels of a message.

        Returns:
            The feed, and what ends the reading.

        Raises:
            SettingsError: The parameter of the reliability has a value that does not exist.
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
    """Raise SettingsError where the qualities of a topic are overridden by what cannot be."""
    _overrides(node, topic)


def _overrides(node: Node, topic: str) -> dict[str, Any]:
    """Read the ``qos_overrides`` of a subscription, which may only be told apart when declared."""
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
