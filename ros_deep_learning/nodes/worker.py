# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The thread that runs the networks, so that the executor never does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from .mailbox import Mailbox

T = TypeVar('T')


class Worker(Generic[T]):
    """A thread that handles the newest item of its own mailbox until it is stopped."""

    def __init__(self, name: str, handle: Callable[[T], None]) -> None:
        self._mailbox: Mailbox[T] = Mailbox()
        self._handle = handle
        # A daemon, so that an unhandled SIGINT does not leave a process that never ends.
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)

    def start(self) -> None:
        """Begin to handle items."""
        self._thread.start()

    def put(self, item: T) -> bool:
        """Hand over an item; true when it replaced one that still waited."""
        return self._mailbox.put(item)

    def stop(self) -> None:
        """Finish the item in hand, drop a waiting one, and end the thread."""
        self._mailbox.close()
        self._thread.join()

    def _loop(self) -> None:
        while (item := self._mailbox.take()) is not None:
            self._handle(item)
