# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The newest frame, handed from the executor thread to the worker thread."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar('T')


class Mailbox(Generic[T]):
    """A box for one item in which a newer item replaces an older one that was not taken."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: T | None = None
        self._closed = False

    def put(self, item: T) -> bool:
        """Leave an item; true when it replaced one that nobody took."""
        with self._changed:
            replaced = self._item is not None
            self._item = item
            self._changed.notify()
            return replaced

    def take(self) -> T | None:
        """Wait for an item and take it out; None once the box is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._item is not None)
            if self._closed:
                return None
            item, self._item = self._item, None
            return item

    def close(self) -> None:
        """Wake whoever waits; an item that was not taken is lost."""
        with self._changed:
            self._closed = True
            self._item = None
            self._changed.notify_all()
