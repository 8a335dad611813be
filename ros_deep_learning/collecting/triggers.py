# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""When a picture is taken by itself: every N seconds, on change, where a network is unsure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingsError
from .measures import CHANGED, changed_share

REST_S = 1.0
"""Least time between two pictures that are taken by what they show."""


class Trigger(Protocol):
    """Says which frames are worth keeping."""

    def wants(self, frame_bgr: NDArray[np.uint8], now_s: float) -> bool:
        """Return whether to keep a frame, shape (H, W, 3), that came at a time."""


class Every:
    """Wants a frame every so many seconds.

    Raises:
        SettingsError: The period is not above 0.
    """

    def __init__(self, period_s: float) -> None:
        if not period_s > 0:
            msg = f'every: expected seconds above 0, got {period_s:g}'
            raise SettingsError(msg)
        self._period_s, self._due_s = period_s, -np.inf

    def wants(self, frame_bgr: NDArray[np.uint8], now_s: float) -> bool:
        """Return whether the time has come."""
        del frame_bgr
        if now_s < self._due_s:
            return False
        # A late frame does not shift those after it, unless it is late by a whole period.
        is_late = now_s - self._due_s >= self._period_s
        self._due_s = (now_s if is_late else self._due_s) + self._period_s
        return True


class OnChange:
    """Wants a frame that differs from the one that was kept last."""

    def __init__(self) -> None:
        self._kept: NDArray[np.uint8] | None = None
        self._rested_s = -np.inf

    def wants(self, frame_bgr: NDArray[np.uint8], now_s: float) -> bool:
        """Return whether enough of the picture has changed."""
        if now_s < self._rested_s:
            return False
        if self._kept is not None and changed_share(self._kept, frame_bgr) < CHANGED:
            return False
        self._kept, self._rested_s = frame_bgr.copy(), now_s + REST_S
        return True


class Unsure:
    """Wants a frame in which a network is unsure: those teach it most.

    Args:
        scores: Runs the network on a frame, and returns the scores 0..1 of what it found.
        low: Least score that is unsure.
        high: The score above which it is sure.

    Raises:
        SettingsError: The two are no range within 0..1.
    """

    def __init__(
        self, scores: Callable[[NDArray[np.uint8]], Sequence[float]], low: float, high: float
    ) -> None:
        if not 0 <= low < high <= 1:
            msg = f'unsure: expected two scores such as 0.3,0.6, got {low:g},{high:g}'
            raise SettingsError(msg)
        self._scores, self._low, self._high = scores, low, high
        self._rested_s = -np.inf

    def wants(self, frame_bgr: NDArray[np.uint8], now_s: float) -> bool:
        """Return whether a score lies between the two."""
        if now_s < self._rested_s:
            return False
        if not any(self._low <= score <= self._high for score in self._scores(frame_bgr)):
            return False
        self._rested_s = now_s + REST_S
        return True
