# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""One feed for each topic in a process, and the parameters for its quality of service."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node

from ...errors import SettingsError
from .camera_feed import RELIABILITIES, Feed, MakeUnpack, Reader
from .frame import Decode
from .packet_stream import DEPTH, PacketStream


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
        make_unpack: MakeUnpack | None = None,
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
            make_unpack: Makes what reads serialised messages, which are then received in a thread
                and with one copy; None takes messages as rclpy makes them, on the executor.

        Returns:
            The feed, and a function that ends the reading.

        Raises:
            SettingsError: The reliability parameter has an unknown value.
        """
        overrides = _overrides(reader.node, topic, 1 if packets is None else DEPTH)
        context = reader.node.context
        key = (context, topic, message_type, variant, make_unpack, *overrides.values())
        with self._lock:
            feed = self._feeds.get(key)
            if feed is None:
                reliability = overrides['reliability']
                feed = Feed(topic, message_type, decode, reliability, packets, make_unpack)
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
