# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The frames of an input as a page shows them: at their own rate, again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from ...video.sources import FrameSource
from .inputs import named_frames


def replayed(
    source: FrameSource, wait_for_change: Callable[[float], bool], *, once: bool
) -> Iterator[tuple[int, str, NDArray[np.uint8]]]:
    """Yield frames as ``named_frames`` does, as a camera would send them.

    Args:
        source: The input; a camera's frames come at its own pace.
        wait_for_change: Waits for so many seconds, and returns True early if the settings were
            changed. The frame that is shown is yielded again then, so that it follows them.
        once: Whether a file is played once.
    """
    if source.live:
        yield from named_frames(source)
        return
    count = 0
    while True:
        due = monotonic()
        for _, name, frame in named_frames(source):
            # A network that is slower than the file makes it last longer.
            due = max(due + 1 / source.rate_hz, monotonic())
            yield count, name, frame
            count += 1
            while wait_for_change(due - monotonic()):
                yield count, name, frame
                count += 1
        if once:
            return
