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
    """One callback at a time, as rclpy has it, but one that takes long may step aside.

    rclpy runs all parameter services of a node in one group whose callbacks exclude each other,
    so that changes are made in the order in which they came. A reentrant group would lose that.
    """

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()
        self._thread: int | None = None
        self._coming_back = 0

    def can_execute(self, entity: Any) -> bool:
        """Tell whether a callback may begin."""
        with self._changed:
            return self._thread is None and not self._coming_back

    def beginning_execution(self, entity: Any) -> bool:
        """Let a callback begin in the thread that calls this, if none is running."""
        with self._changed:
            free = self._thread is None and not self._coming_back
            if free:
                self._thread = threading.get_ident()
            return free

    def ending_execution(self, entity: Any) -> None:
        """Take note that the callback has ended."""
        self._leave()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let other callbacks run while the body does, then exclude them again.

        The executor must be woken in the body, since it waits only for what could begin before.
        Outside of the group's callbacks, nothing changes.
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
