# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The thread that runs a network, and the mailbox with the newest frame of each camera."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from contextvars import copy_context
from typing import Generic, TypeVar

K = TypeVar('K', bound=Hashable)
T = TypeVar('T')


class Mailbox(Generic[K, T]):
    """A slot for one item of each sender; a newer item replaces one that was not taken.

    The sender that was served longest ago is next, so none starves however much others send.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[K, T] = {}
        self._last_served: dict[K, int] = {}
        self._served = 0
        self._closed = False

    def put(self, sender: K, item: T) -> bool:
        """Leave an item; return True if it replaced one of the same sender that was not taken."""
        with self._changed:
            if self._closed:
                return False
            replaced = sender in self._waiting
            self._waiting[sender] = item
            self._last_served.setdefault(sender, -1)
            self._changed.notify()
            return replaced

    def take(self, most: int) -> list[tuple[K, T]]:
        """Wait for items and take up to ``most`` of them, at least 1, each of another sender.

        Returns:
            The senders and their items; empty once the box is closed.
        """
        with self._changed:
            while not (self._closed or self._waiting):
                self._changed.wait()
            if self._closed:
                return []
            # Stable: of two that were never served, the one that has waited longer is first.
            taken = []
            for sender in sorted(self._waiting, key=self._last_served.__getitem__)[:most]:
                taken.append((sender, self._waiting.pop(sender)))
                self._last_served[sender] = self._served
                self._served += 1
            return taken

    def close(self) -> None:
        """Wake whoever waits; drop the items that were not taken."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()


class Worker(Generic[K, T]):
    """A thread that handles the newest items of its own mailbox until it is stopped.

    Args:
        name: Name of the thread.
        most: Returns how many items can be handled together, 1 or more.
        handle: Called with senders and their items, one of each sender.

    Attributes:
        put: See ``Mailbox.put``.
    """

    def __init__(
        self,
        name: str,
        most: Callable[[], int],
        handle: Callable[[Sequence[tuple[K, T]]], None],
    ) -> None:
        self._mailbox: Mailbox[K, T] = Mailbox()
        self.put = self._mailbox.put
        self._most = most
        self._handle = handle
        # A daemon, so that an unhandled SIGINT does not leave a process that never ends; in the
        # context of its creator, so that its log records are logged by the same node.
        self._thread = threading.Thread(
            target=copy_context().run, args=(self._loop,), name=name, daemon=True
        )

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the items in hand, drop those that wait, and end the thread."""
        self._mailbox.close()
        self._thread.join()

    def _loop(self) -> None:
        while items := self._mailbox.take(self._most()):
            self._handle(items)
