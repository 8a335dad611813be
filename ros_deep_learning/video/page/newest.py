# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The newest frame, as a JPEG for all who watch; made only if somebody does."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import ImageError
from ...text import one_line

JPEG_QUALITY = 80
_RATE_WINDOW = 30
"""Frames that the rate is computed over."""
_PAUSE_S = 2.0
"""Without frames, after which the rate is computed anew."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is told about a frame.

    Attributes:
        rows: What was found, as ``to_dicts`` of the results gives it.
        taken_s: When the frame came, by ``time.monotonic``.
        times_ms: What its stages cost, by name.
    """

    rows: Sequence[dict[str, Any]] = ()
    taken_s: float = field(default_factory=monotonic)
    times_ms: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A frame on the page.

    Attributes:
        number: Counts the frames from 1.
        frame_bgr: Shape (H, W, 3), uint8.
        report: What is told about it.
        rate_hz: Frame rate of the source at this frame; 0 where it is not known.
    """

    number: int
    frame_bgr: NDArray[np.uint8]
    report: Report
    rate_hz: float


class Newest:
    """Keeps one frame for any number of viewers, each of whom takes it when ready for it.

    Args:
        loop: The event loop of the viewers; only ``put`` and ``end`` are called outside of it.

    Attributes:
        ended: Whether no frame follows.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.ended = False
        self._loop = loop
        self._shown: Shown | None = None
        self._jpeg = (0, b'')
        self._changed = asyncio.Event()
        self._waiting = 0
        self._encoding = asyncio.Lock()
        self._encoder = ThreadPoolExecutor(1, thread_name_prefix='page-jpeg')
        self._times_s: deque[float] = deque(maxlen=_RATE_WINDOW)

    def put(self, frame_bgr: NDArray[np.uint8], report: Report) -> None:
        """Replace the frame.

        Args:
            frame_bgr: Shape (H, W, 3), uint8; not to be written again.
            report: What is told about it.
        """
        number = self._shown.number + 1 if self._shown else 1
        self._shown = Shown(number, frame_bgr, report, self._rate_hz(monotonic()))
        self._wake()

    def end(self) -> None:
        """End the waiting of all viewers; no frame follows."""
        self.ended = True
        self._wake()
        self._encoder.shutdown(wait=False, cancel_futures=True)

    async def after(self, number: int) -> tuple[Shown, bytes] | None:
        """Wait for a frame after the one with a number; None when no frame follows.

        Returns:
            The newest frame, and its JPEG, which is made once for all viewers.

        Raises:
            ImageError: The frame cannot be a JPEG.
        """
        # Counted before the frame is looked at: a frame that comes in between wakes it.
        self._waiting += 1
        try:
            while not self.ended and (self._shown is None or self._shown.number <= number):
                await self._changed.wait()
        finally:
            self._waiting -= 1
        async with self._encoding:
            shown = self._shown
            if self.ended or shown is None:
                return None
            if self._jpeg[0] != shown.number:
                encoded = self._loop.run_in_executor(self._encoder, _encode, shown.frame_bgr)
                self._jpeg = (shown.number, await encoded)
            return shown, self._jpeg[1]

    def _rate_hz(self, now: float) -> float:
        times = self._times_s
        if times and now - times[-1] > _PAUSE_S:
            times.clear()
        times.append(now)
        return (len(times) - 1) / (now - times[0]) if now > times[0] else 0.0

    def _wake(self) -> None:
        if self._waiting:
            # The loop is closed where the page ended first.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._notify)

    def _notify(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def _encode(frame_bgr: NDArray[np.uint8]) -> bytes:
    """Compress a frame, by OpenCV where simplejpeg is missing, which takes half as long."""
    frame_bgr = np.ascontiguousarray(frame_bgr)
    try:
        try:
            from simplejpeg import encode_jpeg
        except ImportError:
            quality = (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY)
            done, content = cv2.imencode('.jpg', frame_bgr, quality)
            if not done:
                error = 'OpenCV refuses it'
                raise ValueError(error) from None
            return bytes(content)
        return cast(
            'bytes',
            encode_jpeg(frame_bgr, JPEG_QUALITY, colorspace='BGR', colorsubsampling='420'),
        )
    except (ValueError, cv2.error) as err:
        height, width = frame_bgr.shape[:2]
        msg = f'no JPEG can be made of {width}x{height} pixels: {one_line(err)}'
        raise ImageError(msg) from err
