# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The subscription to a topic, shared by all nodes of a process that read it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSPolicyKind, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription
from std_msgs.msg import Header

from ...engines.on_device import Allocate
from ...errors import ImageError, RclpyError
from ..health.matching import OVERRIDABLE, full_name, publishers_of
from ..rclpy_workarounds import SubscriptionEventCallbacks
from .frame import REMEMBERED, Decode, Frame
from .frame_memory import FrameMemory, ordinary_memory
from .losses import Losses
from .one_copy import OneCopySubscription
from .packet_stream import DEPTH, PacketStream
from .worker import Spare

RELIABILITIES = {
    'best_available': ReliabilityPolicy.RELIABLE,
    'reliable': ReliabilityPolicy.RELIABLE,
    'best_effort': ReliabilityPolicy.BEST_EFFORT,
}
"""Values of the reliability parameter; ``best_available`` takes both."""
WARN_PERIOD_S = 30.0
BY_RCLPY = 'rclpy, on the executor'
ONE_COPY = 'one copy, in a thread of their own'

Unpack = Callable[[NDArray[np.uint8], Callable[[int, int, str], Header]], Any]
"""Reads a serialised message as ``imaging/serialized.py`` does, with a function for its header."""
MakeUnpack = Callable[[], Unpack]
"""Makes what reads the serialised messages of one topic."""


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
        memory: Returns what allocates the memory that it likes messages to be in, which are
            received with one copy; None is ordinary memory.
        paused: Whether frames are kept from it.
    """

    node: Node
    group: Any
    receive: Callable[[Frame], None]
    lost: Callable[[int], None] = _ignored
    memory: Callable[[], Allocate | None] = lambda: None
    paused: bool = False


class _Link(Protocol):
    """A subscription, however it takes its messages."""

    @property
    def qos_profile(self) -> QoSProfile:
        """The quality of service."""

    def close(self) -> None:
        """Unsubscribe."""


@dataclass(frozen=True, slots=True)
class _RclpyLink:
    node: Node
    subscription: Any

    @property
    def qos_profile(self) -> QoSProfile:
        return self.subscription.qos_profile

    def close(self) -> None:
        self.node.destroy_subscription(self.subscription)


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
        make_unpack: MakeUnpack | None = None,
    ) -> None:
        self._topic = topic
        self._message_type = message_type
        self._decode = decode
        self._both = reliability == 'best_available'
        self._reliability = RELIABILITIES[reliability]
        self._lock = threading.Lock()
        self._readers: list[Reader] = []
        self._owner: Reader | None = None
        self._subscription: _Link | None = None
        self._best_effort: _Link | None = None
        self._generation = 0
        # What each subscription has delivered and the other has not, while there are two.
        self._arrived: tuple[deque[Hashable], deque[Hashable]] | None = None
        self.losses = Losses()
        self.packets = packets
        self._lacking = ''
        self._unpack = None if make_unpack is None else make_unpack()
        self._memory = FrameMemory(self._allocator)
        self._delivery = threading.Lock()
        self._depth = 1 if packets is None else DEPTH

    @property
    def qos(self) -> QoSProfile:
        """The quality of service that publishers must offer at least."""
        least = self._subscription if self._best_effort is None else self._best_effort
        assert least is not None
        return least.qos_profile

    @property
    def received_by(self) -> str:
        """How messages are taken from the middleware, in words."""
        if not isinstance(self._subscription, OneCopySubscription):
            return BY_RCLPY if not self._lacking else f'{BY_RCLPY}: {self._lacking}'
        ordinary = self._allocator() is ordinary_memory
        return ONE_COPY if ordinary else f'{ONE_COPY}, into memory of the engine'

    def join(self, reader: Reader) -> None:
        """Add a reader; the first reader's node gets the subscription."""
        with self._lock:
            # First, since a thread delivers what the middleware has kept for it at once.
            self._readers.append(reader)
            try:
                if self._owner is None:
                    self._own(reader)
            except BaseException:
                self._readers.remove(reader)
                raise

    def leave(self, reader: Reader) -> bool:
        """Remove a reader and hand its subscription over; return True when no reader is left."""
        with self._lock:
            # Nothing is delivered to it from here on.
            with self._delivery:
                self._readers.remove(reader)
            if reader is self._owner:
                both = self._best_effort is not None
                old = [s for s in (self._subscription, self._best_effort) if s is not None]
                # First, so that what both receive until they are closed is delivered by neither.
                self._begin_generation()
                self._owner = self._best_effort = None
                alive = [r for r in self._readers if r.node.context.ok()]
                try:
                    if alive:
                        self._own(alive[0])
                        if both:
                            self._subscribe_beside(alive[0])
                finally:
                    for link in old:
                        link.close()
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
            if self._best_effort is None:
                self._subscribe_beside(owner)
            else:
                self._best_effort.close()
                self._best_effort = None
                self._remember(None)
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

    def _allocator(self) -> Allocate:
        """Return what allocates the memory of messages, which may change with a network."""
        wishes = (reader.memory() for reader in tuple(self._readers))
        return next((each for each in wishes if each is not None), ordinary_memory)

    def _own(self, reader: Reader) -> None:
        self._begin_generation()
        self._subscription = self._subscribe(reader, self._reliability)
        self._owner = reader

    def _subscribe_beside(self, owner: Reader) -> None:
        # Remembered before the other one begins, until it has ended: each may have a thread.
        self._remember((deque(maxlen=REMEMBERED), deque(maxlen=REMEMBERED)))
        self._best_effort = self._subscribe(owner, ReliabilityPolicy.BEST_EFFORT, 1)

    def _begin_generation(self) -> None:
        # From here on old subscriptions deliver nothing: an image that both an old and a new one
        # receive must not be delivered twice.
        with self._delivery:
            self._generation += 1
            self._arrived = None

    def _remember(self, arrived: tuple[deque[Hashable], deque[Hashable]] | None) -> None:
        with self._delivery:
            self._arrived = arrived

    def _subscribe(self, reader: Reader, reliability: ReliabilityPolicy, number: int = 0) -> _Link:
        kinds = [kind for kind in OVERRIDABLE if kind != QoSPolicyKind.RELIABILITY]
        qos = QoSProfile(
            history=HistoryPolicy.KEEP_LAST, depth=self._depth, reliability=reliability
        )
        overriding = QoSOverridingOptions(kinds)
        on_message = partial(self._on_message, self._generation, number)
        on_lost = partial(self._on_lost, number)
        if self._unpack is not None:
            try:
                return OneCopySubscription(
                    reader.node,
                    self._message_type,
                    self._topic,
                    partial(self._on_bytes, reader.node, self._unpack, on_message),
                    on_lost,
                    self._memory.take,
                    qos_profile=qos,
                    qos_overriding_options=overriding,
                )
            except RclpyError as err:
                self._lacking = str(err)
                reader.node.get_logger().warning(
                    f'images are received by {BY_RCLPY}: {err}', once=True
                )
        subscription = reader.node.create_subscription(
            self._message_type,
            self._topic,
            _called_with_number(on_message),
            qos,
            callback_group=reader.group,
            event_callbacks=SubscriptionEventCallbacks(
                # Diagnostics list incompatible publishers, in place of rclpy's warning.
                incompatible_qos=_ignored,
                message_lost=on_lost,
            ),
            qos_overriding_options=overriding,
        )
        return _RclpyLink(reader.node, subscription)

    def _on_bytes(
        self,
        node: Node,
        unpack: Unpack,
        on_message: Callable[[Any, int | None, Spare], None],
        data: NDArray[np.uint8],
        number: int | None,
        spare: Spare,
    ) -> None:
        try:
            message = unpack(data, _header)
        except ImageError as err:
            node.get_logger().warning(
                f'dropped a message of {self._topic}: {err}', throttle_duration_sec=WARN_PERIOD_S
            )
        else:
            on_message(message, number, spare)

    def _on_message(
        self,
        generation: int,
        number: int,
        message: Any,
        sent_as: int | None,
        spare: Spare | None = None,
    ) -> None:
        # Each subscription may have a thread; readers are called by one at a time.
        with self._delivery:
            if generation != self._generation:
                return
            self.losses.delivered.append(sent_as)
            if self.packets is not None:
                message = self.packets.read(message)
            if self._arrived is not None and _is_second(self._arrived, number, message):
                return
            frame = Frame(message, self._topic, time.monotonic_ns(), self._decode, spare)
            if self.packets is not None and not self.packets.arrives(frame, sent_as):
                return
            for reader in tuple(self._readers):
                if not reader.paused:
                    reader.receive(frame)

    def _on_lost(self, number: int, event: Any) -> None:
        # What the best-effort subscription loses beside a reliable one has arrived there.
        arrived = self._arrived
        if number == 0 or not (arrived and arrived[0]):
            self.losses.reported(event.total_count_change)
            if self.packets is not None:
                self.packets.reported_lost()


def _is_second(
    arrived: tuple[deque[Hashable], deque[Hashable]], number: int, message: Any
) -> bool:
    """Return whether the other subscription has delivered this message already."""
    # rclpy 3 does not say when a message was sent, nor by whom.
    stamp, frame_id = message.header.stamp, message.header.frame_id
    key = (stamp.sec, stamp.nanosec, frame_id, len(message.data))
    delivered, by_other = arrived[number], arrived[1 - number]
    if key in by_other:
        by_other.remove(key)
        return True
    delivered.append(key)
    return False


def _called_with_number(callback: Callable[[Any, int | None], None]) -> Callable[..., None]:
    """Return the callback of a subscription; rclpy 3 calls it without the message's info."""
    if hasattr(Subscription, 'CallbackType'):
        return lambda message, info: callback(message, info.get('publication_sequence_number'))
    return lambda message: callback(message, None)


def _header(sec: int, nanosec: int, frame_id: str) -> Header:
    # Not by arguments: rclpy makes a second Time then.
    header = Header(frame_id=frame_id)
    header.stamp.sec, header.stamp.nanosec = sec, nanosec
    return header
