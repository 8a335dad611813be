# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The video_source node: plays a video, pictures or a camera on an image topic."""

from __future__ import annotations

import threading
import time
import traceback
from contextlib import suppress
from copy import copy
from typing import Any

from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.task import Future
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from ..errors import CameraError, ImageError, SettingsError
from ..imaging.pixels import Pixels
from ..video.play import at_rate, play
from ..video.sources import open_frames
from ..video.stamped import StampedFrame
from ..video.streams.addresses import without_password
from .messages.calibration_file import read_calibration
from .messages.camera_info import camera_info_message
from .messages.outgoing_images import OutgoingImage, OutgoingImages
from .messages.topics import Topic, message_type
from .parameters.parameter_table import ParameterTable
from .parameters.texts import read_names
from .parameters.video_source_settings import VideoSourceSettings
from .program.library_log import logged_by
from .program.spin import run_node
from .rcl_calls import SerializedPublish
from .stream.answers import Answers
from .stream.capture_time import capture_time

# Reliable, so that reliable and best-effort subscribers match.
SOURCE_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=2, reliability=ReliabilityPolicy.RELIABLE
)
FILE_DEPTH = 10
"""Of a file no frame may be lost that a slow reader has not acknowledged yet."""

STATS = 'ros_deep_learning/InferenceStats'
ACKNOWLEDGED_S = 5.0
ANSWERED_S = 2.0
ATTEMPTS = 4
WARN_PERIOD_S = 30.0
PARTING_S = 2.0
SETTLE_S = 0.3
"""A subscriber that is matched here may not have matched this publisher yet."""


