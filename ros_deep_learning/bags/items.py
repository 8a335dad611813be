# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a bag holds, whatever its storage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

QOS_KEY, HASH_KEY = 'offered_qos_profiles', 'topic_type_hash'
"""What rosbag2 calls these in the metadata of an MCAP channel."""


@dataclass(frozen=True, slots=True)
class Definition:
    """The definition of a message type.

    Attributes:
        encoding: ``ros2msg``, ``ros2idl`` or another language.
        text: The definition with those of all types in it.
    """

    encoding: str
    text: bytes


@dataclass(frozen=True, slots=True)
class BagTopic:
    """A topic, as one publisher offered it. Equal ones are the same topic in another file.

    Attributes:
        name: Such as ``/camera/image_raw``.
        type: Such as ``sensor_msgs/msg/Image``; empty if it is not known.
        format: Of the messages, such as ``cdr``.
        definition: Of the type; None if the bag has none.
        metadata: Names and values; of ROS 2 are ``QOS_KEY``, a text in YAML, and ``HASH_KEY``.
    """

    name: str
    type: str
    format: str
    definition: Definition | None = None
    metadata: tuple[tuple[str, str], ...] = ()

    @property
    def qos(self) -> str:
        """The offered QoS profiles, as the bag has them; empty if it has none."""
        return dict(self.metadata).get(QOS_KEY, '')

    @property
    def type_hash(self) -> str:
        """The hash of the type, such as ``RIHS01_...``; empty if the bag has none."""
        return dict(self.metadata).get(HASH_KEY, '')


@dataclass(frozen=True, slots=True)
class BagMessage:
    """A message as it was recorded.

    Attributes:
        topic: Its topic.
        data: The serialised message.
        log_time_ns: When it was received.
        publish_time_ns: When it was sent, where the storage tells; else ``log_time_ns``.
        sequence: Number that its publisher gave it; 0 where the storage has none.
    """

    topic: BagTopic
    data: bytes
    log_time_ns: int
    publish_time_ns: int
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Extra:
    """Something beside the messages, which only MCAP has.

    Attributes:
        record: An Attachment or Metadata of ``mcap.records``.
    """

    record: Any


_MOST_FAULTS = 1000
BagItem = BagTopic | BagMessage | Extra


@dataclass(frozen=True, slots=True)
class BagSummary:
    """What a file of a bag holds.

    Attributes:
        topics: Each topic with the number of its messages.
        start_ns: The earliest time of receipt; 0 without messages.
        end_ns: The latest.
    """

    topics: tuple[tuple[BagTopic, int], ...]
    start_ns: int
    end_ns: int


def note(faults: list[str], text: str) -> None:
    """Add what is wrong with a file, unless the list is long already."""
    if len(faults) < _MOST_FAULTS:
        faults.append(text)


class BagWriter(Protocol):
    """Writes a bag to one file, in pieces of which each is written completely or not at all."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Number of messages by the name of their topic, with those of a continued file."""

    def add_topic(self, topic: BagTopic) -> None:
        """Add a topic, unless it is there."""

    def add_message(self, message: BagMessage) -> None:
        """Add a message, and its topic."""

    def add_extra(self, extra: Extra) -> bool:
        """Add what is beside the messages; return False if this storage cannot hold it."""

    def commit(self) -> None:
        """End a piece: what is read again is up to here, or up to an earlier end."""

    def summary(self) -> BagSummary:
        """Return how many messages were written, and from when to when."""

    def finish(self, description: str, version: int) -> None:
        """Complete the file.

        Args:
            description: What rosbag2 writes of the bag, in YAML.
            version: Of the form of the description.
        """

    def close(self) -> None:
        """Close the file, complete or not."""
