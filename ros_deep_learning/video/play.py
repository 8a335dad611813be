# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Play a source as its options say: repeated, turned, scaled, or while a camera comes back."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

from ..errors import CameraError, SenderAwaitedError
from .options import VideoOptions
from .sources import FrameSource
from .stamped import StampedFrame, stamped
from .turns import shaped

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 8.0


def play(
    source: FrameSource,
    options: VideoOptions,
    *,
    stopped: threading.Event,
    on_absence: Callable[[CameraError], None],
    patience_s: float = math.inf,
) -> Iterator[StampedFrame]:
    """Yield the frames of a source; a camera that is away is opened again and again.

    The pause between two attempts is doubled each time, from half a second to eight. Frames of a
    camera or stream above the requested rate are left out.

    Args:
        source: The source.
        options: Its ``loop`` says how many times a file is repeated, its ``flip``, ``width`` and
            ``height`` how frames are turned and scaled.
        stopped: Ends the frames.
        on_absence: Called with each error of a camera or stream.
        patience_s: How long a camera may be away.

    Raises:
        CameraError: It was away for too long.
        ImageError: A file cannot be played.
    """
    if source.live:
        frames = _in_rate(_returning(source, stopped, on_absence, patience_s), options.rate_hz)
    else:
        frames = (frame for _ in rounds(options) for frame in stamped(source))
    for frame in frames:
        if stopped.is_set():
            return
        yield replace(frame, image_bgr=shaped(frame.image_bgr, options))


def at_rate(
    frames: Iterator[StampedFrame], rate_hz: float, stopped: threading.Event
) -> Iterator[StampedFrame]:
    """Yield frames of a file when they are due, by the steady clock; simulated time may jump.

    Args:
        frames: The frames.
        rate_hz: How many a second.
        stopped: Ends the frames, also while one is waited for.
    """
    due_s = time.monotonic()
    for frame in frames:
        if stopped.wait(max(0.0, due_s - time.monotonic())):
            return
        yield frame
        # Whoever was slow catches up a second at most.
        due_s = max(due_s + 1.0 / rate_hz, time.monotonic() - 1.0)


def rounds(options: VideoOptions) -> Iterator[int]:
    """Yield a number for each time that a file is played, from 0."""
    return count() if options.loop < 0 else iter(range(options.loop + 1))


def _returning(
    source: FrameSource,
    stopped: threading.Event,
    on_absence: Callable[[CameraError], None],
    patience_s: float,
) -> Iterator[StampedFrame]:
    wait_s = FIRST_WAIT_S
    seen_s = time.monotonic()
    while not stopped.is_set():
        try:
            for frame in stamped(source):
                wait_s = FIRST_WAIT_S
                yield frame
                seen_s = time.monotonic()
        except CameraError as err:
            if time.monotonic() - seen_s > patience_s:
                raise
            on_absence(err)
            if isinstance(err, SenderAwaitedError):
                # It went on listening.
                continue
            stopped.wait(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)
        else:
            return


def _in_rate(frames: Iterator[StampedFrame], rate_hz: float) -> Iterator[StampedFrame]:
    """Leave out frames above a rate; 0 keeps all."""
    due_s = -math.inf
    for frame in frames:
        now_s = time.monotonic()
        if rate_hz:
            # Half a period early, because the frames of a camera do not come evenly.
            if now_s < due_s - 0.5 / rate_hz:
                continue
            due_s = max(due_s, now_s - 1 / rate_hz) + 1 / rate_hz
        yield frame