class VideoSourceNode(Node):  # type: ignore[misc]
    """Publishes frames on ``~/raw`` at their own rate; the process ends with a file.

    A thread reads and publishes, since reading from a camera may block. A missing camera is
    waited for, and one that was unplugged is opened again when it is back.
    """

    default_name = 'video_source'
    settings_type = VideoSourceSettings
    topics = (
        Topic('out', '~/raw', 'sensor_msgs/Image', 'bgr8: the frames'),
        Topic(
            'out',
            '~/camera_info',
            'sensor_msgs/CameraInfo',
            'the calibration of camera_info_url; unless this is remapped, camera_info beside the '
            'images',
        ),
    )

    def __init__(self) -> None:
        super().__init__(self.default_name)
        settings: VideoSourceSettings = ParameterTable(self.settings_type).declare(self)
        self._settings = settings
        self._options = settings.options()
        self._source = open_frames(settings.resource, self._options)
        qos = copy(SOURCE_QOS)
        qos.depth = SOURCE_QOS.depth if self._source.live else FILE_DEPTH
        self._publisher = self.create_publisher(
            Image,
            '~/raw',
            qos,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        self._send = SerializedPublish(self._publisher).publish
        self._images = OutgoingImages()
        self._calibration = self._read_calibration()
        self.finished = Future()
        self._count = 0
        self._answers = None if self._source.live else self._answering_nodes()
        self._slowest_s = 0.0
        self._clock_ns = self._at_this_time = 0
        self._rate_hz = settings.framerate or self._source.rate_hz
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name='video_source', daemon=True)
        self.get_logger().info(
            f'plays {without_password(settings.resource)} at {self._rate_hz:.2f} Hz on '
            f'{self._publisher.topic_name}'
        )
        self._thread.start()

    def abandon(self) -> None:
        """Stop after the frame in hand."""
        self._stopped.set()

    def release(self) -> None:
        """Stop; a blocked camera is left to the end of the process."""
        self._stopped.set()
        self._thread.join(PARTING_S)

    def _run(self) -> None:
        try:
            self._wait_for_subscriber()
            with logged_by(self.get_logger()):
                self._play()
        except Exception as err:  # noqa: BLE001  otherwise the process would go on and play nothing
            # While the node ends, its publisher may be gone.
            if not self._stopped.is_set():
                known = isinstance(err, ImageError)
                self.get_logger().error(str(err) if known else traceback.format_exc())
                self.finished.set_result(1)
            return
        self._wait_for_acknowledgement()
        if not self._stopped.is_set():
            self.get_logger().info(f'the end, after {self._count} frames')
            self.finished.set_result(0)

    def _wait_for_subscriber(self) -> None:
        wanted = self._settings.wait_for_subscriber or self._answers is not None
        while wanted and not self._stopped.is_set():
            answering = self._answers is None or self._answers.ready()
            if answering and self._publisher.get_subscription_count() > 0:
                self._stopped.wait(SETTLE_S)
                return
            self._stopped.wait(0.05)

    def _play(self) -> None:
        frames = play(
            self._source, self._options, stopped=self._stopped, on_absence=self._warn_of_absence
        )
        # A camera keeps the time itself.
        if not self._source.live:
            frames = at_rate(frames, self._rate_hz, self._stopped)
        for frame in frames:
            self._publish(frame)

    def _warn_of_absence(self, err: CameraError) -> None:
        self.get_logger().warning(f'{err}; waiting for it', throttle_duration_sec=WARN_PERIOD_S)

    def _publish(self, frame: StampedFrame) -> None:
        header = Header(frame_id=self._settings.frame_id)
        header.stamp = self._stamp(frame)
        image = self._images.copy('raw', header, Pixels(frame.image_bgr, 'bgr'), 'bgr8')
        if self._calibration is not None:
            self._publish_calibration(header, image.size_wh)
        self._send(image.message)
        self._count += 1
        if self._answers is not None:
            self._wait_for_answers(image, self._answers)
        elif self._count == 1 and self._settings.wait_for_subscriber:
            # The reader may not have matched this publisher yet.
            self._wait_for_acknowledgement()

    def _stamp(self, frame: StampedFrame) -> Any:
        stamp = capture_time(frame, self, without_password(self._settings.resource))
        if self._answers is None:
            return stamp
        # Answers tell frames by it, also while a simulated clock stands still, or is not there.
        clock_ns = Time.from_msg(stamp).nanoseconds
        self._at_this_time = self._at_this_time + 1 if clock_ns == self._clock_ns else 0
        self._clock_ns = clock_ns
        return Time(nanoseconds=clock_ns + self._at_this_time).to_msg()

    def _read_calibration(self) -> Any:
        """Return the calibration, and advertise its topic; None if there is none.

        Raises:
            SettingsError: It cannot be read, or does not hold for images that are flipped.
        """
        settings = self._settings
        if not settings.camera_info_url:
            return None
        if settings.flip != 'none':
            msg = (
                f'a calibration does not hold for flipped images (flip is {settings.flip}); to '
                'fix: calibrate with the flipped images, and flip them in the camera'
            )
            raise SettingsError(msg)
        calibration = read_calibration(settings.camera_info_url)
        own = self.resolve_topic_name('~/camera_info')
        remapped = own != self.resolve_topic_name('~/camera_info', only_expand=True)
        beside = f'{self._publisher.topic_name.rpartition("/")[0]}/camera_info'
        self._infos = self.create_publisher(
            CameraInfo, '~/camera_info' if remapped else beside, SOURCE_QOS
        )
        return calibration

    def _publish_calibration(self, header: Header, size_wh: tuple[int, int]) -> None:
        info = self._calibration
        width, height = size_wh
        if abs(info.width * height - info.height * width) > info.width:
            self.get_logger().warning(
                f'the calibration is for {info.width}x{info.height}, the images are '
                f'{width}x{height} and cut otherwise: no camera_info is published',
                throttle_duration_sec=WARN_PERIOD_S,
            )
            return
        sizes = (info.width, info.height), size_wh
        self._infos.publish(camera_info_message(info, header, *sizes))

    def _answering_nodes(self) -> Answers | None:
        settings = self._settings
        names, stats = read_names(settings.wait_for_nodes), message_type(STATS)
        topics = [] if stats is None else [(f'{name}/stats', stats) for name in names]
        if settings.wait_for_output:
            topics.append((f'{settings.wait_for_output}/written', Header))
        elif names and stats is None:
            self.get_logger().warning(
                f'{STATS} was not generated in this build, so {", ".join(names)} cannot be waited '
                'for: frames may be left out'
            )
        return Answers(self, topics) if topics else None

    def _wait_for_answers(self, image: OutgoingImage, answers: Answers) -> None:
        """Wait until the nodes are done with a frame; send it again if it seems lost."""
        sent_s = time.monotonic()
        patience_s = max(ANSWERED_S, 3 * self._slowest_s)
        for attempt in range(ATTEMPTS):
            if attempt:
                missing = ', '.join(answers.missing(image.header.stamp))
                self.get_logger().info(
                    f'sends frame {self._count} again, because nothing came on {missing}'
                )
                self._wait_for_subscriber()
                self._send(image.message)
            if answers.wait(image.header.stamp, patience_s, self._stopped):
                if not attempt:
                    self._slowest_s = max(self._slowest_s, time.monotonic() - sent_s)
                return
            if self._stopped.is_set():
                return
            patience_s *= 2
        self.get_logger().warning(f'no result for frame {self._count} of the file')

    def _wait_for_acknowledgement(self) -> None:
        # Whoever has answered has the frame; its acknowledgement may take seconds longer.
        if self._source.live or self._answers is not None:
            return
        end_s = time.monotonic() + ACKNOWLEDGED_S
        # Some middlewares cannot tell.
        with suppress(RuntimeError):
            while not self._stopped.is_set() and time.monotonic() < end_s:
                if self._publisher.wait_for_all_acked(Duration(seconds=0.05)):
                    return


def main() -> int:
    """Run the node as a process."""
    return run_node(VideoSourceNode)
