# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The node that imagenet, detectnet and segnet are made of: images in, results out."""

from __future__ import annotations

import time
import traceback
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.task import Future
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs import msg as vision_msgs

from ..errors import BuildCancelledError, DeepLearningError, ImageError
from ..imaging.messages import pixels_from_message
from ..imaging.pixels import Pixels
from . import cv_bridge, results, stats
from .camera import CameraSubscription
from .diagnostics import Diagnostics
from .frame import Frame
from .images import ImageMessages
from .managed_node import ManagedNode
from .network import Network
from .outputs import LATCHED_QOS, Outputs
from .settings import VisionSettings
from .statistics import FrameStatistics
from .usage import Topic
from .worker import Worker

WARN_PERIOD_S = 5.0


class VisionNode(ManagedNode):
    """Mailbox, worker thread and counters; networks and results are the children's.

    The executor's threads only put the newest frame into the worker's mailbox. The worker
    decodes it, has the child process it, and counts what went wrong: a lying message costs that
    frame, a failed inference publishes nothing, and several in a row deactivate the node.

    Attributes:
        default_name: See ``DescribedNode``, as for the next two.
        settings_type: The dataclass of the parameters.
        topics: All topics.
        threshold_parameter: The parameter whose value ``~/label_info`` tells as threshold.
    """

    default_name: str
    settings_type: type[VisionSettings]
    topics: Sequence[Topic] = (
        Topic('in', '~/image_in', 'sensor_msgs/Image', 'the camera; only the newest frame counts'),
        Topic('out', '~/overlay', 'sensor_msgs/Image', 'the picture with the results drawn on it'),
        Topic('out', '~/vision_info', 'vision_msgs/VisionInfo', 'the model; latched'),
        Topic(
            'out',
            '~/label_info',
            'vision_msgs/LabelInfo',
            'number and name of every class; latched; where vision_msgs has it',
        ),
        Topic(
            'out',
            '~/stats',
            'ros_deep_learning/InferenceStats',
            'stage times, age at publish, drops, backend, precision',
        ),
        Topic(
            'out',
            '/diagnostics',
            'diagnostic_msgs/DiagnosticArray',
            'state, frame rate, drops, last error',
        ),
    )
    threshold_parameter = 'threshold'

    def __init__(self, name: str, settings_type: type[VisionSettings]) -> None:
        super().__init__(name, settings_type)
        self.statistics = FrameStatistics()
        self.outputs = Outputs(self)
        self.images = ImageMessages()
        self.network: Any = None
        self._worker: Worker[Frame] | None = None
        self._camera: CameraSubscription | None = None
        self.finished = Future()
        self._abandoned = False
        self._gave_up = False
        self._warned_of_zero_stamp = False
        # Images have a group of their own, so that a long transition does not hold them up.
        self._image_group = MutuallyExclusiveCallbackGroup()
        self.diagnostics = Diagnostics(self)
        self.context.on_shutdown(self.abandon)

    @abstractmethod
    def open_network(self) -> Network:
        """Load the network that the settings name; raise DeepLearningError where that fails."""

    @abstractmethod
    def add_outputs(self) -> None:
        """Add the child's own outputs."""

    @abstractmethod
    def process(self, frame: Frame, pixels: Pixels) -> None:
        """Run the network on a frame and publish what is wanted."""

    def progress(self, stage: str, share: float | None) -> None:
        """Report how far a download or build is; raises to cancel it when the process ends."""
        if self._abandoned:
            msg = f'{stage}: given up, because the process ends'
            raise BuildCancelledError(msg)
        self.diagnostics.working(stage, share)
        done = '' if share is None else f' {share:.0%}'
        self.get_logger().info(f'{stage}{done}', throttle_duration_sec=WARN_PERIOD_S)

    def loading(self) -> dict[str, Any]:
        """Give what every network takes of the parameters, as its keyword arguments."""
        settings: VisionSettings = self.settings
        return {
            'backend': settings.backend,
            'precision': settings.engine_precision(),
            'options': settings.engine_options(),
            'progress': self.progress,
        }

    def abandon(self) -> None:
        """Make a running download or build give up at its next report."""
        self._abandoned = True

    def acquire(self) -> None:
        """Load the network and make the publishers."""
        started_s = time.monotonic()
        self.network = self.open_network()
        self.check(self.settings)
        self.outputs.add('overlay', Image)
        self.outputs.add('vision_info', vision_msgs.VisionInfo, LATCHED_QOS)
        if results.has_label_info():
            self.outputs.add('label_info', vision_msgs.LabelInfo, LATCHED_QOS)
        if stats.InferenceStats is not None:
            self.outputs.add('stats', stats.InferenceStats)
        self.add_outputs()
        info = self.network.info
        self.get_logger().info(
            f'configured in {time.monotonic() - started_s:.1f} s: {self.settings.model} by '
            f'{info.backend} {info.version}, {info.precision} on {info.device}'
        )
        self.diagnostics.ready(info)

    def begin(self) -> None:
        """Start the worker and subscribe to the images, with all counts at 0."""
        self.statistics = FrameStatistics()
        self._gave_up = False
        self._worker = Worker(self.get_name(), self._handle)
        self._worker.start()
        self._camera = CameraSubscription(self, '~/image_in', self._on_image, self._image_group)
        self._publish_latched()
        self.get_logger().info(f'active on {self._camera.topic_name}')

    def end(self) -> None:
        """Unsubscribe and finish the frame in hand."""
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop()

    def release(self) -> None:
        """Stop the worker and free the network."""
        self.end()
        with self.loaded_lock:
            self.outputs.clear()
            self.images.clear()
            network, self.network = self.network, None
        if network is not None:
            network.close()
        self.diagnostics.idle()

    def loaded(self) -> bool:
        """Tell whether a network is loaded."""
        return self.network is not None

    def transition_failed(self, error: str) -> None:
        """Show the error in diagnostics until the next success."""
        self.diagnostics.failed(error)

    def settings_changed(self, names: Sequence[str]) -> None:
        """Tell late subscribers the threshold that holds now."""
        if self._worker is not None and self.threshold_parameter in names:
            self._publish_latched()

    def _publish_latched(self) -> None:
        header = Header(stamp=self.get_clock().now().to_msg())
        topic = self.resolve_topic_name('~/label_info')
        info = results.vision_info_message(header, self.settings.model, topic)
        self.outputs.publish('vision_info', info)
        if 'label_info' in self.outputs:
            threshold = getattr(self.settings, self.threshold_parameter)
            message = results.label_info_message(header, self.network.labels, threshold)
            self.outputs.publish('label_info', message)

    def _on_image(self, message: Any) -> None:
        worker = self._worker
        if worker is not None:
            replaced = worker.put(Frame(message, time.monotonic_ns()))
            self.statistics.received(replaced=replaced)

    def _handle(self, frame: Frame) -> None:
        if not self.context.ok() or not self.outputs.any_wanted():
            return
        self._warn_of_zero_stamp(frame)
        try:
            pixels = pixels_from_message(frame.message, cv_bridge.fallback())
        except ImageError as err:
            self._count_invalid(frame, err)
            return
        try:
            self.process(frame, pixels)
        except Exception as err:  # noqa: BLE001  one frame may fail, the thread may not
            if self.context.ok():
                self._count_failure(err)
            return
        self.statistics.done()
        self._publish_stats(frame)

    def _warn_of_zero_stamp(self, frame: Frame) -> None:
        if frame.stamp_ns == 0 and not self._warned_of_zero_stamp:
            self._warned_of_zero_stamp = True
            self.get_logger().warning(
                'images have stamp 0, and so have the results; let the camera driver stamp them'
            )

    def _count_invalid(self, frame: Frame, err: ImageError) -> None:
        self.statistics.invalid(str(err))
        topic = self.resolve_topic_name('~/image_in')
        self.get_logger().warning(
            f'dropped an image of {topic}, encoding {frame.message.encoding!r}: {err}',
            throttle_duration_sec=WARN_PERIOD_S,
        )

    def _count_failure(self, err: Exception) -> None:
        known = isinstance(err, DeepLearningError)
        text = str(err) if known else f'unexpected {traceback.format_exc()}'
        in_a_row = self.statistics.failed(str(err))
        self.get_logger().error(
            f'no result for this frame: {text}', throttle_duration_sec=WARN_PERIOD_S
        )
        if not self._gave_up and 0 < self.settings.max_failures <= in_a_row:
            self._gave_up = True
            self.get_logger().fatal(f'{in_a_row} frames failed in a row: the node deactivates')
            self.diagnostics.failed(f'deactivated after {in_a_row} failures in a row: {err}')
            # From the executor, since deactivating joins the thread that runs this.
            self.executor.create_task(self.trigger_deactivate)

    def _publish_stats(self, frame: Frame) -> None:
        if not self.outputs.wanted('stats'):
            return
        message = stats.stats_message(
            frame.header,
            self.settings.model,
            self.network.info,
            self.network.stats,
            self._age_ms(frame),
            self.statistics.snapshot(),
        )
        self.outputs.publish('stats', message)

    def _age_ms(self, frame: Frame) -> float:
        if frame.stamp_ns:
            return float(self.get_clock().now().nanoseconds - frame.stamp_ns) / 1e6
        return (time.monotonic_ns() - frame.arrival_ns) / 1e6
