# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A node's state on /diagnostics: its engine, its cameras, its outputs and its device.

ERROR is what only a person can fix, WARN what keeps results from arriving or from being right, OK
everything else, idleness with its reason included.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from diagnostic_updater import Updater
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType, JumpThreshold
from rclpy.duration import Duration
from rclpy.node import Node

from ..network import Network
from ..rclpy_workarounds import InvalidHandle
from .camera_health import CameraHealth, WatchedCamera
from .device_health import DeviceHealth
from .matching import namesakes, unreached_subscribers

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
JUMP_S = 1.0
_CHECK = 'to fix: check them (rdl models inspect FILE --write CARD), and give the card as model'


class Diagnostics:
    """Publishes once a second what a vision node is doing and how its frames fare.

    Args:
        node: The rclpy node that publishes.
        settings: Returns the node's settings.
        publishers: Returns the publishers of results.
    """

    def __init__(
        self,
        node: Node,
        settings: Callable[[], Any],
        publishers: Callable[[], Iterable[Any]],
    ) -> None:
        self._node = node
        self._settings = settings
        self._publishers = publishers
        self._activity = ''
        self._failing = False
        self._error = ''
        self._error_s = 0.0
        self._working_since_s: float | None = None
        self._network: Network | None = None
        self._warnings: tuple[str, ...] = ()
        self._cameras: tuple[WatchedCamera, ...] = ()
        self._names: list[str] = []
        self._namesakes = 0
        self._device = DeviceHealth()
        self._updater = Updater(node)
        if node.get_namespace() != '/':
            # Else the nodes of two robots would have one name there.
            self._updater.node_name = node.get_fully_qualified_name()
        # One for all of the node's statuses, and for its whole life: aggregators group by it.
        self._updater.setHardwareID(f'{socket.gethostname()} {node.get_fully_qualified_name()}')
        # Otherwise each activation would publish "Node starting up" beside the state.
        self._updater.addedTaskCallback = lambda task: None
        self._run_by_steady_clock()
        self._updater.add('engine', self._fill_engine)
        self._updater.add('outputs', self._fill_outputs)
        self._updater.add('device', self._device.fill)
        self._show({'frames': idle_frames})
        threshold = JumpThreshold(
            min_forward=Duration(seconds=JUMP_S), min_backward=Duration(nanoseconds=-1)
        )
        # The handle ends the calls when it is collected.
        self._jumps = node.get_clock().create_jump_callback(
            threshold, post_callback=self._clock_jumped
        )

    def loading(self, model: str) -> None:
        """Report the start of a configuration, whatever happened to the last one."""
        self._failing = False
        self.working(f'loading {model}')

    def working(self, stage: str, share: float | None = None) -> None:
        """Report that the node is busy with loading, a download or a build."""
        if self._working_since_s is None:
            self._working_since_s = time.monotonic()
        self._activity = stage if share is None else f'{stage} {share:.0%}'

    def ready(self, network: Network) -> None:
        """Report what was loaded; of its engine, what is known at the time of a report."""
        self._network, self._failing, self._working_since_s = network, False, None
        self._warnings = tuple(network.warnings)
        if network.guesses:
            self._warnings += (f'{"; ".join(network.guesses)}; {_CHECK}',)
        self._device.watch(network.info)

    def swap_ended(self, error: str = '') -> None:
        """Report that no other network is being loaded any more, and why it was not taken."""
        self._working_since_s = None
        if error:
            self._error, self._error_s = error, time.monotonic()

    def idle(self) -> None:
        """Report that nothing is loaded."""
        self._network, self._working_since_s = None, None
        self._device.watch(None)

    def failed(self, error: str) -> None:
        """Report a failed transition; it is shown until the next success."""
        self._failing, self._working_since_s = True, None
        self._error, self._error_s = error, time.monotonic()

    def watch(self, cameras: Sequence[WatchedCamera]) -> None:
        """Report on these cameras from now on; without any, the node is not active."""
        before, self._cameras = self._cameras, tuple(cameras)
        if not cameras:
            if before:
                self._show(dict.fromkeys(self._names, idle_frames))
            return
        self._failing = False
        self._show(
            {
                f'frames {camera.name}'.strip(): CameraHealth(
                    camera,
                    self._node.get_clock(),
                    lambda: self._settings().image_timeout,
                    self._node.get_logger(),
                ).fill
                for camera in cameras
            }
        )

    def _run_by_steady_clock(self) -> None:
        # The updater's own timer stands still with a simulated time that nobody publishes.
        updater, node = self._updater, self._node
        period_s = node.get_parameter('diagnostic_updater.period').value
        node.destroy_timer(updater.timer)
        updater.timer = node.create_timer(
            period_s,
            updater.update,
            callback_group=MutuallyExclusiveCallbackGroup(),
            clock=Clock(clock_type=ClockType.STEADY_TIME),
        )

    def _show(self, fills: dict[str, Callable[[Any], Any]]) -> None:
        for name in self._names:
            self._updater.removeByName(name)
        self._names = list(fills)
        for name, fill in fills.items():
            self._updater.add(name, fill)

    def _clock_jumped(self, _: Any) -> None:
        for camera in self._cameras:
            camera.statistics.clock_jumped()

    def _fill_engine(self, status: Any) -> Any:
        # Read once: a transition in another thread may set both to None meanwhile.
        network, since_s = self._network, self._working_since_s
        info = None if network is None else network.info
        self._count_namesakes()
        state = 'unconfigured' if info is None else 'inactive'
        if self._cameras:
            state = 'active'
        if self._failing:
            status.summary(ERROR, self._error)
        elif since_s is not None:
            elapsed_s = time.monotonic() - since_s
            status.summary(OK, f'{self._activity}, {elapsed_s:.0f} s so far')
        elif self._namesakes:
            status.summary(WARN, self._of_namesakes())
        elif info is not None:
            text = f'{state}: {info.backend} {info.version}, {info.precision} on {info.device}'
            warnings = (*self._warnings, *filter(None, [info.warning]))
            status.summary(WARN if warnings else OK, '; '.join(warnings) or text)
        else:
            status.summary(OK, state)
        status.add('state', state)
        status.add('model', self._settings().model)
        if info is not None:
            status.add('backend', f'{info.backend} {info.version}')
            status.add('precision', info.precision)
            status.add('device', info.device)
            if info.origin:
                status.add('engine', info.origin)
            if info.measured:
                status.add('chosen', '; '.join(info.measured))
            if info.sent_bytes:
                status.add(
                    'bytes a frame',
                    f'{info.sent_bytes:,} sent, {info.received_bytes:,} received',
                )
        status.add('last error', self._error or 'none')
        if self._error:
            status.add('last error age', f'{time.monotonic() - self._error_s:.0f} s')
        return status

    def _count_namesakes(self) -> None:
        before, self._namesakes = self._namesakes, namesakes(self._node)
        if self._namesakes > before:
            # What starts this one may wait for ever, since the other answered.
            self._node.get_logger().warning(
                f'{self._of_namesakes()}; one that was killed is counted for some seconds more'
            )

    def _of_namesakes(self) -> str:
        name = self._node.get_fully_qualified_name()
        return (
            f'{self._namesakes + 1} nodes are named {name}: services and parameters reach any of '
            'them, and their results are mixed; to fix: start one of them with namespace:=OTHER '
            'or name:=OTHER (ros2 launch), or --ros-args -r __node:=OTHER (ros2 run)'
        )

    def _fill_outputs(self, status: Any) -> Any:
        unreached: list[str] = []
        subscribers: list[int] = []
        for publisher in self._publishers():
            # A clean-up may destroy it meanwhile.
            with suppress(InvalidHandle):
                count = publisher.get_subscription_count()
                status.add(publisher.topic_name, f'subscribers: {count}')
                subscribers.append(count)
                unreached += unreached_subscribers(
                    self._node, publisher.topic_name, publisher.msg_type, publisher.qos_profile
                )
        if unreached:
            status.summary(WARN, '; '.join(unreached))
        elif subscribers:
            wanted = sum(count > 0 for count in subscribers)
            status.summary(OK, f'{wanted} of {len(subscribers)} have subscribers')
        else:
            status.summary(OK, 'not configured')
        return status


def idle_frames(status: Any) -> Any:
    """Report that no images are taken."""
    status.summary(OK, 'not active')
    return status
