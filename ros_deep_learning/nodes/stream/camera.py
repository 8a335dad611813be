# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""One camera of a node, with its topics, counts and memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from rclpy.lifecycle import LifecycleNode

from ...engines.on_device import Allocate
from ...imaging.pixels import Pixels
from ...text import one_line
from ..health.camera_health import WatchedCamera
from ..health.statistics import FrameStatistics
from ..messages.camera_info import camera_info_message
from ..messages.outgoing_images import OutgoingImage, OutgoingImages, compressed_message
from ..messages.outputs import Outputs
from ..parameters.live_setup import LiveSetup
from ..rclpy_workarounds import now_ns_of
from .calibration import Calibration
from .frame import Frame
from .image_subscription import ImageSubscription
from .own_camera import OwnCamera
from .worker import Worker

WARN_PERIOD_S = 30.0


class Memory(Protocol):
    """What a network remembers of a camera's frames so far."""

    def reset(self) -> None:
        """Forget them."""


class RateLimit:
    """Admits frames evenly at a mean rate; unused capacity does not add up."""

    def __init__(self) -> None:
        self._nominal_ns = -math.inf

    def admits(self, arrival_ns: int, rate_hz: float) -> bool:
        """Return whether to process a frame.

        Args:
            arrival_ns: Its arrival, by a clock that does not go back.
            rate_hz: The greatest rate; 0 is no limit. It may change between frames.
        """
        if rate_hz <= 0:
            return True
        period_ns = 1e9 / rate_hz
        due_ns = self._nominal_ns + period_ns
        if arrival_ns < due_ns:
            return False
        # From its due time, not its arrival: otherwise 30 frames a second limited to 20 would
        # become 15.
        self._nominal_ns = max(due_ns, arrival_ns - period_ns)
        return True


