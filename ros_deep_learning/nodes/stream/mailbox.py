# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The newest frame of each camera, handed from the executor's threads to the worker thread."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar('K', bound=Hashable)
T = TypeVar('T')


class Mailbox(Generic[K, T]):
    """A slot for one item a sender, in which a newer item replaces one that was not taken.

    Who was served longest ago is served next, so no sender starves however much others send.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[K, T] = {}
        self._last_served: dict[K, int] = {}
        self._served = 0
        self._closed = False

    def put(self, sender: K, item: T) -> bool:
        """Leave an item; true when it replaced one of the same sender that nobody took."""
        with self._changed:
            replaced = sender in self._waiting
            self._waiting[sender] = item
            self._changed.notify()
            return replaced

    def take(self, most: int) -> list[tuple[K, T]]:
        """Wait for items and take out up to ``most``, at least 1, of as many senders.

        Returns:
            The senders and their items; nothing once the box is closed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting)
            if self._closed:
                return []
            # Of two that were never served, the one that has waited longer comes first.
            senders = sorted(self._waiting, key=lambda sender: self._last_served.get(sender, -1))
            taken = [(sender, self._waiting.pop(sender)) for sender in senders[:most]]
            for sender, _ in taken:
                self._last_served[sender] = self._served
                self._served += 1
            return taken

    def close(self) -> None:
        """Wake whoever waits; items that were not taken are lost."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
