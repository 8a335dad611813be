# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A lifecycle node whose transitions log, roll back and never raise into rclpy."""

from __future__ import annotations

import threading
import traceback
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNodeMixin, LifecycleState, TransitionCallbackReturn
from rclpy.node import Node

from ...errors import DeepLearningError, SettingsError
from ..parameters.parameter_group import ParameterGroup
from ..parameters.parameter_table import ParameterTable
from ..parameters.vision_settings import VisionSettings
from .bond import ManagerBond


class ManagedNode(LifecycleNodeMixin, Node):  # type: ignore[misc]
    """Parameters from one table, and four hooks for what a lifecycle acquires and gives back."""

    def __init__(self, name: str, settings_type: type[VisionSettings]) -> None:
        # Before the node, which makes its parameter services at once.
        self.parameter_group = ParameterGroup()
        Node.__init__(self, name)
        # Reentrant, so that "which state?" is answered while a configuration takes minutes.
        LifecycleNodeMixin.__init__(self, callback_group=ReentrantCallbackGroup())
        self._service_change_state.callback = self._refusing(self._service_change_state.callback)
        # A parameter is checked against what is loaded, which may not be released meanwhile.
        self.loaded_lock = threading.Lock()
        self._configuring = False
        self._bond = ManagerBond(self)
        self.table: ParameterTable[Any] = ParameterTable(settings_type)
        self.settings: Any = self.table.declare(self)
        self.add_on_set_parameters_callback(self._on_parameters)
        self._start_timer: Any = None
        if self.settings.autostart:
            # By the steady clock, since simulated time may stand still.
            self._start_timer = self.create_timer(
                0.0,
                self._start,
                callback_group=MutuallyExclusiveCallbackGroup(),
                clock=Clock(clock_type=ClockType.STEADY_TIME),
            )

    @abstractmethod
    def acquire(self) -> None:
        """Load what the settings name; whatever it raises, ``release`` follows."""

    @abstractmethod
    def begin(self) -> None:
        """Start to work; whatever it raises, ``end`` follows."""

    @abstractmethod
    def end(self) -> None:
        """Stop to work and finish what is in hand; harmless when not working."""

    @abstractmethod
    def release(self) -> None:
        """Give back what ``acquire`` loaded, after ``end``; harmless when nothing is loaded."""

    @abstractmethod
    def loaded(self) -> bool:
        """Tell whether ``acquire`` has been done."""

    @abstractmethod
    def reload(self, changes: Mapping[str, Any]) -> None:
        """Replace what is loaded by what changed settings name; all stays as it was on errors.

        Raises:
            DeepLearningError: It cannot be loaded, or the settings do not fit it.
        """

    @abstractmethod
    def transition_failed(self, error: str) -> None:
        """Make a failed transition visible to machines."""

    def check(self, settings: Any) -> None:
        """Check settings against what is loaded; raise SettingsError where they do not fit."""

    def settings_changed(self, names: Sequence[str]) -> None:
        """Act on live parameters that were changed."""

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Acquire, or leave nothing behind."""
        # A change of settings in hand is finished first.
        with self.loaded_lock:
            self._configuring = True
        try:
            return self._transition('configure', self.acquire, self.release)
        finally:
            self._configuring = False

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin, or leave nothing running."""
        # Enables the publishers, which speak from here on.
        super().on_activate(state)
        result = self._transition('activate', self.begin, self.end)
        if result == TransitionCallbackReturn.SUCCESS:
            self._bond.form(self.settings.bond_heartbeat_period)
        else:
            super().on_deactivate(state)
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End, with the publishers still able to send the frame in hand."""
        self._bond.dissolve()
        result = self._transition('deactivate', self.end)
        super().on_deactivate(state)
        return result

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything."""
        return self._transition('cleanup', self.release)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything, from any state."""
        self._bond.dissolve()
        return self._transition('shutdown', self.release)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything, so that the node can be configured again."""
        self._bond.dissolve()
        return self._transition('recover', self.release)

    def destroy_node(self) -> None:
        """Take the node off the graph, and let a manager know."""
        self._bond.dissolve()
        super().destroy_node()

    def _start(self) -> None:
        # A second executor thread may have taken the timer before it was cancelled.
        timer, self._start_timer = self._start_timer, None
        if timer is None:
            return
        timer.cancel()
        if self.trigger(self.trigger_configure):
            self.trigger(self.trigger_activate)

    def trigger(self, transition: Callable[[], TransitionCallbackReturn]) -> bool:
        """Make a transition; false where it fails, or somebody else was first."""
        try:
            return bool(transition() == TransitionCallbackReturn.SUCCESS)
        except RuntimeError as err:
            self.get_logger().warning(f'no transition: {err}')
            return False

    def _refusing(self, change: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        # Humble and Jazzy raise where the state does not allow a transition, as when a manager
        # asks twice, and that would end the process.
        def answer(request: Any, response: Any) -> Any:
            try:
                return change(request, response)
            except RuntimeError as err:
                self.get_logger().warning(f'refused a transition: {err}')
                response.success = False
                return response

        return answer

    def _transition(
        self, name: str, work: Callable[[], None], undo: Callable[[], None] | None = None
    ) -> TransitionCallbackReturn:
        # rclpy swallows what a transition raises on most distributions, so it ends here.
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

    def create_service(self, *args: Any, callback_group: Any = None, **options: Any) -> Any:
        """Make a service; without a group of its own it is one of the parameter services'."""
        group = self.parameter_group if callback_group is None else callback_group
        return super().create_service(*args, callback_group=group, **options)

    def _on_parameters(self, parameters: Sequence[Any]) -> SetParametersResult:
        changes = {p.name: p.value for p in parameters if p.name in self.table.fields}
        try:
            self._change(changes)
        except DeepLearningError as err:
            return SetParametersResult(successful=False, reason=str(err))
        except Exception as err:  # noqa: BLE001  the caller is told, and the node goes on
            self.get_logger().error(f'a change of parameters broke:\n{traceback.format_exc()}')
            reason = f'broke, the log has the traceback: {err!r}'
            return SetParametersResult(successful=False, reason=reason)
        return SetParametersResult(successful=True)

    def _change(self, changes: Mapping[str, Any]) -> None:
        with self.loaded_lock:
            settings = self.table.changed(self.settings, changes)
            names = [n for n in changes if getattr(settings, n) != getattr(self.settings, n)]
            loaded = self.loaded()
            if (loaded or self._configuring) and (fixed := self.table.fixed(names)):
                msg = f'{", ".join(fixed)}: only while the node is unconfigured; clean it up first'
                raise SettingsError(msg)
            reloading = self.table.reloading(names)
            if reloading and self._configuring:
                msg = f'{", ".join(reloading)}: not while the node is being configured'
                raise SettingsError(msg)
            if not (reloading and loaded):
                if loaded:
                    self.check(settings)
                self.settings = settings
                self.settings_changed(names)
                return
        self.reload(changes)
