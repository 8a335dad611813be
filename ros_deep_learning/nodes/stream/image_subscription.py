# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The images of a camera, raw, compressed or as video, from drivers of either reliability."""

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

from ...engines.on_device import Allocate
from ...errors import SettingsError
from ...imaging.compressed import MAX_PIXELS, pixels_from_compressed
from ...imaging.image_messages import pixels_from_message
from ...imaging.sample_range import FULL, SampleRange
from ...imaging.serialized import CompressedImageReader, ImageReader
from ..health.image_topics import COMPRESSED_SUFFIX, VIDEO_TYPES, ImageTopics
from ..health.matching import publishers_of, unheard_publishers
from .camera_feed import Feed, MakeUnpack, Reader
from .feed_hub import HUB, check_overrides
from .frame import Decode, EachOnce, Frame
from .packet_stream import DEPTH, PacketStream, lacking, video_message

LOOK_PERIOD_S = 0.5
WARN_PERIOD_S = 30.0


@dataclass(frozen=True, slots=True)
class _Source:
    topic: str
    message_type: Any


@dataclass(frozen=True, slots=True)
class _Reading:
    source: _Source
    reader: Reader
    feed: Feed
    leave: Callable[[], None]


class ImageSubscription:
    """The images of a camera, by one transport at a time, so that none is delivered twice.

    ``auto`` reads the raw topic, and a compressed or video one beside it only while somebody
    publishes there and there is no raw publisher.

    Args:
        node: The subscribing node.
        topic: The topic of raw images. Compressed ones come on ``topic/compressed``, which follows
            the topic unless it is remapped itself; video on ``topic/ffmpeg`` likewise.
        receive: Called with each frame; it must be quick.
        group: The callback group of the calls.
        transport: ``auto``, ``raw``, ``compressed``, ``ffmpeg`` or ``foxglove``.
        max_pixels: Largest compressed image or picture of a video that is decoded.
        lost: Called with the number of images that were lost since the last call.
        sample_range: The 16-bit samples that become 0 and 255.
        memory: Returns what allocates the memory that images are best received into; None is
            ordinary memory.
        one_copy: Whether images are received in a thread of their own, which calls ``receive``,
            into memory that is kept. Those of a video are received on the executor.

    Raises:
        SettingsError: A ``qos_overrides`` parameter has an unknown value, or what the transport
            needs is not installed.
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
        *,
        memory: Callable[[], Allocate | None] = lambda: None,
        one_copy: bool = False,
    ) -> None:
        self._node = node
        self._receive = EachOnce(receive) if transport == 'auto' else receive
        self._group = group
        self._transport = transport
        self._max_pixels = max_pixels
        self._lost = lost
        self._sample_range = sample_range
        self._memory = memory
        self._one_copy = one_copy
        self.raw_topic = str(node.resolve_topic_name(topic))
        self.compressed_topic = _topic_beside(node, topic, COMPRESSED_SUFFIX)
        video = {name: _topic_beside(node, topic, f'/{name}') for name in VIDEO_TYPES}
        fixes = {name: fix for name in VIDEO_TYPES if (fix := lacking(name))}
        if transport in fixes:
            msg = f'image_transport {transport} cannot be read; to fix: {fixes[transport]}'
            raise SettingsError(msg)
        self._topics = ImageTopics(
            topic, self.raw_topic, self.compressed_topic, transport, video, fixes
        )
        self._sources = {
            'raw': _Source(self.raw_topic, Image),
            'compressed': _Source(self.compressed_topic, CompressedImage),
        }
        for name in (each for each in VIDEO_TYPES if each not in fixes):
            self._sources[name] = _Source(video[name], video_message(name))
        if transport == 'auto':
            # Otherwise a wrong override would be found only when somebody publishes there.
            for name, source in self._sources.items():
                check_overrides(node, source.topic, DEPTH if name in VIDEO_TYPES else 1)
        self._lock = threading.Lock()
        self._reads = 'raw' if transport == 'auto' else transport
        self._readings: dict[str, _Reading] = {}
        self._timer: Any = None
        self._readings[self._reads] = self._join(self._reads)
        # By the steady clock, since simulated time may stand still.
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(
            LOOK_PERIOD_S, self._look, callback_group=group, clock=clock
        )

    @property
    def topic_name(self) -> str:
        """Full name of the topic that images are taken from now."""
        return self._sources[self._reads].topic

    @property
    def base_topic(self) -> str:
        """Full name of the topic after which image_transport names that of these images."""
        if self._transport in ('auto', 'raw'):
            return self.raw_topic
        return self._sources[self._transport].topic.removesuffix(f'/{self._transport}')

    def close(self) -> None:
        """Unsubscribe; twice is harmless."""
        with self._lock:
            timer, self._timer = self._timer, None
            readings, self._readings = list(self._readings.values()), {}
        if timer is not None:
            self._node.destroy_timer(timer)
        for reading in readings:
            reading.leave()

    def mismatches(self) -> list[str]:
        """Return a line with the fix for each publisher that the subscriptions do not match."""
        with self._lock:
            return [
                line
                for each in self._readings.values()
                for line in unheard_publishers(
                    self._node,
                    each.source.topic,
                    each.source.message_type,
                    each.feed.qos,
                    self._topics.type_fix,
                )
            ]

    def losses_counted_by(self) -> str:
        """Return how lost images are counted, in words; empty before anything was subscribed."""
        with self._lock:
            reading = self._readings.get(self._reads)
            return '' if reading is None else reading.feed.losses.counted_by

    def received_by(self) -> str:
        """Return how messages are taken from the middleware; empty before anything is."""
        with self._lock:
            reading = self._readings.get(self._reads)
            return '' if reading is None else reading.feed.received_by

    def has_publisher(self) -> bool:
        """Return whether somebody publishes images of this camera, in whichever form."""
        return any(self._published(source) for source in self._sources.values())

    def silence(self) -> str:
        """Return the likely reason why nothing arrives, from the graph, with what to type."""
        with self._lock:
            reading = self._readings.get(self._reads)
        packets = None if reading is None else reading.feed.packets
        if packets is not None and packets.passed_over:
            return (
                f'packets arrive on {self.topic_name}, but none has a key frame: let the encoder '
                'send key frames more often (docs/transport.md)'
            )
        return self._topics.silence(self._node)

    def _join(self, name: str) -> _Reading:
        source = self._sources[name]
        reader = Reader(self._node, self._group, self._receive, self._lost, self._memory)
        packets = None
        make_unpack: MakeUnpack | None = None
        decode: Decode
        if name == 'raw':
            make_unpack = ImageReader
            decode = partial(
                pixels_from_message, fallback=_cv_bridge(), sample_range=self._sample_range
            )
        elif name == 'compressed':
            make_unpack = CompressedImageReader
            decode = partial(
                pixels_from_compressed,
                max_pixels=self._max_pixels,
                sample_range=self._sample_range,
            )
        else:
            warn = self._node.get_logger().warning
            packets = PacketStream(
                self._max_pixels, partial(warn, throttle_duration_sec=WARN_PERIOD_S)
            )
            decode = packets.decode
        variant = (self._max_pixels, self._sample_range)
        feed, leave = HUB.join(
            reader,
            source.topic,
            source.message_type,
            decode,
            variant,
            packets,
            make_unpack if self._one_copy else None,
        )
        return _Reading(source, reader, feed, leave)

    def _look(self) -> None:
        with self._lock:
            feeds = [each.feed for each in self._readings.values()]
        for feed in feeds:
            feed.look()
        if self._transport == 'auto':
            self._choose()

    def _choose(self) -> None:
        """Take compressed images or video only while there are no raw images."""
        wanted = next((n for n, each in self._sources.items() if self._published(each)), 'raw')
        with self._lock:
            if 'raw' not in self._readings or wanted == self._reads:
                return
            left, self._reads = self._reads, wanted
            self._readings['raw'].reader.paused = wanted != 'raw'
            if left != 'raw':
                reading = self._readings.pop(left)
                reading.reader.paused = True
                reading.leave()
            if wanted != 'raw':
                self._readings[wanted] = self._join(wanted)
        self._node.get_logger().info(f'takes the images of {self.topic_name}')

    def _published(self, source: _Source) -> bool:
        return bool(publishers_of(self._node, source.topic, source.message_type))


def _cv_bridge() -> Callable[[Any], NDArray[np.uint8]] | None:
    """Return cv_bridge's function from an Image to an rgb8 array, or None if not installed."""
    try:
        from cv_bridge import CvBridge
    except ImportError:
        return None
    bridge = CvBridge()
    return lambda message: np.asarray(bridge.imgmsg_to_cv2(message, 'rgb8'), np.uint8)


def _topic_beside(node: Node, topic: str, suffix: str) -> str:
    name = f'{topic}{suffix}'
    remapped = str(node.resolve_topic_name(name))
    if remapped != node.resolve_topic_name(name, only_expand=True):
        return remapped
    return f'{node.resolve_topic_name(topic)}{suffix}'
