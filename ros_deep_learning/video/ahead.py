# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read a live source in a thread of its own, so that a slow reader gets what is new."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Generator
from contextvars import copy_context
from typing import Generic, TypeVar

T = TypeVar('T')

STALE_S = 0.1
MOST_KEPT = 8
"""A network delivers frames in bursts, of which a fast reader should miss none."""
JOIN_S = 2.0
"""A source that is stalled is left to its own time-out."""


class _Queue(Generic[T]):
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._items: deque[tuple[float, T]] = deque(maxlen=MOST_KEPT)
        self._error: BaseException | None = None
        self._ended = False
        self.stopped = threading.Event()

    def fill(self, items: Generator[T, None, None]) -> None:
        error: BaseException | None = None
        try:
            for item in items:
                if self.stopped.is_set():
                    break
                with self._changed:
                    self._items.append((time.monotonic(), item))
                    self._changed.notify()
        except BaseException as err:  # noqa: BLE001  raised again by take
            error = err
        finally:
            items.close()
            with self._changed:
                self._ended, self._error = True, error
                self._changed.notify()

    def take(self) -> T | None:
        """Return the oldest item that is not stale, or the last one; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._ended)
            if not self._items:
                if self._error is not None:
                    raise self._error
                return None
            fresh_s = time.monotonic() - STALE_S
            while len(self._items) > 1 and self._items[0][0] < fresh_s:
                self._items.popleft()
            return self._items.popleft()[1]


def read_ahead(items: Generator[T, None, None]) -> Generator[T, None, None]:
    """Yield items as they come; those that waited for longer than ``STALE_S`` are left out.

    A slow reader neither delays the source nor makes it keep more than ``MOST_KEPT`` items. The
    newest item is always yielded, and an error of the source is raised after it.

    Args:
        items: The source; closed when the reader stops.
    """
    queue = _Queue[T]()
    # The log of the reader is that of the thread, too.
    thread = threading.Thread(
        target=copy_context().run, args=(queue.fill, items), name='read_ahead', daemon=True
    )
    thread.start()
    try:
        while (item := queue.take()) is not None:
            yield item
    finally:
        queue.stopped.set()
        thread.join(JOIN_S)
