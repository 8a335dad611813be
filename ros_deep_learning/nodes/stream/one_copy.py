# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A subscription that takes messages in a thread of its own, into memory that is kept."""

from __future__ import annotations

import threading
import traceback
import weakref
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.callback_groups import CallbackGroup
from rclpy.guard_condition import GuardCondition
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node

from ..rcl_calls import Allocate, SerializedTake
from ..rclpy_workarounds import InvalidHandle, SubscriptionEventCallbacks

WARN_PERIOD_S = 30.0
PAUSE_S = 0.1
"""Between two attempts when taking a message fails, so that no core spins."""


class OneCopySubscription:
    """Takes the messages of a topic off the executor.

    Neither do transitions, timers and services delay a message, nor does it delay them. Without
    messages the thread sleeps: it waits for the subscription, its event of lost messages and a
    guard condition that ends it.

    Args:
        node: The node that subscribes.
        message_type: The class of the messages.
        topic: The full name of the topic.
        deliver: Called with the bytes of each message, shape (N,), and the publisher's number of
            it, None without one. They are the receiver's for as long as it keeps a view of them.
        lost: Called with an event of lost messages. Both are called in the thread.
        allocate: Gives the memory of a message.
        **options: Further arguments of ``create_subscription``.

    Raises:
        RclpyError: This rclpy or rcl lacks something.
    """

    def __init__(
        self,
        node: Node,
        message_type: Any,
        topic: str,
        deliver: Callable[[NDArray[np.uint8], int | None], None],
        lost: Callable[[Any], None],
        allocate: Allocate,
        **options: Any,
    ) -> None:
        self._node, self._context = node, node.context
        self._topic, self._deliver, self._lost = topic, deliver, lost
        self._subscription = node.create_subscription(
            message_type,
            topic,
            lambda _: None,
            raw=True,
            callback_group=_OffExecutor(),
            # Diagnostics list incompatible publishers, in place of rclpy's warning.
            event_callbacks=SubscriptionEventCallbacks(
                message_lost=lost, use_default_callbacks=False
            ),
            **options,
        )
        self._ended = threading.Event()
        try:
            self._take = SerializedTake(self._subscription, allocate).take
            self._guard = GuardCondition(None, None, context=self._context)
        except BaseException:
            node.destroy_subscription(self._subscription)
            raise
        # Kept as a weak reference.
        self._context.on_shutdown(self._wake)
        # A daemon, so that an unhandled SIGINT does not leave a process that never ends.
        self._thread = threading.Thread(
            target=self._run, name=f'images of {topic}'[-60:], daemon=True
        )
        self._thread.start()
        # Whoever forgets to close: no thread may wait in the middleware while that is unloaded.
        self._at_exit = weakref.finalize(self, _end, self._ended, self._guard, self._thread)

    @property
    def qos_profile(self) -> Any:
        """The quality of service of the subscription."""
        return self._subscription.qos_profile

    def close(self) -> None:
        """End the thread, then destroy the subscription; not to be called by ``deliver``."""
        self._at_exit()
        self._guard.destroy()
        self._node.destroy_subscription(self._subscription)

    def _wake(self) -> None:
        with suppress(InvalidHandle):
            self._guard.trigger()

    def _run(self) -> None:
        events = self._subscription.event_handlers
        with ExitStack() as used:
            # None of them is destroyed while it is waited for, whoever destroys the node.
            for entity in (self._context.handle, self._subscription.handle, self._guard.handle):
                used.enter_context(entity)
            for event in events:
                used.enter_context(event)
            wait_set = rclpy_implementation.WaitSet(
                1, 1, 0, 0, 0, len(events), self._context.handle
            )
            used.enter_context(wait_set)
            while True:
                wait_set.clear_entities()
                wait_set.add_subscription(self._subscription.handle)
                wait_set.add_guard_condition(self._guard.handle)
                for event in events:
                    event.add_to_wait_set(wait_set)
                wait_set.wait(-1)
                if self._ended.is_set() or not self._context.ok():
                    return
                self._handle(wait_set, events)

    def _handle(self, wait_set: Any, events: Any) -> None:
        try:
            for event in events:
                if event.is_ready(wait_set):
                    self._lost(event.take_data())
            if wait_set.is_ready('subscription', 0) and (taken := self._take()):
                self._deliver(*taken)
        except Exception:  # noqa: BLE001  the thread must go on
            if not self._ended.is_set():
                self._node.get_logger().error(
                    f'a message of {self._topic} was left out:\n{traceback.format_exc()}',
                    throttle_duration_sec=WARN_PERIOD_S,
                )
                self._ended.wait(PAUSE_S)


def _end(ended: threading.Event, guard: GuardCondition, thread: threading.Thread) -> None:
    ended.set()
    with suppress(InvalidHandle):
        guard.trigger()
    thread.join()


class _OffExecutor(CallbackGroup):  # type: ignore[misc]
    """The group of a subscription that no executor waits for."""

    def can_execute(self, entity: Any) -> bool:
        return False

    def beginning_execution(self, entity: Any) -> bool:
        return False

    def ending_execution(self, entity: Any) -> None:
        pass
