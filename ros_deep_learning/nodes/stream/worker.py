# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The thread that runs the networks, so that the executor never does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from contextvars import copy_context
from typing import Generic, TypeVar

from .mailbox import Mailbox

K = TypeVar('K', bound=Hashable)
T = TypeVar('T')


class Worker(Generic[K, T]):
    """A thread that handles the newest items of its own mailbox until it is stopped.

    Args:
        name: Of the thread.
        most: Tells how many items can be handled together, 1 or more.
        handle: Handles senders and their items, one of each sender.
    """

    def __init__(
        self,
        name: str,
        most: Callable[[], int],
        handle: Callable[[Sequence[tuple[K, T]]], None],
    ) -> None:
        self._mailbox: Mailbox[K, T] = Mailbox()
        self._most = most
        self._handle = handle
        # A daemon, so that an unhandled SIGINT does not leave a process that never ends; in the
        # context of its creator, so that its log records are logged by the same node.
        self._thread = threading.Thread(
            target=copy_context().run, args=(self._loop,), name=name, daemon=True
        )

    def start(self) -> None:
        """Begin to handle items."""
        self._thread.start()

    def put(self, sender: K, item: T) -> bool:
        """Hand over an item; true when it replaced one of the same sender that still waited."""
        return self._mailbox.put(sender, item)

    def stop(self) -> None:
        """Finish the items in hand, drop those that wait, and end the thread."""
        self._mailbox.close()
        self._thread.join()

    def _loop(self) -> None:
        while items := self._mailbox.take(self._most()):
            self._handle(items)
