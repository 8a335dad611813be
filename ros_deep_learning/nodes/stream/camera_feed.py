# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""One subscription for each topic in a process, shared by all nodes that read the topic."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSPolicyKind, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription

from ...errors import SettingsError
from ..health.matching import OVERRIDABLE, full_name, publishers_of
from ..rclpy_workarounds import SubscriptionEventCallbacks
from .frame import Decode, Frame
from .losses import Losses
from .packet_stream import DEPTH, PacketStream

RELIABILITIES = {
    'best_available': ReliabilityPolicy.RELIABLE,
    'reliable': ReliabilityPolicy.RELIABLE,
    'best_effort': ReliabilityPolicy.BEST_EFFORT,
}
"""Values of the reliability parameter; ``best_available`` takes both."""
REMEMBERED = 16
"""Messages between the two arrivals of one, at most."""


def _ignored(_: Any) -> None:
    """Ignore a count or an event."""


@dataclass(slots=True, eq=False)
class Reader:
    """A node that reads a topic.

    Attributes:
        node: The node; the subscription may be created on it.
        group: The callback group of the subscription.
        receive: Called with each frame, one reader after another; it must be quick.
        lost: Called with the number of messages that were lost since the last call.
        paused: Whether frames are kept from it.
    """

    node: Node
    group: Any
    receive: Callable[[Frame], None]
    lost: Callable[[int], None] = _ignored
    paused: bool = False


class Feed:
    """The readers of a topic, and its subscription on the node of one of them.

    Best effort matches every driver, but loses nearly all images larger than the middleware's
    shared memory: Fast DDS has 512 KiB, less than 640x480 in colour. So the subscription is
    reliable, with a best-effort one beside it only while somebody publishes as best effort. Each
    has a depth of 1, which keeps it from queueing old images; that of video keeps every packet.

    Attributes:
        losses: Counts the lost messages.
        packets: Decodes the messages of a video topic; None for images.
    """

    def __init__(
        self,
        topic: str,
        message_type: Any,
        decode: Decode,
        reliability: str,
        packets: PacketStream | None = None,
    ) -> None:
        self._topic = topic
        self._message_type = message_type
        self._decode = decode
        self._both = reliability == 'best_available'
        self._reliability = RELIABILITIES[reliability]
        self._lock = threading.Lock()
        self._readers: list[Reader] = []
        self._owner: Reader | None = None
        self._subscription: Any = None
        self._best_effort: Any = None
        self._generation = 0
        self._arrived: tuple[deque[Hashable], deque[Hashable]] = (deque(), deque())
        self.losses = Losses()
        self.packets = packets
        self._depth = _depth(packets)

    @property
    def qos(self) -> QoSProfile:
        """The quality of service that publishers must offer at least."""
        least = self._subscription if self._best_effort is None else self._best_effort
        return least.qos_profile

    def join(self, reader: Reader) -> None:
        """Add a reader; the first reader's node gets the subscription."""
        with self._lock:
            if self._owner is None:
                self._own(reader)
            self._readers.append(reader)

    def leave(self, reader: Reader) -> bool:
        """Remove a reader and hand its subscription over; return True when no reader is left."""
        with self._lock:
            self._readers.remove(reader)
            if reader is self._owner:
                old = [s for s in (self._subscription, self._best_effort) if s is not None]
                self._owner = self._best_effort = None
                alive = [r for r in self._readers if r.node.context.ok()]
                try:
                    if alive:
                        self._own(alive[0])
                finally:
                    for subscription in old:
                        reader.node.destroy_subscription(subscription)
            return not self._readers

    def look(self) -> None:
        """Count what was lost; subscribe as best effort too while a publisher offers no more.

        Called from time to time, since events about incompatible publishers may get lost
        (rclpy 9 on a busy machine), and nobody reports the end of the last such publisher.
        """
        with self._lock:
            owner = self._owner
            if owner is None:
                return
            publishers = publishers_of(owner.node, self._topic, self._message_type)
            lost = self.losses.settle([tuple(p.endpoint_gid) for p in publishers])
            for reader in self._readers:
                reader.lost(lost)
            if not self._both:
                return
            weak = [p for p in publishers if p.qos_profile.reliability != self._reliability]
            if bool(weak) == (self._best_effort is not None):
                return
            self._arrived = (deque(maxlen=REMEMBERED), deque(maxlen=REMEMBERED))
            if weak:
                self._best_effort = self._subscribe(owner, ReliabilityPolicy.BEST_EFFORT, 1)
            else:
                owner.node.destroy_subscription(self._best_effort)
                self._best_effort = None
        self._report(owner.node, weak, beside=len(weak) < len(publishers))

    def _report(self, node: Node, weak: Sequence[Any], *, beside: bool) -> None:
        logger = node.get_logger()
        if not weak:
            logger.info(f'nobody publishes on {self._topic} as best effort any more')
            return
        names = ', '.join(sorted({full_name(publisher) for publisher in weak}))
        said = f'{names} publishes on {self._topic} as best effort: large images may get lost'
        if beside:
            logger.warning(
                f'{said}; those of the reliable publishers are received twice meanwhile'
            )
        else:
            logger.info(said)

    def _own(self, reader: Reader) -> None:
        # From here on old subscriptions deliver nothing: an image that both an old and a new one
        # receive must not be delivered twice.
        self._generation += 1
        self._subscription = self._subscribe(reader, self._reliability)
        self._owner = reader

    def _subscribe(self, reader: Reader, reliability: ReliabilityPolicy, number: int = 0) -> Any:
        kinds = [kind for kind in OVERRIDABLE if kind != QoSPolicyKind.RELIABILITY]
        return reader.node.create_subscription(
            self._message_type,
            self._topic,
            _called_with_info(partial(self._on_message, self._generation, number)),
            QoSProfile(
                history=HistoryPolicy.KEEP_LAST, depth=self._depth, reliability=reliability
            ),
            callback_group=reader.group,
            event_callbacks=SubscriptionEventCallbacks(
                # Diagnostics list incompatible publishers, in place of rclpy's warning.
                incompatible_qos=_ignored,
                message_lost=partial(self._on_lost, number),
            ),
            qos_overriding_options=QoSOverridingOptions(kinds),
        )

    def _on_message(self, generation: int, number: int, message: Any, info: Any) -> None:
        if generation != self._generation:
            return
        sent_as = info.get('publication_sequence_number')
        self.losses.delivered.append(sent_as)
        if self.packets is not None:
            message = self.packets.read(message)
        if self._best_effort is not None and self._is_second(number, message):
            return
        frame = Frame(message, self._topic, time.monotonic_ns(), self._decode)
        if self.packets is not None and not self.packets.arrives(frame, sent_as):
            return
        for reader in tuple(self._readers):
            if not reader.paused:
                reader.receive(frame)

    def _on_lost(self, number: int, event: Any) -> None:
        # What the best-effort subscription loses beside a reliable one has arrived there.
        if number == 0 or not self._arrived[0]:
            self.losses.reported(event.total_count_change)
            if self.packets is not None:
                self.packets.reported_lost()

    def _is_second(self, number: int, message: Any) -> bool:
        """Return whether the other subscription has delivered this message already."""
        # rclpy 3 does not say when a message was sent, nor by whom.
        stamp, frame_id = message.header.stamp, message.header.frame_id
        key = (stamp.sec, stamp.nanosec, frame_id, len(message.data))
        delivered, by_other = self._arrived[number], self._arrived[1 - number]
        if key in by_other:
            by_other.remove(key)
            return True
        delivered.append(key)
        return False


