# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""One trial: frames sent at a rate for some seconds, and what came back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .distribution import Distribution, distribution_of
from .usage import Usage

MOST_LOST = 0.05
"""Share of lost frames from which on a rate is too high, as in NVIDIA's ros2_benchmark (r2b)."""
_KEPT_RATE = 0.95
"""Share of the wanted rate that the camera has to reach, else it is the limit itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """When frames were sent, and when their results came; all by the same clock.

    Attributes:
        sent_ns: Time of each frame, shape (N,), int64, ascending.
        answered: Number of the frame of each result, in the order of their arrival, shape (M,).
        received_ns: Time of each result, shape (M,), int64, ascending.
        work_ms: What each result cost the network, shape (M,); empty where that is not known.
        reached: Frames that reached the node; None where nobody counts them.
    """

    sent_ns: NDArray[np.int64]
    answered: NDArray[np.int64]
    received_ns: NDArray[np.int64]
    work_ms: Sequence[float] = ()
    reached: int | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What was measured at one input rate.

    Attributes:
        rate_hz: Wanted input rate; None where a camera kept its own.
        sent: Frames that were sent.
        answered: Frames with a result.
        sent_hz: Rate at which frames were sent; None for fewer than two.
        fps: Results a second, from the first to the last; None for fewer than two.
        latency_ms: From the moment a frame is sent until its result is there.
        peak_age_ms: Age of the newest result, counted from its frame's moment, when the next one
            replaces it: how old what a reader knows is at worst (peak age of information).
        jitter_ms: Difference of two intervals between results in a row, absolute, as in r2b.
        work_ms: What a frame cost the network itself.
        usage: What it took of the machine.
        lost_on_the_way: Of the lost frames, those that did not even reach the node; None where
            nobody counts them.
    """

    rate_hz: float | None
    sent: int
    answered: int
    sent_hz: float | None
    fps: float | None
    latency_ms: Distribution | None
    peak_age_ms: Distribution | None
    jitter_ms: Distribution | None
    work_ms: Distribution | None
    usage: Usage
    lost_on_the_way: int | None = None

    @property
    def lost_share(self) -> float:
        """Share of the frames that have no result, 0 to 1."""
        return 1.0 - self.answered / self.sent if self.sent else 0.0

    @property
    def camera_kept_rate(self) -> bool:
        """Whether frames were sent as fast as wanted."""
        return self.rate_hz is None or (self.sent_hz or 0.0) >= _KEPT_RATE * self.rate_hz

    @property
    def is_kept(self) -> bool:
        """Whether the rate can be kept: it was sent, and less than 5 % of it was lost."""
        return self.sent > 0 and self.camera_kept_rate and self.lost_share < MOST_LOST


def trial_of(rate_hz: float | None, traffic: Traffic, usage: Usage) -> Trial:
    """Compute the figures of a trial.

    Args:
        rate_hz: The wanted rate; None where a camera kept its own.
        traffic: What was sent and received.
        usage: What it took of the machine.
    """
    sent_ns, received_ns = traffic.sent_ns, traffic.received_ns
    origin_ns = sent_ns[traffic.answered]
    intervals_ms = np.diff(received_ns) / 1e6
    return Trial(
        rate_hz,
        len(sent_ns),
        len(np.unique(traffic.answered)),
        _rate_hz(sent_ns),
        _rate_hz(received_ns),
        distribution_of((received_ns - origin_ns) / 1e6),
        distribution_of((received_ns[1:] - origin_ns[:-1]) / 1e6),
        distribution_of(np.abs(np.diff(intervals_ms))),
        distribution_of(traffic.work_ms),
        usage,
        None if traffic.reached is None else max(0, len(sent_ns) - traffic.reached),
    )


def _rate_hz(times_ns: NDArray[np.int64]) -> float | None:
    if len(times_ns) < 2 or times_ns[-1] <= times_ns[0]:
        return None
    return float((len(times_ns) - 1) * 1e9 / (times_ns[-1] - times_ns[0]))
