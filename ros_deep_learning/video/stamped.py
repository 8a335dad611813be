# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames with the time at which they were captured, where the source knows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

OLDEST_S = 10.0
"""Older frames of a stream are those of another clock."""
AHEAD_S = 0.5
"""Clocks that NTP keeps differ by less."""


@dataclass(frozen=True, slots=True, eq=False)
class StampedFrame:
    """A frame and its time.

    Attributes:
        image_bgr: Shape (H, W, 3), uint8.
        captured_ns: Time of capture in nanoseconds since 1970, by the clock of the sender; None
            if the source does not tell it.
    """

    image_bgr: NDArray[np.uint8]
    captured_ns: int | None = None


def own_time_ns(captured_ns: int, now_ns: int) -> int | None:
    """Return a time of capture by this machine's clock, which no frame is ahead of.

    Args:
        captured_ns: Time of capture by the sender's clock.
        now_ns: Time by the clock of this machine.

    Returns:
        None if the clocks differ by more than a stream is late.
    """
    late_s = (now_ns - captured_ns) * 1e-9
    return min(captured_ns, now_ns) if -AHEAD_S <= late_s <= OLDEST_S else None


@runtime_checkable
class StampedSource(Protocol):
    """A source that may know when its frames were captured."""

    def stamped_frames(self) -> Iterator[StampedFrame]:
        """Yield the frames with their times."""


class Frames(Protocol):
    """A source of frames without times."""

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the frames, shape (H, W, 3), uint8, BGR."""


def stamped(source: Frames) -> Iterator[StampedFrame]:
    """Yield the frames of any source, with their times if it knows them."""
    if isinstance(source, StampedSource):
        yield from source.stamped_frames()
    else:
        for image_bgr in source.frames():
            yield StampedFrame(image_bgr)
