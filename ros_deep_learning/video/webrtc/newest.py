# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The newest frame of a stream, which each viewer takes when it is ready for it."""

from __future__ import annotations

import asyncio
import time
from fractions import Fraction

import numpy as np
from aiortc import MediaStreamTrack
from av import VideoFrame
from numpy.typing import NDArray

CLOCK_HZ = 90_000


class Newest:
    """Holds one frame; everything but ``put`` runs in the loop of the viewers."""

    def __init__(self) -> None:
        self._planes = np.zeros((3, 2), np.uint8)
        self._number = self._tick = 0
        self._changed = asyncio.Event()
        self._start_s = time.monotonic()

    def put(self, planes: NDArray[np.uint8]) -> None:
        """Replace the frame.

        Args:
            planes: Its planes of YUV 4:2:0, as ``VideoFrame.to_ndarray`` gives them.
        """
        self._planes = planes
        self._tick = round((time.monotonic() - self._start_s) * CLOCK_HZ)
        self._number += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def after(self, number: int) -> tuple[int, VideoFrame]:
        """Return the newest frame and its number once that is above a number."""
        while self._number <= number:
            await self._changed.wait()
        # A frame for each viewer, because its encoder marks it, in a thread of its own.
        frame = VideoFrame.from_ndarray(self._planes, format='yuv420p')
        frame.pts, frame.time_base = self._tick, Fraction(1, CLOCK_HZ)
        return self._number, frame


class NewestTrack(MediaStreamTrack):
    """The video of one viewer; frames that it has no time for are left out."""

    kind = 'video'

    def __init__(self, newest: Newest) -> None:
        super().__init__()
        self._newest = newest
        self._seen = 0

    async def recv(self) -> VideoFrame:
        """Return a frame that was not returned before."""
        self._seen, frame = await self._newest.after(self._seen)
        return frame
