# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames with the time at which they were captured, where the source knows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


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
