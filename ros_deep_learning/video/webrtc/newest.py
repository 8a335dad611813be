# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The newest frame of a stream, which each reader takes when it is ready for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Generic, TypeVar

import numpy as np
from aiortc import MediaStreamTrack
from av import VideoFrame
from numpy.typing import NDArray

from ..encoders import padded

CLOCK_HZ = 90_000
T = TypeVar('T')


class Newest(Generic[T]):
    """Holds one item; ``put`` may be called anywhere, ``after`` in the loop of the readers.

    Args:
        call: Calls a function in that loop soon.
    """

    def __init__(self, call: Callable[[Callable[[], None]], object]) -> None:
        self._call = call
        self._item: T | None = None
        self._number = 0
        self._waiting = False
        self._changed = asyncio.Event()

    def put(self, item: T) -> None:
        """Replace the item, also one that no reader has taken."""
        self._item = item
        if not self._waiting:
            self._waiting = True
            self._call(self._announce)

    async def after(self, number: int) -> tuple[int, T]:
        """Return the number of the newest item, counted from 1, and it, once that is higher."""
        while self._number <= number:
            await self._changed.wait()
        assert self._item is not None
        return self._number, self._item

    def _announce(self) -> None:
        self._waiting = False
        self._number += 1
        self._changed.set()
        self._changed = asyncio.Event()


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """A frame that all viewers are shown.

    Attributes:
        yuv420p: Its planes of YUV 4:2:0 with even edges, as ``VideoFrame.to_ndarray`` gives them.
        came_s: When it came, in seconds of the steady clock.
    """

    yuv420p: NDArray[np.uint8]
    came_s: float


def planes_of(frame_bgr: NDArray[np.uint8]) -> Planes:
    """Convert a frame that came now, shape (H, W, 3), once for all viewers."""
    height, width = frame_bgr.shape[:2]
    image = padded(frame_bgr, (width % 2, height % 2))
    # It copies, since the caller may write into the frame again.
    frame = VideoFrame.from_ndarray(image, format='bgr24')
    return Planes(frame.reformat(format='yuv420p').to_ndarray(), time.monotonic())


class NewestTrack(MediaStreamTrack):
    """The video of one viewer; frames that it has no time for are left out.

    Args:
        newest: Has the planes of frames, and when they came.
    """

    kind = 'video'

    def __init__(self, newest: Newest[Planes]) -> None:
        super().__init__()
        self._newest = newest
        self._seen = 0

    async def recv(self) -> Any:
        """Return a frame that was not returned before."""
        self._seen, planes = await self._newest.after(self._seen)
        # A frame for each viewer, because its encoder marks it, in a thread of its own.
        frame = VideoFrame.from_ndarray(planes.yuv420p, format='yuv420p')
        frame.pts, frame.time_base = round(planes.came_s * CLOCK_HZ), Fraction(1, CLOCK_HZ)
        return frame
