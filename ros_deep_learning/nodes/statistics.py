# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Counts and rates of a camera's frames."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass

RATE_WINDOW_S = 2.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The counts at one moment.

    Attributes:
        received: Frames that arrived.
        done: Frames that were processed and published.
        dropped: Frames that a newer one replaced before they were processed.
        limited: Frames that were passed over on arrival, to keep to the greatest rate asked for.
        invalid: Frames whose message lied or could not be decoded.
        failed: Frames on which the network failed.
        fps: Processed frames a second over the last ``RATE_WINDOW_S`` seconds.
        failures_in_a_row: Failed frames since the last processed one.
        last_error: The newest error in words, or empty.
    """

    received: int
    done: int
    dropped: int
    limited: int
    invalid: int
    failed: int
    fps: float
    failures_in_a_row: int
    last_error: str


class FrameStatistics:
    """Counters that the executor thread and the worker thread share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received = self._done = self._dropped = self._invalid = self._failed = 0
        self._limited = 0
        self._in_a_row = 0
        self._last_error = ''
        self._finished_s: deque[float] = deque()

    def received(self, *, replaced: bool) -> None:
        """Count a frame that arrived, and the waiting one it may have replaced."""
        with self._lock:
            self._received += 1
            self._dropped += replaced

    def limited(self) -> None:
        """Count a frame that arrived sooner than the greatest rate allows."""
        with self._lock:
            self._received += 1
            self._limited += 1

    def done(self) -> None:
        """Count a processed frame."""
        with self._lock:
            self._done += 1
            self._in_a_row = 0
            self._finished_s.append(time.monotonic())

    def invalid(self, error: str) -> None:
        """Count a frame that could not be decoded."""
        with self._lock:
            self._invalid += 1
            self._last_error = error

    def failed(self, error: str) -> int:
        """Count a frame on which the network failed; answers how many failed in a row."""
        with self._lock:
            self._failed += 1
            self._in_a_row += 1
            self._last_error = error
            return self._in_a_row

    def snapshot(self) -> Snapshot:
        """Read all counts at once."""
        with self._lock:
            oldest_s = time.monotonic() - RATE_WINDOW_S
            while self._finished_s and self._finished_s[0] < oldest_s:
                self._finished_s.popleft()
            return Snapshot(
                self._received,
                self._done,
                self._dropped,
                self._limited,
                self._invalid,
                self._failed,
                len(self._finished_s) / RATE_WINDOW_S,
                self._in_a_row,
                self._last_error,
            )
