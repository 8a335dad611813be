# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The node that imagenet, detectnet and segnet are made of: images in, results out."""

from __future__ import annotations

import time
import traceback
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.task import Future
from std_msgs.msg import Header

from ...progress import Progress
from ..health.diagnostics import Diagnostics
from ..messages import results
from ..messages.outputs import Outputs
from ..messages.topics import Topic
from ..messages.video_topics import VIDEO_TOPICS
from ..network import Network
from ..parameters.live_setup import LiveSetup, Setup
from ..parameters.parameter_table import ParameterTable
from ..parameters.vision_settings import VisionSettings
from ..program.heap import freeze_what_stays, return_freed_memory
from ..program.library_log import logged_by
from ..stream.camera import Camera, Memory, Shot
from ..stream.frame import Frame
from ..stream.frame_runner import FrameRunner
from ..stream.own_camera import IMAGE_RAW
from ..stream.worker import Worker
from .bond import ManagerBond
from .managed_node import ManagedNode
from .network_loader import NetworkLoader
from .network_swap import NetworkSwap


class VisionNode(ManagedNode):
    """Cameras, a worker and a network; subclasses choose the network and the results.

    The newest frame of each camera is put into the worker's mailbox. One thread at a time takes
    them from there, runs them and counts what went wrong: a malformed message costs that frame, a
    failed inference publishes nothing, and several failures in a row deactivate the node.

    Attributes:
        default_name: See ``DescribedNode``, as for the next two.
        settings_type: The dataclass of the parameters.
        topics: All topics.
        threshold_parameter: The parameter whose value ``~/label_info`` has as threshold.
        setup: The settings and the network.
        cameras: The cameras; empty while the node is unconfigured.
        latched: Publishers of the topics that the cameras share.
        finished: Resolved with the exit code when the node ends the process, which it does only
            if it cannot start and ``exit_on_failed_start`` is set.
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
        *VIDEO_TOPICS,
        IMAGE_RAW,
        Topic('out', '~/overlay', 'sensor_msgs/Image', 'the picture with the results drawn on it'),
        Topic(
            'out',
            '~/overlay/compressed',
            'sensor_msgs/CompressedImage',
            'the same as JPEG; see overlay_jpeg_quality',
        ),
        Topic('out', '~/vision_info', 'vision_msgs/VisionInfo', 'the model; latched', True),
        Topic(
            'out',
            '~/label_info',
            'vision_msgs/LabelInfo',
            'number and name of every class; latched; from vision_msgs 4 on',
            True,
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

    def __init__(self) -> None:
        # First, because destroy_node needs it, also of a node whose creation fails.
        self._bond = ManagerBond(self)
        super().__init__(self.default_name)
        try:
            log = self.get_logger()
            table: ParameterTable[Any] = ParameterTable(self.settings_type)
            self.setup = LiveSetup(
                table,
                table.declare(self),
                reload=lambda changes: self.swap.run(changes),
                changed=self._settings_changed,
                log=log,
            )
            self.cameras: tuple[Camera, ...] = ()
            # Kept over a clean-up, so that a process uses no track number twice.
            self._memories: dict[str, Memory | None] = {}
            self.latched = Outputs(self)
            self.diagnostics = Diagnostics(self, lambda: self.settings, self._result_publishers)
            self._loader = NetworkLoader(self.open_network, self.diagnostics, log)
            self.swap = NetworkSwap(
                self.setup,
                self._loader,
                outside=self.outside_parameter_services,
                take=self._take,
                announce=self._announce_swap,
                diagnostics=self.diagnostics,
                log=log,
            )
            self._runner = FrameRunner(
                self.setup,
                infer=self.infer,
                publish=self.publish,
                give_up=self._give_up,
                unwatched=self.runs_unwatched,
                clock=self.get_clock(),
                log=log,
                ok=self.context.ok,
            )
            self._worker: Worker[Camera, Frame] | None = None
            self.finished = Future()
            # Last, because the callback needs everything above.
            self.add_on_set_parameters_callback(self.setup.on_parameters)
            self.context.on_shutdown(self.abandon)
            if self.settings.autostart:
                self.start_when_spun()
        except BaseException:
            # An object that nobody has would be destroyed after its context.
            self.destroy_node()
            raise

    @abstractmethod
    def open_network(self, settings: Any, progress: Progress) -> Network:
        """Load the network that settings name; raise DeepLearningError if that fails."""

    def new_memory(self) -> Memory | None:
        """Make the memory of one camera's frames; None is no memory."""
        return None

    def runs_unwatched(self) -> bool:
        """Return whether frames are run although no output has a subscriber."""
        return False

    @abstractmethod
    def infer(self, shots: Sequence[Shot], setup: Setup) -> Iterator[Any]:
        """Run the network on one shot of each of some cameras, together if it can.

        Args:
            shots: At least one.
            setup: The network, and the settings for these frames.

        Returns:
            The result of each when it is there, for ``publish``; its attribute ``times`` has the
            ``StageTimes``.
        """

    @abstractmethod
    def publish(self, shot: Shot, result: Any, setup: Setup) -> None:
        """Publish the outputs of a camera's frame in ``shot.wanted``, except ``stats``."""

    @property
    def settings(self) -> Any:
        """The settings that hold now."""
        return self.setup.now.settings

    @property
    def network(self) -> Any:
        """The network that is loaded, or None."""
        return self.setup.now.network

    # rclpy 3 has no callback before a change, and with one, later versions refuse an empty change.
    def set_parameters(self, parameter_list: list[Any]) -> list[Any]:
        """Set parameters one by one as rclpy does, with paths made absolute."""
        results: list[Any] = super().set_parameters(self.setup.table.absolute(parameter_list))
        return results

    def set_parameters_atomically(self, parameter_list: list[Any]) -> Any:
        """Set parameters together as rclpy does, with paths made absolute."""
        return super().set_parameters_atomically(self.setup.table.absolute(parameter_list))

    def abandon(self) -> None:
        """Cancel a running download or build at its next report."""
        self._loader.abandon()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Acquire, with parameters that need another network refused meanwhile."""
        with self.setup.configuring():
            return super().on_configure(state)

    def acquire(self) -> None:
        """Load the network and create the publishers."""
        started_s = time.monotonic()
        self.diagnostics.loading(self.settings.model)
        self.setup.load(self._loader.load(self.settings, self._loader.progress))
        return_freed_memory()
        names = self.settings.camera_names() or ('',)
        for name in names:
            if name not in self._memories:
                self._memories[name] = self.new_memory()
        self.cameras = tuple(Camera(self, name, self._memories[name]) for name in names)
        for topic in self.topics:
            if topic.is_output and (self.settings.input or topic is not IMAGE_RAW):
                owners = [self.latched] if topic.latched else [c.outputs for c in self.cameras]
                for outputs in owners:
                    outputs.add(topic)
        freeze_what_stays()
        self.get_logger().info(f'configured in {time.monotonic() - started_s:.1f} s')
        self._report_engine()

    def begin(self) -> None:
        """Start the worker and subscribe to the images, with all counts at 0."""
        self._runner.reset()
        with logged_by(self.get_logger()):
            worker = Worker(self.get_name(), self._runner.batch_limit, self._runner.run)
        self._worker = worker
        worker.start()
        watched = []
        for camera in self.cameras:
            camera.reset()
            # Each camera has a group of its own, so that neither a long transition holds it up nor
            # the others do: in one group, rclpy would always take the same camera's images first.
            watched.append(camera.subscribe(worker, self.setup, MutuallyExclusiveCallbackGroup()))
        self.diagnostics.watch(watched)
        with self.setup.lock:
            self._publish_latched()
        topics = ', '.join(camera.topic() for camera in watched)
        self.get_logger().info(f'active on {topics}')
        self._bond.form(self.settings.bond_heartbeat_period)

    def end(self) -> None:
        """Unsubscribe and finish the frames in hand."""
        self._bond.dissolve()
        self.diagnostics.watch([])
        for camera in self.cameras:
            camera.unsubscribe()
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop()

    def release(self) -> None:
        """Stop the worker and free the network."""
        self.end()
        with self.setup.lock:
            self.latched.clear()
            cameras, self.cameras = self.cameras, ()
            for camera in cameras:
                camera.close()
            network = self.setup.unload()
        if network is not None:
            network.close()
            return_freed_memory()
        self.diagnostics.idle()

    def destroy_node(self) -> None:
        """Take the node off the graph, and let a lifecycle manager know."""
        self._bond.dissolve()
        super().destroy_node()

    def transition_failed(self, error: str) -> None:
        """Show the error in diagnostics until the next success."""
        self.diagnostics.failed(error)

    def start_failed(self) -> None:
        """End the process, or say how to start the node."""
        if self._loader.abandoned:
            return
        if self.settings.exit_on_failed_start:
            self.get_logger().fatal('the process ends, because this node cannot start')
            self.finished.set_result(1)
        else:
            name = self.get_fully_qualified_name()
            self.get_logger().error(
                f'the node is not active; fix the error above, then: ros2 lifecycle set {name} '
                f'configure && ros2 lifecycle set {name} activate'
            )

    def _result_publishers(self) -> list[Any]:
        outputs = (self.latched, *(camera.outputs for camera in self.cameras))
        return list(chain.from_iterable(each.publishers() for each in outputs))

    def _take(self, setup: Setup) -> None:
        with self._runner.between_frames():
            forget = setup.network.labels != self.network.labels
            self.setup.now = setup
            for camera in self.cameras:
                if forget:
                    camera.forget()

    def _announce_swap(self) -> None:
        try:
            with self.setup.lock:
                if self.network is not None:
                    if self._worker is not None:
                        self._publish_latched()
                    self._report_engine()
        except Exception:  # noqa: BLE001  the network was taken, and runs
            error = traceback.format_exc()
            self.get_logger().error(f'the new network could not be announced:\n{error}')

    def _settings_changed(self, names: Sequence[str]) -> None:
        if self._worker is not None and self.threshold_parameter in names:
            self._publish_latched()

    def _report_engine(self) -> None:
        info = self.network.info
        self.get_logger().info(
            f'{self.settings.model} is run by {info.backend} {info.version}, {info.precision} on '
            f'{info.device}'
        )
        self.diagnostics.ready(self.network)

    def _publish_latched(self) -> None:
        header = Header(stamp=self.get_clock().now().to_msg())
        topic = self.resolve_topic_name('~/label_info')
        info = results.vision_info_message(header, self.settings.model, topic)
        self.latched.publish('vision_info', info)
        if 'label_info' in self.latched:
            threshold = getattr(self.settings, self.threshold_parameter)
            message = results.label_info_message(header, self.network.labels, threshold)
            self.latched.publish('label_info', message)

    def _give_up(self, reason: str) -> None:
        self.get_logger().fatal(f'the node deactivates after {reason}')
        self.diagnostics.failed(f'deactivated after {reason}')
        failed = self._worker

        def deactivate() -> None:
            # Somebody may have activated the node again meanwhile, with another worker.
            if failed is not None and self._worker is failed:
                self.trigger(self.trigger_deactivate)

        # In the executor, since deactivation joins the thread that runs this.
        self.executor.create_task(deactivate)