def _called_with_info(callback: Callable[[Any, Any], None]) -> Callable[..., None]:
    """Return the callback of a subscription; rclpy 3 calls it without the message's info."""
    if hasattr(Subscription, 'CallbackType'):
        return callback
    return lambda message: callback(message, {})


class FeedHub:
    """The feeds of a process; nodes of one context with the same overrides share a feed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._feeds: dict[Hashable, Feed] = {}

    def join(
        self,
        reader: Reader,
        topic: str,
        message_type: Any,
        decode: Decode,
        variant: Hashable = None,
        packets: PacketStream | None = None,
    ) -> tuple[Feed, Callable[[], None]]:
        """Read a topic.

        Args:
            reader: The node that reads.
            topic: Its full name; parameters of the node can override its quality of service.
            message_type: The class of its messages.
            decode: Converts a message to pixels.
            variant: Readers share a feed, and the pixels that were decoded for one of them, only
                if this is equal.
            packets: Decodes the messages of a video topic; the first reader's is kept.

        Returns:
            The feed, and a function that ends the reading.

        Raises:
            SettingsError: The reliability parameter has an unknown value.
        """
        overrides = _overrides(reader.node, topic, _depth(packets))
        key = (reader.node.context, topic, message_type, variant, *overrides.values())
        with self._lock:
            feed = self._feeds.get(key)
            if feed is None:
                feed = Feed(topic, message_type, decode, overrides['reliability'], packets)
            feed.join(reader)
            self._feeds[key] = feed

        def leave() -> None:
            with self._lock:
                if feed.leave(reader):
                    del self._feeds[key]

        return feed, leave


HUB = FeedHub()


def check_overrides(node: Node, topic: str, depth: int = 1) -> None:
    """Raise SettingsError if a parameter overrides a topic's reliability with an unknown value."""
    _overrides(node, topic, depth)


def _depth(packets: PacketStream | None) -> int:
    return 1 if packets is None else DEPTH


def _overrides(node: Node, topic: str, depth: int) -> dict[str, Any]:
    """Declare and read the ``qos_overrides`` parameters of a subscription."""
    defaults = {
        'history': 'keep_last',
        'depth': depth,
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
