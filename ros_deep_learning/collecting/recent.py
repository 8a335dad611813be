# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The last seconds of a camera, to be kept when something has happened."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .naming import encode_picture
from .triggers import Every

_MOST_BYTES = 2**28


class Recent:
    """Holds frames as JPEG until they are older than some seconds.

    Args:
        seconds: How long; 0 holds nothing.
        rate_hz: How many a second at most.
    """

    def __init__(self, seconds: float, rate_hz: float) -> None:
        self._seconds, self._every = seconds, Every(1 / rate_hz)
        self._frames: deque[tuple[float, bytes]] = deque()
        self._bytes = 0

    def add(self, frame_bgr: NDArray[np.uint8], now_s: float) -> None:
        """Hold a frame, shape (H, W, 3), unless it comes too soon after the last.

        Raises:
            ImageError: It cannot be a JPEG.
        """
        if not self._seconds or not self._every.wants(frame_bgr, now_s):
            return
        data = encode_picture(frame_bgr)
        self._frames.append((now_s, data))
        self._bytes += len(data)
        while self._frames[0][0] < now_s - self._seconds or self._bytes > _MOST_BYTES:
            self._bytes -= len(self._frames.popleft()[1])

    def take(self) -> Iterator[bytes]:
        """Yield the frames that are held, the oldest first; each is held until the next is due."""
        while self._frames:
            yield self._frames[0][1]
            self._bytes -= len(self._frames.popleft()[1])
