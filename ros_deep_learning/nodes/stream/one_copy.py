# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A subscription that takes messages in a thread of its own, into memory that is kept."""

from __future__ import annotations

import atexit
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.guard_condition import GuardCondition
from rclpy.node import Node

from ...engines.on_device import Allocate
from ..rcl_calls import MessageWait, OffExecutor, SerializedTake, Taken
from ..rclpy_workarounds import InvalidHandle, SubscriptionEventCallbacks
from .worker import Spare

WARN_PERIOD_S = 30.0
PAUSE_S = 0.1
"""Between two attempts when taking a message fails, so that no core spins."""


class OneCopySubscription:
    """Takes the messages of a topic off the executor.

    Neither do transitions, timers and services delay a message, nor does it delay them. Without
    messages the thread sleeps: it waits for the subscription, its event of lost messages and a
    guard condition that ends it. One that has work to do leaves the waiting to another one: they
    take turns, so that no work waits for another thread. There are as many as have ever had work
    at a time, which is one for each worker at most, and one that waits.

    Args:
        node: The node that subscribes.
        message_type: The class of the messages.
        topic: The full name of the topic.
        deliver: Called with the bytes of each message, shape (N,), the publisher's number of it,
            None without one, and the thread, to leave it some work. The bytes are the receiver's
            for as long as it keeps a view of them.
        lost: Called with an event of lost messages. Both are called by one thread at a time.
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
        deliver: Callable[[NDArray[np.uint8], int | None, Spare], None],
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
            callback_group=OffExecutor(),
            # Diagnostics list incompatible publishers, in place of rclpy's warning.
            event_callbacks=SubscriptionEventCallbacks(
                message_lost=lost, use_default_callbacks=False
            ),
            **options,
        )
        self._ended = threading.Event()
        self._turn = threading.Lock()
        self._others: list[threading.Thread] = []
        self._without_work = 1
        self._counting = threading.Lock()
        try:
            self._guard = GuardCondition(None, None, context=self._context)
            self._wait = MessageWait(self._subscription, self._guard, self._context)
            self._take = SerializedTake(self._subscription, allocate).take
            # Now, so that a middleware that cannot do it is found at once.
            first = self._take()
        except BaseException:
            node.destroy_subscription(self._subscription)
            raise
        # Kept as a weak reference.
        self._context.on_shutdown(self._wake)
        # A daemon, so that an unhandled SIGINT does not leave a process that never ends.
        thread = threading.Thread(target=self._run, args=(first,), name=self._name, daemon=True)
        thread.start()
        self._end = partial(_end, self._ended, self._guard, thread)
        # Whoever forgets to close: no thread may wait in the middleware, nor write to memory of
        # a GPU, while that goes. What was registered before this is called after it.
        atexit.register(self._end)

    @property
    def qos_profile(self) -> Any:
        """The quality of service of the subscription."""
        return self._subscription.qos_profile

    def close(self) -> None:
        """End the thread, then destroy the subscription; not to be called by ``deliver``."""
        atexit.unregister(self._end)
        self._end()
        self._guard.destroy()
        self._node.destroy_subscription(self._subscription)

    def _wake(self) -> None:
        with suppress(InvalidHandle):
            self._guard.trigger()

    def _over(self) -> bool:
        return self._ended.is_set() or not self._context.ok()

    @property
    def _name(self) -> str:
        return f'images of {self._topic}'[-60:]

    def _run(self, first: Taken | None) -> None:
        with self._wait:
            self._take_turns(first)
            # Each one is in the list before the one that began it ends.
            for thread in self._others:
                thread.join()

    def _take_turns(self, taken: Taken | None = None) -> None:
        while not self._over():
            spare = Spare()
            with self._turn:
                self._try(partial(self._receive, spare, taken))
            taken = None
            if spare.work is not None:
                self._work(spare.work)

    def _work(self, work: Callable[[], None]) -> None:
        """Do some work while another thread waits for messages."""
        if self._count(-1) == 0 and not self._over():
            self._try(self._begin_another)
        self._try(work)
        self._count(1)

    def _begin_another(self) -> None:
        thread = threading.Thread(target=self._take_turns, name=self._name, daemon=True)
        # First, because it may have work at once.
        self._count(1)
        try:
            thread.start()
        except (RuntimeError, MemoryError) as err:
            self._count(-1)
            self._node.get_logger().warning(
                f'messages of {self._topic} wait while a thread works: {err}',
                throttle_duration_sec=WARN_PERIOD_S,
            )
            return
        self._others.append(thread)

    def _count(self, change: int) -> int:
        """Count threads that have no work any more; return how many there are then."""
        with self._counting:
            self._without_work += change
            return self._without_work

    def _receive(self, spare: Spare, taken: Taken | None) -> None:
        """Wait for a message, unless there is one, and deliver it."""
        taken = taken or self._next()
        if taken is not None:
            self._deliver(*taken, spare)

    def _try(self, step: Callable[[], None]) -> None:
        """Do a step; whatever goes wrong, the thread must go on."""
        try:
            step()
        except Exception:  # noqa: BLE001  as above
            if not self._over():
                self._node.get_logger().error(
                    f'a message of {self._topic} was left out:\n{traceback.format_exc()}',
                    throttle_duration_sec=WARN_PERIOD_S,
                )
                self._ended.wait(PAUSE_S)

    def _next(self) -> Taken | None:
        # The other thread may have taken what ends a wait.
        has_message = not self._over() and self._wait.wait()
        if self._over():
            return None
        for event in self._wait.events():
            self._lost(event)
        return self._take() if has_message else None


def _end(ended: threading.Event, guard: GuardCondition, thread: threading.Thread) -> None:
    ended.set()
    with suppress(InvalidHandle):
        guard.trigger()
    thread.join()
