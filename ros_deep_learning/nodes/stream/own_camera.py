# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The images of a camera, stream or file that the node reads itself, without the middleware."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from std_msgs.msg import Header

from ...errors import CameraError, ImageError
from ...imaging.pixels import Pixels
from ...text import one_line
from ...video.options import VideoOptions
from ...video.play import at_rate, play
from ...video.sources import open_frames
from ...video.stamped import StampedFrame
from ...video.streams.addresses import without_password
from ..messages.outgoing_images import Encoding, OutgoingImages
from ..messages.topics import Topic
from .capture_time import capture_time
from .frame import Frame

WARN_PERIOD_S = 30.0
PARTING_S = 2.0
ENCODING: Encoding = 'bgr8'
IMAGE_RAW = Topic(
    'out',
    '~/image_raw',
    'sensor_msgs/Image',
    'bgr8: the images of a camera that the node reads itself; see input',
    beside=True,
)


@dataclass(frozen=True, slots=True)
class _OwnImage:
    """What a ``Frame`` needs of a message."""

    header: Header
    encoding: str
    image_bgr: NDArray[np.uint8]


class OwnCamera:
    """Reads a source in a thread of its own, and hands each frame over where it is captured.

    A camera that is away is waited for; a file is played at its own rate.

    Args:
        node: The node that reads.
        resource: The source; see ``open_frames``.
        options: What is asked of it.
        frame_id: That of the headers.
        receive: Called with each frame, in the thread; it must be quick.
        wanted: Returns whether somebody subscribes to the images.
        publish: Called with the serialised message of an image that is wanted, after ``receive``.

    Raises:
        ImageError: There is no such source.
    """

    def __init__(
        self,
        node: Node,
        resource: str,
        options: VideoOptions,
        frame_id: str,
        receive: Callable[[Frame], None],
        *,
        wanted: Callable[[], bool],
        publish: Callable[[NDArray[np.uint8]], None],
    ) -> None:
        self._node, self._frame_id = node, frame_id
        self._receive, self._wanted, self._publish = receive, wanted, publish
        self._source, self._options = open_frames(resource, options), options
        self.topic_name = without_password(resource)
        self._why = ''
        self._images = OutgoingImages()
        self._stopped = threading.Event()
        # A daemon, since a camera may block; with the log of its creator.
        self._thread = threading.Thread(
            target=copy_context().run, args=(self._run,), name='own camera', daemon=True
        )
        self._thread.start()

    def mismatches(self) -> list[str]:
        """Return no line: there is no publisher."""
        return []

    def silence(self) -> str:
        """Return the likely reason why nothing arrives."""
        return self._why or f'{self.topic_name} gives no frame'

    def losses_counted_by(self) -> str:
        """Return how lost images are counted, in words."""
        return 'nothing: the node reads the camera itself'

    def received_by(self) -> str:
        """Return how images come, in words."""
        return 'the node itself, without the middleware'

    def close(self) -> None:
        """Stop; a blocked camera is left to itself. Twice is harmless."""
        self._stopped.set()
        self._thread.join(PARTING_S)

    def _run(self) -> None:
        try:
            count = self._play()
        except Exception as err:  # noqa: BLE001  otherwise the node would wait without a reason
            if not self._stopped.is_set():
                self._why = str(err)
                known = isinstance(err, ImageError)
                self._node.get_logger().error(str(err) if known else traceback.format_exc())
            return
        if not self._stopped.is_set():
            self._why = f'{self.topic_name} has ended, after {count} frames'
            self._node.get_logger().info(self._why)

    def _play(self) -> int:
        frames = play(
            self._source, self._options, stopped=self._stopped, on_absence=self._warn_of_absence
        )
        if not self._source.live:
            frames = at_rate(frames, self._options.rate_hz or self._source.rate_hz, self._stopped)
        count = 0
        for frame in frames:
            self._hand_over(frame)
            count += 1
        return count

    def _hand_over(self, frame: StampedFrame) -> None:
        arrival_ns = time.monotonic_ns()
        header = Header(frame_id=self._frame_id)
        header.stamp = capture_time(frame, self._node, self.topic_name)
        image = _OwnImage(header, ENCODING, frame.image_bgr)
        # Until close has returned, as of a subscription.
        if self._stopped.is_set():
            return
        self._receive(Frame(image, self.topic_name, arrival_ns, _pixels))
        try:
            if self._wanted():
                pixels = Pixels(frame.image_bgr, 'bgr')
                self._publish(self._images.copy('image_raw', header, pixels, ENCODING).message)
        except Exception as err:  # noqa: BLE001  the node's own results do not depend on it
            if not self._stopped.is_set():
                self._node.get_logger().warning(
                    f'an image of {self.topic_name} was not published: {one_line(err)}',
                    throttle_duration_sec=WARN_PERIOD_S,
                )

    def _warn_of_absence(self, err: CameraError) -> None:
        self._why = str(err)
        self._node.get_logger().warning(
            f'{err}; waiting for it', throttle_duration_sec=WARN_PERIOD_S
        )


def _pixels(image: _OwnImage) -> Pixels:
    return Pixels(image.image_bgr, 'bgr')
