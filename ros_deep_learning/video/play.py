# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Play a source to its end, repeated, or for as long as a camera comes back."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator

from ..errors import CameraError
from .options import VideoOptions
from .sources import FrameSource
from .stamped import StampedFrame, stamped

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

    The pause between two attempts is doubled each time, from half a second to eight.

    Args:
        source: The source.
        options: Its ``loop`` says how many times a file is repeated.
        stopped: Ends the frames.
        on_absence: Called with each error of a camera or stream.
        patience_s: How long a camera may be away.

    Raises:
        CameraError: It was away for too long.
        ImageError: A file cannot be played.
    """
    rounds, wait_s = 0, FIRST_WAIT_S
    seen_s = time.monotonic()
    while not stopped.is_set():
        try:
            for frame in stamped(source):
                if stopped.is_set():
                    return
                wait_s = FIRST_WAIT_S
                yield frame
                seen_s = time.monotonic()
        except CameraError as err:
            if time.monotonic() - seen_s > patience_s:
                raise
            on_absence(err)
            stopped.wait(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)
            continue
        if rounds == options.loop:
            return
        rounds += 1
