# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The video_source node: plays a video file or a folder of pictures on an image topic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.task import Future
from sensor_msgs.msg import Image

from ..errors import ImageError
from ..imaging.frames import open_frames
from ..imaging.messages import write_image
from .parameters import ParameterTable, parameter
from .spin import run_node

# Reliable, so that subscribers of either kind match.
SOURCE_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=2, reliability=ReliabilityPolicy.RELIABLE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoSourceSettings:
    """The parameters of video_source."""

    resource: str = parameter('', 'Path of a video file, a picture, or a folder of pictures.')
    framerate: float = parameter(
        0.0, 'Frames a second; 0 is the own rate of the file.', minimum=0.0, maximum=1000.0
    )
    loop: int = parameter(
        0, 'How many times to play it again; -1 plays it for ever.', minimum=-1, maximum=1_000_000
    )
    frame_id: str = parameter('camera', 'frame_id of the published headers.')
    wait_for_subscriber: bool = parameter(
        False, 'Whether to hold the first frame until somebody subscribes.'
    )


class VideoSourceNode(Node):  # type: ignore[misc]
    """Publishes frames on ``~/raw`` at their own rate, then ends the process."""

    def __init__(self) -> None:
        super().__init__('video_source')
        settings: VideoSourceSettings = ParameterTable(VideoSourceSettings).declare(self)
        self._settings = settings
        self._source = open_frames(settings.resource)
        self._publisher = self.create_publisher(
            Image,
            '~/raw',
            SOURCE_QOS,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        self.finished = Future()
        self._frames = self._play()
        self._count = 0
        rate_hz = settings.framerate or self._source.rate_hz
        self._timer = self.create_timer(1.0 / rate_hz, self._tick)
        self.get_logger().info(
            f'plays {settings.resource} at {rate_hz:.2f} Hz on {self._publisher.topic_name}'
        )

    def abandon(self) -> None:
        """Nothing takes long here."""

    def release(self) -> None:
        """Close the file."""
        self._frames.close()

    def _play(self) -> Any:
        rounds = 0
        while True:
            yield from self._source.frames()
            if rounds == self._settings.loop:
                return
            rounds += 1

    def _tick(self) -> None:
        waits = self._settings.wait_for_subscriber and self._count == 0
        if waits and self._publisher.get_subscription_count() == 0:
            return
        try:
            frame = next(self._frames, None)
        except ImageError as err:
            self.get_logger().error(str(err))
            self._finish(1)
            return
        if frame is None:
            self.get_logger().info(f'the end, after {self._count} frames')
            self._finish(0)
            return
        self._publish(frame)

    def _finish(self, exit_code: int) -> None:
        self._timer.cancel()
        self.finished.set_result(exit_code)

    def _publish(self, frame: NDArray[np.uint8]) -> None:
        message = Image()
        message.header.stamp = self.get_clock().now().to_msg()
        message.header.frame_id = self._settings.frame_id
        write_image(message, frame, 'bgr8')
        self._publisher.publish(message)
        self._count += 1


def main() -> int:
    """Run the node as a process."""
    return run_node(VideoSourceNode)
