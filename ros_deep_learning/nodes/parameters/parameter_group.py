# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The callback group of a node's parameter services, where one change may take minutes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rclpy.callback_groups import CallbackGroup


class ParameterGroup(CallbackGroup):  # type: ignore[misc]
    """A group of callbacks that exclude each other, except while one of them steps aside.

    rclpy runs all parameter services of a node in one such group, so that changes are made in the
    order of their requests. A reentrant group would lose that order.
    """

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()
        self._thread: int | None = None
        self._coming_back = 0

    def can_execute(self, entity: Any) -> bool:
        """Return whether a callback may begin."""
        with self._changed:
            return self._thread is None and not self._coming_back

    def beginning_execution(self, entity: Any) -> bool:
        """Reserve the group for a callback of the calling thread; return whether it was free."""
        with self._changed:
            free = self._thread is None and not self._coming_back
            if free:
                self._thread = threading.get_ident()
            return free

    def ending_execution(self, entity: Any) -> None:
        """Free the group for the next callback."""
        self._leave()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let other callbacks run while the body does, then exclude them again.

        The executor must be woken in the body, since it waits only for callbacks that could begin
        before. Outside of the group's callbacks, this does nothing.
        """
        with self._changed:
            inside = self._thread == threading.get_ident()
        if inside:
            self._leave()
        try:
            yield
        finally:
            if inside:
                with self._changed:
                    self._coming_back += 1
                    self._changed.wait_for(lambda: self._thread is None)
                    self._coming_back -= 1
                    self._thread = threading.get_ident()

    def _leave(self) -> None:
        with self._changed:
            self._thread = None
            self._changed.notify_all()
