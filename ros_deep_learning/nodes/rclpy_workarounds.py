# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Every private or undocumented part of rclpy that the package depends on.

Tried on Humble (rclpy 3), Jazzy (rclpy 7) and Kilted (rclpy 9). Each item names the versions that
need it. What an rclpy lacks is an RclpyError when a node starts. What is called in C
is in ``rcl_calls.py``.
``test/nodes/test_rclpy_workarounds.py`` checks that no other file uses private names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Barrier
from typing import Any

import rclpy
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import Clock
from rclpy.executors import InvalidHandle, MultiThreadedExecutor
from rclpy.lifecycle import LifecycleNodeMixin
from rclpy.node import Node
from rclpy.waitable import Waitable

from ..errors import RclpyError
from .parameters.parameter_group import ParameterGroup

try:
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # rclpy 3
    from rclpy.qos_event import SubscriptionEventCallbacks

__all__ = [
    'InvalidHandle',
    'NodeExecutor',
    'PatchedLifecycleNode',
    'SubscriptionEventCallbacks',
    'given_parameters',
    'now_ns_of',
    'wake',
]


class NodeExecutor(MultiThreadedExecutor):  # type: ignore[misc]
    """An executor that loses no large images and survives entities destroyed while it waits.

    Two shortcomings of rclpy 3, 7 and 9:

    * While a thread has yet to take a message, rclpy does not wait for its subscription but does
      wait for the subscription's events. With Fast DDS that wait ends at once, because both share
      a status condition: one core spins and most images are lost (benchmarks/executors.py).
    * rclpy lists what it will wait for, and fails if one of these entities is destroyed meanwhile,
      as a lifecycle transition does.

    Uses ``Executor._make_handler``, ``MultiThreadedExecutor._executor`` and the attribute
    ``_executor_event`` of entities.

    Args:
        threads: Number of threads that run callbacks.
        **kwargs: Passed on to rclpy's executor.

    Raises:
        RclpyError: This rclpy has none of these.
    """

    def __init__(self, threads: int, **kwargs: Any) -> None:
        super().__init__(threads, **kwargs)
        _require(self, MultiThreadedExecutor, '_executor')
        _require(super(), MultiThreadedExecutor, '_make_handler')
        # A pool starts a thread when it first needs one, which may be in the middle of a run.
        started = Barrier(threads + 1)
        for _ in range(threads):
            self._executor.submit(started.wait)
        started.wait()

    def can_execute(self, entity: Any) -> bool:
        """Return whether to wait for an entity: not for events of a message about to be taken."""
        can: bool = super().can_execute(entity)
        if not can or not isinstance(entity, Waitable):
            return can
        return not any(
            subscription._executor_event and entity in subscription.event_handlers  # noqa: SLF001
            for node in self.get_nodes()
            for subscription in node.subscriptions
        )

    def wait_for_ready_callbacks(self, *args: Any, **kwargs: Any) -> Any:
        """Wait as rclpy does; start again without entities that were destroyed meanwhile."""
        while True:
            try:
                return super().wait_for_ready_callbacks(*args, **kwargs)
            except InvalidHandle:
                continue

    def _make_handler(self, entity: Any, node: Any, take: Any, *execute: Any) -> Any:
        # A ready entity may be destroyed before its turn; rclpy handles that for some kinds only.
        def take_unless_gone(ready: Any) -> Any:
            with suppress(InvalidHandle):
                return take(ready)
            return None

        return super()._make_handler(entity, node, take_unless_gone, *execute)

    def shutdown(self, *args: Any, **kwargs: Any) -> bool:
        """Shut down as rclpy does, then wait for every callback: rclpy 7 skips queued ones."""
        done: bool = super().shutdown(*args, **kwargs)
        self._executor.shutdown()
        return done


def now_ns_of(clock: Clock) -> Callable[[], int]:
    """Return what tells a clock's time in nanoseconds.

    ``Clock.now`` makes a ``Time`` of it, which takes about twice as long (rclpy 3 and 7) or three
    times (rclpy 9). Uses ``get_now`` of ``Clock.handle``; without it, ``Clock.now``.
    """
    handle: Any = getattr(clock, 'handle', None)
    if not hasattr(handle, 'get_now'):
        return lambda: int(clock.now().nanoseconds)

    def now_ns() -> int:
        with handle:
            now: int = handle.get_now().nanoseconds
        return now

    return now_ns


def given_parameters(node: Node) -> list[str]:
    """Return the names of the parameters that the command line and files have for a node.

    rclpy 3, 7 and 9 ignore those that the node does not declare, and have no way to ask for them.
    Uses ``Node._parameter_overrides``.
    """
    return list(node._parameter_overrides)  # noqa: SLF001


def wake(executor: Any) -> None:
    """Make a spinning executor look at its future: in rclpy 3 it does so only after some work."""
    executor.create_task(lambda: None)


class PatchedLifecycleNode(LifecycleNodeMixin, Node):  # type: ignore[misc]
    """A lifecycle node that answers its services during a long transition or parameter change.

    * The lifecycle services are reentrant, so that ``get_state`` is answered while a configuration
      takes minutes (rclpy 3, 7, 9).
    * A transition that the state does not allow is refused; rclpy 3 and 7 raise in the service,
      which ends the process. Uses ``LifecycleNodeMixin._service_change_state``.
    * The parameter services have a group that a long change can step out of (rclpy 3, 7, 9).
    * ``destroy_node`` frees the state machine too: where the garbage collector does, after the
      context, the process may crash (rclpy 3). Uses ``LifecycleNodeMixin._state_machine``.

    Raises:
        RclpyError: This rclpy lacks one of them.
    """

    def __init__(self, name: str) -> None:
        # First, because Node.__init__ creates the parameter services.
        self._parameter_group = ParameterGroup()
        Node.__init__(self, name)
        LifecycleNodeMixin.__init__(self, callback_group=ReentrantCallbackGroup())
        _require(self, LifecycleNodeMixin, '_service_change_state')
        _require(self, LifecycleNodeMixin, '_state_machine')
        service = self._service_change_state
        # NodeExecutor reads it of the subscriptions, which there are none of yet.
        _require(service, type(service), '_executor_event')
        service.callback = self._refusing(service.callback)

    def destroy_node(self) -> None:
        """Take the node off the graph; a second call does nothing."""
        super().destroy_node()
        self.__dict__.pop('_state_machine', None)

    def create_service(self, *args: Any, callback_group: Any = None, **options: Any) -> Any:
        """Create a service; without a group it belongs to that of the parameter services."""
        group = self._parameter_group if callback_group is None else callback_group
        return super().create_service(*args, callback_group=group, **options)

    @contextmanager
    def outside_parameter_services(self) -> Iterator[None]:
        """Let other parameter services run while the body does, if it runs in one of them."""
        with self._parameter_group.aside():
            # The executor waits only for what could begin before.
            if self.executor is not None:
                self.executor.wake()
            yield

    def _refusing(self, change: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def answer(request: Any, response: Any) -> Any:
            try:
                return change(request, response)
            except RuntimeError as err:
                self.get_logger().warning(f'refused a transition: {err}')
                response.success = False
                return response

        return answer


def _require(owner: Any, kind: type, name: str) -> None:
    """Raise RclpyError if an object of rclpy has no attribute of a private name."""
    if not hasattr(owner, name):
        msg = (
            f'the rclpy in {Path(rclpy.__file__).parent} has no {kind.__name__}.{name}, which '
            'ros_deep_learning uses; to fix: use a distribution that docs/distributions.md names, '
            'or a version of ros_deep_learning for yours'
        )
        raise RclpyError(msg)
