# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Counts, rates and times of one camera's frames."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

RATE_WINDOW_S = 2.0
TIMED_FRAMES = 256


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """The times of one frame, in milliseconds.

    Attributes:
        preprocess_ms: From the pixels to the input tensor.
        inference_ms: The network itself.
        postprocess_ms: From the output tensors to the result.
        age_ms: The node's clock minus the frame's stamp, when its result was published; negative
            if the stamp lies in the future.
        arrival_ns: ``time.monotonic_ns`` at its arrival.
    """

    preprocess_ms: float
    inference_ms: float
    postprocess_ms: float
    age_ms: float
    arrival_ns: int


@dataclass(frozen=True, slots=True)
class Percentiles:
    """The distribution of a time over the last ``TIMED_FRAMES`` frames, in milliseconds."""

    p50: float
    p95: float
    max: float

    def __str__(self) -> str:
        """Return a line for people."""
        return f'p50 {self.p50:.1f}, p95 {self.p95:.1f}, max {self.max:.1f}'


@dataclass(frozen=True, slots=True)
class Latencies:
    """The stages of the frames and their age at publish; see ``FrameTimes``."""

    preprocess: Percentiles
    inference: Percentiles
    postprocess: Percentiles
    age: Percentiles


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The counts at one moment, since the node was activated.

    Attributes:
        lost: Images that were published, but lost or replaced before they were taken.
        received: Frames that arrived.
        done: Frames that were processed and published.
        dropped: Frames that a newer one replaced before they were processed.
        limited: Frames passed over to keep a rate limit.
        unwanted: Frames passed over because nobody subscribed to a result.
        invalid: Frames with a malformed message, or one that could not be decoded.
        failed: Frames on which the network failed.
        undrawn: Results whose overlay could not be drawn.
        fps_in: Frames that arrived a second, over the last ``RATE_WINDOW_S`` seconds.
        fps: Processed frames a second, likewise.
        failures_in_a_row: Failed frames since the last processed one.
        invalid_in_a_row: Invalid frames since the last readable one.
        last_error: The newest error in words, or empty.
        last_error_s: Seconds since it, or None.
        silent_s: Seconds since the last frame arrived, or since the start.
        arrival_age_ms: Age of the newest frame when it arrived; None without a stamp.
    """

    lost: int
    received: int
    done: int
    dropped: int
    limited: int
    unwanted: int
    invalid: int
    failed: int
    undrawn: int
    fps_in: float
    fps: float
    failures_in_a_row: int
    invalid_in_a_row: int
    last_error: str
    last_error_s: float | None
    silent_s: float
    arrival_age_ms: float | None


class Rate:
    """Events a second, by the steady clock."""

    def __init__(self) -> None:
        self._times_s: deque[float] = deque()

    def tick(self) -> float:
        """Count an event; return when it was."""
        now_s = time.monotonic()
        self._times_s.append(now_s)
        self._forget(now_s)
        return now_s

    def per_second(self) -> float:
        """Return the rate over the last ``RATE_WINDOW_S`` seconds."""
        self._forget(time.monotonic())
        return len(self._times_s) / RATE_WINDOW_S

    def _forget(self, now_s: float) -> None:
        oldest_s = now_s - RATE_WINDOW_S
        while self._times_s and self._times_s[0] < oldest_s:
            self._times_s.popleft()


class FrameStatistics:
    """Counters that the threads which receive, run and report frames share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received = self._done = self._dropped = self._limited = self._unwanted = 0
        self._lost = 0
        self._undrawn = 0
        self._invalid = self._failed = self._failed_in_a_row = self._invalid_in_a_row = 0
        self._error = ''
        self._error_s = 0.0
        self._in, self._out = Rate(), Rate()
        self._arrived_s = time.monotonic()
        self._arrival_age_ms: float | None = None
        self._times: deque[FrameTimes] = deque(maxlen=TIMED_FRAMES)
        self._jumped_ns = 0

    def received(self, age_ms: float | None = None, *, limited: bool = False) -> None:
        """Count a frame that arrived; to be called before it can be done.

        Args:
            age_ms: The node's clock minus its stamp, in milliseconds; None without a stamp.
            limited: Whether it was passed over to keep a rate limit.
        """
        with self._lock:
            self._received += 1
            self._limited += limited
            self._arrived_s = self._in.tick()
            self._arrival_age_ms = age_ms

    def lost(self, count: int) -> None:
        """Count images that were lost on the way, or replaced before they were taken."""
        with self._lock:
            self._lost += count

    def dropped(self) -> None:
        """Count a frame that a newer one replaced before it was processed."""
        with self._lock:
            self._dropped += 1

    def done(self, times: FrameTimes | None = None) -> None:
        """Count a processed frame, with its times."""
        with self._lock:
            self._done += 1
            self._failed_in_a_row = self._invalid_in_a_row = 0
            self._out.tick()
            # An age measured across a jump of the clock is not the frame's.
            if times is not None and times.arrival_ns >= self._jumped_ns:
                self._times.append(times)

    def unwanted(self) -> None:
        """Count a frame passed over because nobody subscribes to a result."""
        with self._lock:
            self._unwanted += 1

    def invalid(self, error: str) -> None:
        """Count a frame that could not be decoded."""
        with self._lock:
            self._invalid += 1
            self._invalid_in_a_row += 1
            self._error, self._error_s = error, time.monotonic()

    def undrawn(self) -> None:
        """Count a result whose overlay could not be drawn."""
        with self._lock:
            self._undrawn += 1

    def failed(self, error: str) -> int:
        """Count a frame on which the network failed; return how many failed in a row."""
        with self._lock:
            self._failed += 1
            self._failed_in_a_row += 1
            self._invalid_in_a_row = 0
            self._error, self._error_s = error, time.monotonic()
            return self._failed_in_a_row

    def clock_jumped(self) -> None:
        """Forget the ages that were measured before the node's clock jumped."""
        with self._lock:
            self._jumped_ns = time.monotonic_ns()
            self._times.clear()
            self._arrival_age_ms = None

    def snapshot(self) -> Snapshot:
        """Read all counts at once."""
        with self._lock:
            now_s = time.monotonic()
            return Snapshot(
                lost=self._lost,
                received=self._received,
                done=self._done,
                dropped=self._dropped,
                limited=self._limited,
                unwanted=self._unwanted,
                invalid=self._invalid,
                failed=self._failed,
                undrawn=self._undrawn,
                fps_in=self._in.per_second(),
                fps=self._out.per_second(),
                failures_in_a_row=self._failed_in_a_row,
                invalid_in_a_row=self._invalid_in_a_row,
                last_error=self._error,
                last_error_s=now_s - self._error_s if self._error else None,
                silent_s=now_s - self._arrived_s,
                arrival_age_ms=self._arrival_age_ms,
            )

    def latencies(self) -> Latencies | None:
        """Return how the last ``TIMED_FRAMES`` frames took; None before the first."""
        times = self._last_times()
        if not times:
            return None
        return Latencies(
            preprocess=percentiles(t.preprocess_ms for t in times),
            inference=percentiles(t.inference_ms for t in times),
            postprocess=percentiles(t.postprocess_ms for t in times),
            age=percentiles(t.age_ms for t in times),
        )

    def ages(self) -> Percentiles | None:
        """Return the ages in ``latencies``; called for each frame."""
        times = self._last_times()
        return percentiles(t.age_ms for t in times) if times else None

    def _last_times(self) -> tuple[FrameTimes, ...]:
        with self._lock:
            return tuple(self._times)


def percentiles(samples_ms: Iterable[float]) -> Percentiles:
    """Return the distribution of at least one time, as ``numpy.percentile`` interpolates it."""
    # Not by it: it takes several times as long for so few samples.
    samples = sorted(samples_ms)

    def at(share: float) -> float:
        low, between = divmod(share * (len(samples) - 1), 1.0)
        near, far = samples[int(low)], samples[min(int(low) + 1, len(samples) - 1)]
        return near + between * (far - near)

    return Percentiles(at(0.5), at(0.95), samples[-1])
