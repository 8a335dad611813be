# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The node that imagenet, detectnet and segnet are made of: images in, results out."""

from __future__ import annotations

import time
import traceback
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.task import Future
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs import msg as vision_msgs

from ...errors import BuildCancelledError
from ...progress import Progress
from ..health.camera_health import WatchedCamera
from ..health.diagnostics import Diagnostics
from ..messages import inference_stats as stats
from ..messages import results
from ..messages.outputs import LATCHED_QOS, Outputs
from ..parameters.vision_settings import VisionSettings
from ..program.usage import Topic
from ..stream.channel import Channel, Memory, Shot
from ..stream.frame import Frame
from ..stream.frame_runner import WARN_PERIOD_S, FrameRunner
from ..stream.worker import Worker
from .managed_node import ManagedNode
from .network import Network
from .network_swap import NetworkSwap


class VisionNode(ManagedNode):
    """Cameras, a worker thread and a network; what the network is, its children say.

    The executor's threads only put the newest frame of each camera into the worker's mailbox.
    The worker runs them, and counts what went wrong: a lying message costs that frame, a failed
    inference publishes nothing, and several in a row deactivate the node.

    Attributes:
        default_name: See ``DescribedNode``, as for the next two.
        settings_type: The dataclass of the parameters.
        topics: All topics.
        threshold_parameter: The parameter whose value ``~/label_info`` tells as threshold.
        channels: The cameras; none while the node is unconfigured.
    """

    default_name: str
    settings_type: type[VisionSettings]
    topics: Sequence[Topic] = (
        Topic('in', '~/image_in', 'sensor_msgs/Image', 'the camera; only the newest frame counts'),
        Topic(
            'in',
            '~/image_in/compressed',
            'sensor_msgs/CompressedImage',
            'JPEG or PNG in place of it; see image_transport',
        ),
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
        self.channels: tuple[Channel, ...] = ()
        self.latched = Outputs(self)
        self.network: Any = None
        self._runner = FrameRunner(self, self._give_up)
        self._swap = NetworkSwap(self)
        self._worker: Worker[Channel, Frame] | None = None
        self.finished = Future()
        self._abandoned = False
        # Images have a group of their own, so that a long transition does not hold them up.
        self._image_group = MutuallyExclusiveCallbackGroup()
        self.diagnostics = Diagnostics(self)
        self.context.on_shutdown(self.abandon)

    @abstractmethod
    def open_network(self, settings: Any, progress: Progress) -> Network:
        """Load the network that settings name; raise DeepLearningError where that fails."""

    @abstractmethod
    def add_outputs(self, outputs: Outputs) -> None:
        """Add the child's own outputs to those of a camera."""

    def new_memory(self) -> Memory | None:
        """Make what the network remembers of one camera's frames; None is nothing."""
        return None

    @abstractmethod
    def infer(self, shots: Sequence[Shot], settings: Any) -> Sequence[Any]:
        """Run the network on one shot of each of some cameras, together where it can.

        Args:
            shots: At least one.
            settings: Those that hold for these frames.

        Returns:
            The result of each, for ``publish``.
        """

    @abstractmethod
    def publish(self, shot: Shot, result: Any, settings: Any) -> None:
        """Publish what is wanted of the result of a camera's frame."""

    def check_fit(self, settings: Any, network: Any) -> None:
        """Check settings against a network; raise SettingsError where they do not fit it."""

    def all_outputs(self) -> Sequence[Outputs]:
        """Give all that the node publishes on, but /diagnostics."""
        return (self.latched, *(channel.outputs for channel in self.channels))

    def progress(self, stage: str, share: float | None) -> None:
        """Report how far a download or build is; raises to cancel it when the process ends."""
        if self._abandoned:
            msg = f'{stage}: given up, because the process ends'
            raise BuildCancelledError(msg)
        self.diagnostics.working(stage, share)
        done = '' if share is None else f' {share:.0%}'
        self.get_logger().info(f'{stage}{done}', throttle_duration_sec=WARN_PERIOD_S)

    def ready_network(self, settings: VisionSettings, progress: Progress) -> Network:
        """Load the network that settings name, and have it run once."""
        network = self.open_network(settings, progress)
        try:
            network.warm_up()
        except BaseException:
            network.close()
            raise
        return network

    def abandon(self) -> None:
        """Make a running download or build give up at its next report."""
        self._abandoned = True

    def acquire(self) -> None:
        """Load the network and make the publishers."""
        started_s = time.monotonic()
        self.diagnostics.loading(self.settings.model)
        network = self.ready_network(self.settings, self.progress)
        with self.loaded_lock:
            # From here on live settings are held against it, so these are first.
            self.network = network
            self.check(self.settings)
        self.latched.add('vision_info', vision_msgs.VisionInfo, LATCHED_QOS)
        if results.has_label_info():
            self.latched.add('label_info', vision_msgs.LabelInfo, LATCHED_QOS)
        names = self.settings.camera_names() or ('',)
        self.channels = tuple(Channel(self, name, self.new_memory()) for name in names)
        for channel in self.channels:
            channel.outputs.add('overlay', Image)
            if stats.InferenceStats is not None:
                channel.outputs.add('stats', stats.InferenceStats)
            self.add_outputs(channel.outputs)
        self.get_logger().info(f'configured in {time.monotonic() - started_s:.1f} s')
        self._say_what_runs()

    def begin(self) -> None:
        """Start the worker and subscribe to the images, with all counts at 0."""
        self._runner.reset()
        self._worker = Worker(self.get_name(), lambda: self.network.max_batch, self._runner.run)
        self._worker.start()
        for channel in self.channels:
            channel.reset()
            receive = partial(self._on_image, channel)
            channel.subscribe(receive, self._image_group, self.settings.image_transport)
        self.diagnostics.watch(
            [
                WatchedCamera(channel.name, channel.statistics, channel.subscription)
                for channel in self.channels
                if channel.subscription is not None
            ]
        )
        with self.loaded_lock:
            self._publish_latched()
        topics = ', '.join(c.subscription.topic_name for c in self.channels if c.subscription)
        self.get_logger().info(f'active on {topics}')

    def end(self) -> None:
        """Unsubscribe and finish the frames in hand."""
        self.diagnostics.watch([])
        for channel in self.channels:
            channel.unsubscribe()
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop()

    def release(self) -> None:
        """Stop the worker and free the network."""
        self.end()
        with self.loaded_lock:
            self.latched.clear()
            channels, self.channels = self.channels, ()
            for channel in channels:
                channel.close()
            network, self.network = self.network, None
        if network is not None:
            network.close()
        self.diagnostics.idle()

    def loaded(self) -> bool:
        """Tell whether a network is loaded."""
        return self.network is not None

    def check(self, settings: Any) -> None:
        """Check settings against the network that is loaded."""
        self.check_fit(settings, self.network)

    def reload(self, changes: Mapping[str, Any]) -> None:
        """Load another network beside the one that runs, and let it take over."""
        self._swap.run(changes)

    def take(self, network: Network, settings: Any) -> None:
        """Run another network from the next frame on; the caller frees the old one, and tells."""
        with self._runner.between_frames():
            forget = network.labels != self.network.labels
            self.network, self.settings = network, settings
            for channel in self.channels:
                if forget:
                    channel.forget()

    def tell_taken(self) -> None:
        """Publish and log what runs now, as far as that can be done."""
        try:
            with self.loaded_lock:
                if self.loaded():
                    if self._worker is not None:
                        self._publish_latched()
                    self._say_what_runs()
        except Exception:  # noqa: BLE001  the network was taken, and runs
            self.get_logger().error(f'the new network is not told of:\n{traceback.format_exc()}')

    def transition_failed(self, error: str) -> None:
        """Show the error in diagnostics until the next success."""
        self.diagnostics.failed(error)

    def settings_changed(self, names: Sequence[str]) -> None:
        """Tell late subscribers the threshold that holds now."""
        if self._worker is not None and self.threshold_parameter in names:
            self._publish_latched()

    def _say_what_runs(self) -> None:
        info = self.network.info
        self.get_logger().info(
            f'{self.settings.model} is run by {info.backend} {info.version}, {info.precision} on '
            f'{info.device}'
        )
        self.diagnostics.ready(info)

    def _publish_latched(self) -> None:
        header = Header(stamp=self.get_clock().now().to_msg())
        topic = self.resolve_topic_name('~/label_info')
        info = results.vision_info_message(header, self.settings.model, topic)
        self.latched.publish('vision_info', info)
        if 'label_info' in self.latched:
            threshold = getattr(self.settings, self.threshold_parameter)
            message = results.label_info_message(header, self.network.labels, threshold)
            self.latched.publish('label_info', message)

    def _on_image(self, channel: Channel, frame: Frame) -> None:
        worker = self._worker
        if worker is None:
            return
        age_ms = frame.age_ms(self.get_clock().now().nanoseconds)
        if channel.limit.admits(frame.arrival_ns, self.settings.max_rate_hz):
            replaced = worker.put(channel, frame)
            channel.statistics.received(replaced=replaced, age_ms=age_ms)
        else:
            channel.statistics.limited(age_ms)

    def _give_up(self, reason: str) -> None:
        self.get_logger().fatal(f'the node deactivates after {reason}')
        self.diagnostics.failed(f'deactivated after {reason}')
        failed = self._worker

        def deactivate() -> None:
            # Meanwhile somebody may have activated the node again, with a worker that is well.
            if failed is not None and self._worker is failed:
                self.trigger(self.trigger_deactivate)

        # From the executor, since deactivating joins the thread that runs this.
        self.executor.create_task(deactivate)
