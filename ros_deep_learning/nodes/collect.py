# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The collect node: keeps pictures of an image topic for a data set."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger as KeepLast

from ..collecting.folder import CollectedFolder
from ..collecting.headless import Keeper
from ..collecting.naming import new_name
from ..collecting.recent import Recent
from ..collecting.triggers import Every, OnChange
from ..errors import DatasetError, ImageError
from ..paths import user_path
from .messages.topics import Topic
from .messages.video_topics import VIDEO_TOPICS
from .parameters.collect_settings import CollectSettings
from .parameters.parameter_table import ParameterTable
from .program.spin import run_node
from .stream.frame import Frame
from .stream.image_subscription import ImageSubscription

WARN_PERIOD_S = 30.0


class CollectNode(Node):  # type: ignore[misc]
    """Keeps images of ``~/image_in`` as pictures that wait for their labels.

    ``~/keep_last`` (std_srvs/Trigger) writes those of the last seconds.
    """

    default_name = 'collect'
    settings_type = CollectSettings
    topics = (
        Topic('in', '~/image_in', 'sensor_msgs/Image', 'the images'),
        Topic(
            'in',
            '~/image_in/compressed',
            'sensor_msgs/CompressedImage',
            'JPEG or PNG, while there is no raw publisher',
        ),
        *VIDEO_TOPICS,
    )

    def __init__(self) -> None:
        super().__init__(self.default_name)
        settings: CollectSettings = ParameterTable(self.settings_type).declare(self)
        self.finished = Future()
        self._folder = CollectedFolder(user_path(Path(settings.folder)), None)
        self._keeper = _keeper(self._folder, settings)
        self._recent = Recent(settings.last_seconds, settings.last_rate)
        self._failure = ''
        given = settings.topic or '~/image_in'
        self._topic = self.resolve_topic_name(given)
        self._camera = ImageSubscription(self, given, self._on_image, self.default_callback_group)
        self.create_service(KeepLast, '~/keep_last', self._on_keep_last)
        self.get_logger().info(f'{self._topic} goes to {self._folder.top}')

    def abandon(self) -> None:
        """Do nothing: no work here takes long."""

    def release(self) -> None:
        """Log how many pictures were kept.

        Raises:
            DatasetError: Not all of them, such as on a full disk.
        """
        self._camera.close()
        if self._keeper is not None:
            equal = f', {self._keeper.equal} left out, since nothing had changed' * bool(
                self._keeper.equal
            )
            self.get_logger().info(f'kept {self._keeper.kept} pictures{equal}')
        if self._failure:
            msg = f'not all pictures were kept: {self._failure}'
            raise DatasetError(msg)

    def _on_image(self, frame: Frame) -> None:
        try:
            frame_bgr, now_s = frame.pixels().as_order('bgr'), time.monotonic()
            self._recent.add(frame_bgr, now_s)
            if self._keeper is not None:
                self._keeper.offer(frame_bgr, now_s)
        except (ImageError, DatasetError) as err:
            if isinstance(err, DatasetError):
                self._failure = str(err)
            self.get_logger().error(
                f'left out an image of {self._topic}: {err}',
                throttle_duration_sec=WARN_PERIOD_S,
            )

    def _on_keep_last(self, _: Any, response: Any) -> Any:
        count = 0
        try:
            for data in self._recent.take():
                self._folder.keep(new_name(), data)
                count += 1
        except DatasetError as err:
            self._failure = str(err)
            response.message = f'{count} pictures written, then: {err}'
            return response
        response.success = count > 0
        response.message = f'{count} pictures written'
        if not count:
            response.message = f'no image came on {self._topic}, or last_seconds is 0'
        return response


def _keeper(folder: CollectedFolder, settings: CollectSettings) -> Keeper | None:
    if settings.on_change:
        return Keeper(folder, OnChange())
    return Keeper(folder, Every(settings.every)) if settings.every else None


def main() -> int:
    """Run the node as a process."""
    return run_node(CollectNode)
