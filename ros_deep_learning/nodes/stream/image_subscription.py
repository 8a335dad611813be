# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The images of a camera, raw or compressed, from drivers of either reliability."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from ...imaging.compressed import MAX_PIXELS, pixels_from_compressed
from ...imaging.image_messages import pixels_from_message
from ...imaging.sample_range import FULL, SampleRange
from ..health.image_topics import COMPRESSED_SUFFIX, ImageTopics
from ..health.matching import publishers_of, unheard_publishers
from .camera_feed import HUB, Feed, Reader, check_overrides
from .frame import Decode, Frame

LOOK_PERIOD_S = 0.5


@dataclass(frozen=True, slots=True)
class _Reading:
    reader: Reader
    feed: Feed
    leave: Callable[[], None]


class ImageSubscription:
    """The images of a camera, by one transport at a time, so that none is delivered twice.

    ``auto`` reads the raw topic, and the compressed one beside it only while somebody publishes
    there and there is no raw publisher.

    Args:
        node: The subscribing node.
        topic: The topic of raw images. Compressed ones come on ``topic/compressed``, which follows
            the topic unless it is remapped itself.
        receive: Called with each frame; it must be quick.
        group: The callback group of the calls.
        transport: ``auto``, ``raw`` or ``compressed``.
        max_pixels: Largest compressed image that is decoded.
        lost: Called with the number of images that were lost since the last call.
        sample_range: The 16-bit samples that become 0 and 255.

    Raises:
        SettingsError: A ``qos_overrides`` parameter has an unknown value.
    """

    def __init__(
        self,
        node: Node,
        topic: str,
        receive: Callable[[Frame], None],
        group: Any,
        transport: str = 'auto',
        max_pixels: int = MAX_PIXELS,
        lost: Callable[[int], None] = lambda _: None,
        sample_range: SampleRange = FULL,
    ) -> None:
        self._node = node
        self._receive = receive
        self._group = group
        self._transport = transport
        self._max_pixels = max_pixels
        self._lost = lost
        self._sample_range = sample_range
        self.raw_topic = str(node.resolve_topic_name(topic))
        self.compressed_topic = _compressed_topic(node, topic)
        self._topics = ImageTopics(topic, self.raw_topic, self.compressed_topic, transport)
        if transport == 'auto':
            # Otherwise a wrong override would be found only when somebody publishes there.
            check_overrides(node, self.compressed_topic)
        self._lock = threading.Lock()
        self._reads_compressed = transport == 'compressed'
        self._raw: _Reading | None = None
        self._compressed: _Reading | None = None
        self._timer: Any = None
        if self._reads_compressed:
            self._compressed = self._join_compressed()
        else:
            decode = partial(pixels_from_message, fallback=_cv_bridge(), sample_range=sample_range)
            self._raw = self._join(self.raw_topic, Image, decode)
        # By the steady clock, since simulated time may stand still.
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(
            LOOK_PERIOD_S, self._look, callback_group=group, clock=clock
        )

    @property
    def topic_name(self) -> str:
        """Full name of the topic that images are taken from now."""
        return self.compressed_topic if self._reads_compressed else self.raw_topic

    def close(self) -> None:
        """Unsubscribe; twice is harmless."""
        with self._lock:
            timer, self._timer = self._timer, None
            readings = [each for each in (self._raw, self._compressed) if each is not None]
            self._raw = self._compressed = None
        if timer is not None:
            self._node.destroy_timer(timer)
        for reading in readings:
            reading.leave()

    def mismatches(self) -> list[str]:
        """Return a line with the fix for each publisher that the subscriptions do not match."""
        with self._lock:
            return [
                line
                for topic, message_type, feed in self._feeds()
                for line in unheard_publishers(
                    self._node, topic, message_type, feed.qos, self._topics.type_fix
                )
            ]

    def losses_counted_by(self) -> str:
        """Return how lost images are counted, in words; empty before anything was subscribed."""
        with self._lock:
            return self._feeds()[-1][2].losses.counted_by if self._feeds() else ''

    def silence(self) -> str:
        """Return the likely reason why nothing arrives, from the graph, with what to type."""
        return self._topics.silence(self._node)

    def _feeds(self) -> list[tuple[str, Any, Feed]]:
        feeds = []
        if self._raw is not None:
            feeds.append((self.raw_topic, Image, self._raw.feed))
        if self._compressed is not None:
            feeds.append((self.compressed_topic, CompressedImage, self._compressed.feed))
        return feeds

    def _join(self, topic: str, message_type: Any, decode: Decode) -> _Reading:
        reader = Reader(self._node, self._group, self._receive, self._lost)
        variant = (self._max_pixels, self._sample_range)
        feed, leave = HUB.join(reader, topic, message_type, decode, variant)
        return _Reading(reader, feed, leave)

    def _join_compressed(self) -> _Reading:
        decode = partial(
            pixels_from_compressed, max_pixels=self._max_pixels, sample_range=self._sample_range
        )
        return self._join(self.compressed_topic, CompressedImage, decode)

    def _look(self) -> None:
        with self._lock:
            feeds = [feed for _, _, feed in self._feeds()]
        for feed in feeds:
            feed.look()
        if self._transport == 'auto':
            self._choose()

    def _choose(self) -> None:
        """Take the compressed images only while there are no raw ones."""
        wanted = not self._published(self.raw_topic, Image) and self._published(
            self.compressed_topic, CompressedImage
        )
        with self._lock:
            if self._raw is None or wanted == self._reads_compressed:
                return
            self._reads_compressed = self._raw.reader.paused = wanted
            if wanted:
                self._compressed = self._join_compressed()
            elif self._compressed is not None:
                compressed, self._compressed = self._compressed, None
                compressed.reader.paused = True
                compressed.leave()
        self._node.get_logger().info(f'takes the images of {self.topic_name}')

    def _published(self, topic: str, message_type: Any) -> bool:
        return bool(publishers_of(self._node, topic, message_type))


def _cv_bridge() -> Callable[[Any], NDArray[np.uint8]] | None:
    """Return cv_bridge's function from an Image to an rgb8 array, or None if not installed."""
    try:
        from cv_bridge import CvBridge
    except ImportError:
        return None
    bridge = CvBridge()
    return lambda message: np.asarray(bridge.imgmsg_to_cv2(message, 'rgb8'), np.uint8)


def _compressed_topic(node: Node, topic: str) -> str:
    name = f'{topic}{COMPRESSED_SUFFIX}'
    remapped = str(node.resolve_topic_name(name))
    if remapped != node.resolve_topic_name(name, only_expand=True):
        return remapped
    return f'{node.resolve_topic_name(topic)}{COMPRESSED_SUFFIX}'