class Camera:
    """A camera's topics, counts and memory.

    Args:
        node: The subscribing and publishing node.
        name: The camera's name, which its topics begin with; empty for a node's only camera.
        memory: What the network remembers of its frames; None is nothing.

    Attributes:
        outputs: Its publishers.
        memory: What the network remembers of its frames.
        plan: The compiled settings that the memory follows; the node sets both together.
        subscription: Where its images come from, while the node is active.
        images: Its outgoing image messages.
        statistics: Its counts since the activation.
        limit: Enforces the greatest rate.
        zero_stamp_told: Whether the warning of images without a stamp was logged.
        doubt: What is unlikely about the newest image that was read, or empty.
    """

    def __init__(self, node: LifecycleNode, name: str, memory: Memory | None) -> None:
        self._node = node
        self._now_ns = now_ns_of(node.get_clock())
        self.subscription: ImageSubscription | OwnCamera | None = None
        self._calibration: Calibration | None = None
        prefix = f'{name}/' if name else ''
        self.name = name
        self._prefix = f'~/{prefix}'
        self.topic = f'~/{prefix}image_in'
        self.memory: Any = memory
        self.plan: Any = None
        self.outputs = Outputs(node, prefix)
        self.images = OutgoingImages()
        self.statistics = FrameStatistics()
        self.limit = RateLimit()
        self.zero_stamp_told = False
        self.doubt = ''

    def reset(self) -> None:
        """Set all counts to 0 and forget the frames so far."""
        self.statistics = FrameStatistics()
        self.limit = RateLimit()
        self.doubt = ''
        self.forget()

    def forget(self) -> None:
        """Forget the frames so far: the next one is of another scene."""
        if self.memory is not None:
            self.memory.reset()

    def subscribe(
        self,
        worker: Worker[Camera, Frame],
        setup: LiveSetup,
        group: Any,
    ) -> WatchedCamera:
        """Hand the camera's frames to a worker.

        Args:
            worker: Gets the frames within the rate limit.
            setup: Has the greatest rate, and where the images come from.
            group: The callback group of the subscription.

        Returns:
            What diagnostics need to report on the camera.
        """

        def receive(frame: Frame) -> None:
            age_ms = frame.age_ms(self._now_ns())
            if not self.limit.admits(frame.arrival_ns, setup.now.settings.max_rate_hz):
                self.statistics.received(age_ms, limited=True)
                return
            # Counted first, because the worker may be done with it at once.
            self.statistics.received(age_ms)
            if worker.put(self, frame, frame.spare):
                self.statistics.dropped()

        def memory() -> Allocate | None:
            network = setup.now.network
            return None if network is None else network.frame_memory

        settings = setup.now.settings
        source: ImageSubscription | OwnCamera
        if settings.input:
            source = OwnCamera(
                self._node,
                settings.input,
                settings.input_options(),
                settings.input_frame_id,
                receive,
                wanted=partial(self.outputs.wanted, 'image_raw'),
                publish=partial(self.outputs.publish, 'image_raw'),
            )
        else:
            source = ImageSubscription(
                self._node,
                self.topic,
                receive,
                group,
                settings.image_transport,
                settings.max_image_pixels,
                self.statistics.lost,
                settings.sample_range(),
                memory=memory,
                one_copy=settings.one_copy,
            )
            if 'camera_info' in self.outputs:
                self._calibration = Calibration(
                    self._node,
                    self._prefix,
                    source.base_topic,
                    partial(self.outputs.wanted, 'camera_info'),
                    group,
                )
        self.subscription = source
        return WatchedCamera(
            self.name,
            self.statistics,
            lambda: source.topic_name,
            source.mismatches,
            source.silence,
            source.losses_counted_by,
            source.received_by,
            lambda: self.doubt,
        )

    def publish_overlay(self, draw: Callable[[], OutgoingImage], jpeg_quality: int) -> None:
        """Publish a drawing; one that fails is counted and logged, and costs no result.

        Args:
            draw: Returns the picture.
            jpeg_quality: That of the compressed one, 1 to 100.
        """
        try:
            image = draw()
            if self.outputs.wanted('overlay'):
                self.outputs.publish('overlay', image.message)
            if self.outputs.wanted('overlay/compressed'):
                compressed = compressed_message(image, jpeg_quality)
                self.outputs.publish('overlay/compressed', compressed)
        except Exception as err:  # noqa: BLE001  the results beside it are right
            # While ROS ends, nothing can be published.
            if not self._node.context.ok():
                return
            self.statistics.undrawn()
            self._node.get_logger().warning(
                f'no overlay for this frame: {one_line(err)}', throttle_duration_sec=WARN_PERIOD_S
            )

    def publish_camera_info(
        self, header: Any, image_wh: tuple[int, int], size_wh: tuple[int, int]
    ) -> None:
        """Publish the calibration of results, if the camera publishes its own.

        One that cannot be made for them is logged, and costs no result.

        Args:
            header: The header of the image.
            image_wh: Size of the image in pixels.
            size_wh: Size of the results.
        """
        info = None if self._calibration is None else self._calibration.at(header.stamp)
        if info is None:
            return
        try:
            message = camera_info_message(info, header, image_wh, size_wh)
            self.outputs.publish('camera_info', message)
        except Exception as err:  # noqa: BLE001  anybody may send one with any numbers
            if self._node.context.ok():
                self._node.get_logger().warning(
                    f'no camera_info for this frame: {one_line(err)}',
                    throttle_duration_sec=WARN_PERIOD_S,
                )

    def unsubscribe(self) -> None:
        """Unsubscribe; calling it twice is harmless."""
        calibration, self._calibration = self._calibration, None
        if calibration is not None:
            calibration.close()
        subscription, self.subscription = self.subscription, None
        if subscription is not None:
            subscription.close()

    def close(self) -> None:
        """Destroy the publishers and free the messages."""
        self.outputs.clear()
        self.images.clear()


@dataclass(frozen=True, slots=True)
class Shot:
    """A camera's frame with its pixels.

    Attributes:
        camera: The camera.
        frame: Its message, with the header that all results carry.
        pixels: A view of the message's own bytes, or decoded.
        wanted: Names of the outputs that have subscribers; at least one, unless events are saved.
    """

    camera: Camera
    frame: Frame
    pixels: Pixels
    wanted: frozenset[str]
