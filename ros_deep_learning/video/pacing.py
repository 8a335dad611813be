# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Repeat or drop frames so that a video of constant rate keeps the time of their stamps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .sinks import Sink

LONGEST_GAP_S = 10.0


class Pace:
    """Computes how many frames a video still needs at a given time.

    A stamp earlier than the previous one, or more than ``LONGEST_GAP_S`` later, is treated as a
    clock jump or a pause: counting restarts there with one frame.

    Args:
        rate_hz: Frame rate of the video.
    """

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._start_ns: int | None = None
        self._last_ns = self._written = 0

    def due(self, stamp_ns: int) -> int:
        """Return how many frames to write, including the one with this stamp.

        Args:
            stamp_ns: Time of capture in nanoseconds.

        Returns:
            0 to skip the frame, 1 to write it, n to first write the previous frame n - 1 times.
        """
        gap_s = (stamp_ns - self._last_ns) * 1e-9
        if self._start_ns is None or not 0 <= gap_s <= LONGEST_GAP_S:
            self._start_ns, self._written = stamp_ns, 0
        self._last_ns = stamp_ns
        wanted = round((stamp_ns - self._start_ns) * 1e-9 * self._rate_hz) + 1
        due = max(wanted - self._written, 0)
        self._written += due
        return due


class PacedWriter:
    """Writes frames to a video so that it keeps the time of their stamps.

    Args:
        sink: The video; the caller closes it.
        rate_hz: Frame rate of the video.
    """

    def __init__(self, sink: Sink, rate_hz: float) -> None:
        self._sink = sink
        self._pace = Pace(rate_hz)
        self._last: NDArray[np.uint8] | None = None

    def write(self, frame_bgr: NDArray[np.uint8], stamp_ns: int) -> None:
        """Write a frame as often as its stamp requires.

        Args:
            frame_bgr: Shape (H, W, 3), uint8.
            stamp_ns: Time of capture in nanoseconds.
        """
        due = self._pace.due(stamp_ns)
        if due == 0:
            return
        for _ in range(due - 1):
            self._sink.write(frame_bgr if self._last is None else self._last)
        self._sink.write(frame_bgr)
        self._last = frame_bgr
