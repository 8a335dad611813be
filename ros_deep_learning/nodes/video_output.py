# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The video_output node: writes an image topic into a file, sends it as a stream, or shows it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Header

from ..errors import ImageError
from ..text import quoted
from ..video.pacing import PacedWriter
from ..video.screens import DISPLAY, is_page
from ..video.sinks import Sink, VideoSink, is_stream_output, open_output
from ..video.streams.addresses import without_password
from ..video.window import Window
from .messages.outputs import RESULT_QOS
from .messages.topics import Topic
from .messages.video_topics import VIDEO_TOPICS
from .parameters.parameter_table import ParameterTable
from .parameters.video_output_settings import VideoOutputSettings
from .program.spin import run_node
from .stream.frame import Frame
from .stream.image_subscription import ImageSubscription

if TYPE_CHECKING:
    from .watched_node import WatchedNode

WINDOW_PERIOD_S = 0.05
WARN_PERIOD_S = 30.0


class VideoOutputNode(Node):  # type: ignore[misc]
    """Writes the images of ``~/image_in`` into a video or pictures, or sends or shows them.

    The files are finished when the process ends; without an image there are none. Closing the
    window ends the process.
    """

    default_name = 'video_output'
    settings_type = VideoOutputSettings
    topics = (
        Topic('in', '~/image_in', 'sensor_msgs/Image', 'the images to write or show'),
        Topic(
            'in',
            '~/image_in/compressed',
            'sensor_msgs/CompressedImage',
            'JPEG or PNG, while there is no raw publisher',
        ),
        *VIDEO_TOPICS,
        Topic('out', '~/written', 'std_msgs/Header', 'the header of each image that was written'),
    )

    def __init__(self) -> None:
        super().__init__(self.default_name)
        settings: VideoOutputSettings = ParameterTable(self.settings_type).declare(self)
        self.finished = Future()
        self._settings = settings
        self._window: Window | None = None
        self._sink: Sink | None = None
        self._paced: PacedWriter | None = None
        self._count = 0
        self._last_stamp: Any = None
        self._written: Any = None
        self._size_wh = (0, 0)
        self._watched: WatchedNode | None = None
        self._topic = self.resolve_topic_name('~/image_in')
        if settings.resource.startswith(DISPLAY):
            self._window = Window(self._topic)
        else:
            self._open()
        group = self.default_callback_group
        self._camera = ImageSubscription(self, '~/image_in', self._on_image, group)
        # By the steady clock, since simulated time may stand still.
        self.create_timer(
            WINDOW_PERIOD_S, self._tick, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )
        self.get_logger().info(f'{self._topic} goes to {without_password(settings.resource)}')

    def abandon(self) -> None:
        """Do nothing: no work here takes long."""

    def release(self) -> None:
        """Finish the files and log what was written.

        Raises:
            ImageError: They are not complete.
        """
        self._camera.close()
        sink, self._sink = self._sink, None
        if sink is None:
            return
        sink.close()
        for path in sink.paths:
            self.get_logger().info(f'wrote {self._count} images to {path}')
        if is_stream_output(self._settings.resource):
            self.get_logger().info(f'sent {self._count} images')
        elif not (sink.paths or self._watched):
            self.get_logger().warning(f'no image came on {self._topic}: nothing is written')

    def _open(self) -> None:
        settings = self._settings
        self._sink = open_output(settings.resource, settings.options())
        if is_page(self._sink):
            # It needs aiohttp.
            from .watched_node import WatchedNode

            self._watched = WatchedNode(self, self._topic, self._sink)
            self.get_logger().info(f'open {self._sink.url} in a browser')
        if isinstance(self._sink, VideoSink) and not settings.every_image:
            self._paced = PacedWriter(self._sink, settings.framerate)

    def _on_image(self, frame: Frame) -> None:
        if self.finished.done():
            return
        try:
            frame_bgr = frame.pixels().as_order('bgr')
        except ImageError as err:
            self.get_logger().warning(
                f'left out an image of {self._topic}, encoding {quoted(frame.encoding)}: {err}',
                throttle_duration_sec=WARN_PERIOD_S,
            )
            return
        stamp = frame.header.stamp
        try:
            # A source sends a frame again if it gets no answer. Its frames have stamps.
            again = stamp == self._last_stamp and (stamp.sec or stamp.nanosec)
            if not (self._settings.every_image and again):
                self._take(frame_bgr, stamp)
        except ImageError as err:
            self.get_logger().error(str(err))
            self.finished.set_result(1)
        else:
            self._last_stamp = stamp
            if self._written is not None:
                self._written.publish(frame.header)

    def _take(self, frame_bgr: NDArray[np.uint8], stamp: Any) -> None:
        if self._window is not None:
            self._window.show(frame_bgr)
        elif self._paced is not None:
            self._warn_of_size(frame_bgr)
            stamp_ns = stamp.sec * 1_000_000_000 + stamp.nanosec or time.monotonic_ns()
            # A copy, since it may be written again after its message is freed.
            self._paced.write(frame_bgr.copy(), stamp_ns)
        elif self._watched is not None and is_page(self._sink):
            # A copy, since it may be written again after its message is freed.
            self._sink.show(frame_bgr.copy(), self._watched.report(stamp))
        elif self._sink is not None:
            self._warn_of_size(frame_bgr)
            self._sink.write(frame_bgr)
        self._count += 1

    def _warn_of_size(self, frame_bgr: NDArray[np.uint8]) -> None:
        size_wh = (frame_bgr.shape[1], frame_bgr.shape[0])
        if self._count and isinstance(self._sink, VideoSink) and size_wh != self._size_wh:
            self.get_logger().warning(
                f'the images are {size_wh[0]}x{size_wh[1]} now; a video has one size, so that '
                'they are scaled to that of the first',
                throttle_duration_sec=WARN_PERIOD_S,
            )
        self._size_wh = size_wh

    def _announce(self) -> None:
        """Publish ``~/written`` from now on if this node knows who sends it images."""
        # A source sends its first frame when this publisher is there. Before, the image made of
        # that frame could be lost on its way here.
        if self._camera.has_publisher():
            self._written = self.create_publisher(Header, '~/written', RESULT_QOS)

    def _tick(self) -> None:
        if self._written is None:
            self._announce()
        if self._watched is not None:
            self._watched.tick()
        if self._window is not None and not self.finished.done() and self._window.is_closed():
            self.get_logger().info('the window was closed')
            self.finished.set_result(0)


def main() -> int:
    """Run the node as a process."""
    return run_node(VideoOutputNode)
