# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A lifecycle node with transitions that are logged, and rolled back on errors."""

from __future__ import annotations

import traceback
from abc import abstractmethod
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn

from ...errors import DeepLearningError
from ..rclpy_workarounds import PatchedLifecycleNode


class ManagedNode(PatchedLifecycleNode):
    """The lifecycle of a node, with hooks for what it acquires and releases.

    It has no parameters, network or topics of its own; see ``VisionNode`` for these.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._start_timer: Any = None

    @abstractmethod
    def acquire(self) -> None:
        """Load everything that the node needs; if this raises, ``release`` follows."""

    @abstractmethod
    def begin(self) -> None:
        """Start to work; if this raises, ``end`` follows."""

    @abstractmethod
    def end(self) -> None:
        """Stop working and finish the frames in hand; harmless when not working."""

    @abstractmethod
    def release(self) -> None:
        """Free what ``acquire`` loaded, after ``end``; harmless when nothing is loaded."""

    @abstractmethod
    def transition_failed(self, error: str) -> None:
        """Report a failed transition to machines, beside the log."""

    @abstractmethod
    def start_failed(self) -> None:
        """Handle that autostart could not configure and activate the node."""

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Acquire, or leave nothing behind."""
        return self._transition('configure', self.acquire, self.release)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin, or leave nothing running."""
        # Enables the lifecycle publishers.
        super().on_activate(state)
        result = self._transition('activate', self.begin, self.end)
        if result != TransitionCallbackReturn.SUCCESS:
            super().on_deactivate(state)
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End, while the publishers can still send the results of the frames in hand."""
        result = self._transition('deactivate', self.end)
        super().on_deactivate(state)
        return result

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything."""
        return self._transition('cleanup', self.release)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything, from any state."""
        return self._transition('shutdown', self.release)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything, so that the node can be configured again."""
        return self._transition('recover', self.release)

    def start_when_spun(self) -> None:
        """Configure and activate the node as soon as an executor spins it."""
        # By the steady clock, since simulated time may stand still.
        self._start_timer = self.create_timer(
            0.0,
            self._start,
            callback_group=MutuallyExclusiveCallbackGroup(),
            clock=Clock(clock_type=ClockType.STEADY_TIME),
        )

    def trigger(self, transition: Callable[[], TransitionCallbackReturn]) -> bool:
        """Make a transition; return False if it fails or the state does not allow it."""
        try:
            return bool(transition() == TransitionCallbackReturn.SUCCESS)
        except RuntimeError as err:
            self.get_logger().warning(f'no transition: {err}')
            return False

    def _start(self) -> None:
        # A second executor thread may have taken the timer before it was cancelled.
        timer, self._start_timer = self._start_timer, None
        if timer is None:
            return
        timer.cancel()
        if not (self.trigger(self.trigger_configure) and self.trigger(self.trigger_activate)):
            self.start_failed()

    def _transition(
        self, name: str, work: Callable[[], None], undo: Callable[[], None] | None = None
    ) -> TransitionCallbackReturn:
        # Most versions of rclpy swallow what a transition raises, so it is handled here.
        try:
            with ExitStack() as rollback:
                if undo is not None:
                    rollback.callback(undo)
                work()
                rollback.pop_all()
        except DeepLearningError as err:
            self.get_logger().error(f'{name} failed: {err}')
            self.transition_failed(f'{name} failed: {err}')
            return TransitionCallbackReturn.FAILURE
        except Exception:  # noqa: BLE001
            self.get_logger().fatal(f'{name} broke:\n{traceback.format_exc()}')
            self.transition_failed(f'{name} broke; the log has the traceback')
            return TransitionCallbackReturn.ERROR
        return TransitionCallbackReturn.SUCCESS
