# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What runs a network: a thread of its own, or one that has brought a frame and can go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from contextvars import copy_context
from typing import Generic, TypeVar

K = TypeVar('K', bound=Hashable)
T = TypeVar('T')
Work = Callable[[], None]


class Spare:
    """A thread that brings an item, and can do some work once it has been brought.

    To wake another thread takes longer than some networks run, since it waits for a core and for
    the lock of the interpreter.

    Attributes:
        work: What one of those that got the item has left it to do; None is nothing.
    """

    __slots__ = ('work',)

    def __init__(self) -> None:
        self.work: Work | None = None


class Mailbox(Generic[K, T]):
    """A slot for one item of each sender; a newer item replaces one that was not taken.

    The sender that was served longest ago is next, so none starves however much others send. One
    thread at a time serves: from ``take`` or ``claim`` until ``leave``.
    """

    def __init__(self) -> None:
        # Taken by itself where nothing is waited for: a condition does it by calls of Python.
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._waiting: dict[K, T] = {}
        self._last_served: dict[K, int] = {}
        self._served = 0
        self._is_served = False
        self._closed = False

    def put(self, sender: K, item: T) -> bool:
        """Leave an item; return True if it replaced one of the same sender that was not taken."""
        with self._lock:
            return self._put(sender, item, wake=True)

    def claim(self, sender: K, item: T) -> tuple[bool, bool]:
        """Leave an item for the caller to serve, unless somebody does already.

        Returns:
            As ``put``, and whether the caller has to serve now.
        """
        with self._lock:
            claimed = not (self._is_served or self._closed)
            replaced = self._put(sender, item, wake=False)
            self._is_served = self._is_served or claimed
            return replaced, claimed

    def take(self, most: int) -> list[tuple[K, T]]:
        """Wait for items that nobody serves, and take up to ``most``, each of another sender.

        Returns:
            The senders and their items, at least 1; empty once the box is closed.
        """
        with self._changed:
            while not self._closed and (self._is_served or not self._waiting):
                self._changed.wait()
            self._is_served = self._is_served or not self._closed
            return self._taken(most)

    def claimed(self, most: int) -> list[tuple[K, T]]:
        """Take up to ``most`` of the items that wait, for who has claimed; empty once closed."""
        with self._lock:
            return self._taken(most)

    def leave(self) -> None:
        """Serve no more; what waits is for the next."""
        with self._lock:
            self._is_served = False
            if self._closed or self._waiting:
                self._changed.notify_all()

    def close(self) -> None:
        """Drop the items that were not taken, and wait until nobody serves."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
            while self._is_served:
                self._changed.wait()

    def _put(self, sender: K, item: T, *, wake: bool) -> bool:
        if self._closed:
            return False
        replaced = sender in self._waiting
        self._waiting[sender] = item
        self._last_served.setdefault(sender, -1)
        if wake and not self._is_served:
            self._changed.notify_all()
        return replaced

    def _taken(self, most: int) -> list[tuple[K, T]]:
        # Stable: of two that were never served, the one that has waited longer is first.
        taken = []
        senders = list(self._waiting)
        if len(senders) > 1:
            senders.sort(key=self._last_served.__getitem__)
        for sender in senders[:most]:
            taken.append((sender, self._waiting.pop(sender)))
            self._last_served[sender] = self._served
            self._served += 1
        return taken


class Worker(Generic[K, T]):
    """Handles the newest items of its own mailbox, one after another, until it is stopped.

    Args:
        name: Name of its thread.
        most: Returns how many items can be handled together, 1 or more.
        handle: Called with senders and their items, one of each sender; by one thread at a time.
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
        # That of its creator, so that its log records are logged by the same node.
        self._context = copy_context()
        # A daemon, so that an unhandled SIGINT does not leave a process that never ends.
        self._thread = threading.Thread(
            target=self._context.copy().run, args=(self._loop,), name=name, daemon=True
        )

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def put(self, sender: K, item: T, spare: Spare | None = None) -> bool:
        """Leave an item; return True if it replaced one of the same sender that was not taken.

        Args:
            sender: Who sends.
            item: What to handle.
            spare: The calling thread, where it can do some work. It is left to it if nothing is in
                hand; None leaves it to the worker's own.
        """
        if spare is None or spare.work is not None:
            return self._mailbox.put(sender, item)
        replaced, claimed = self._mailbox.claim(sender, item)
        if claimed:
            spare.work = self._work
        return replaced

    def stop(self) -> None:
        """Finish the items in hand, drop those that wait, and end the thread."""
        self._mailbox.close()
        self._thread.join()

    def _work(self) -> None:
        # A copy, since a context can be entered once at a time, and who has just served may not
        # have left it yet.
        self._context.copy().run(self._serve)

    def _loop(self) -> None:
        while self._serve_next():
            pass

    def _serve_next(self) -> bool:
        # A call of its own, since a thread that waits would keep the last items.
        items = self._mailbox.take(self._most())
        if items:
            self._serve(items)
        return bool(items)

    def _serve(self, items: Sequence[tuple[K, T]] | None = None) -> None:
        """Handle items, by default those that the calling thread has claimed."""
        try:
            if items is None:
                items = self._mailbox.claimed(self._most())
            if items:
                self._handle(items)
        finally:
            # What came meanwhile is for this worker's own thread: whoever waits for another one
            # to end waits for the items in hand only.
            self._mailbox.leave()
