# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The frames of an input as a page shows them: at their own rate, again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from time import monotonic

from ...video.sources import FrameSource
from .inputs import NamedFrame, named_frames


def replayed(
    source: FrameSource, wait_for_change: Callable[[float], bool], *, once: bool
) -> Iterator[NamedFrame]:
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
        for frame in named_frames(source):
            # A network that is slower than the file makes it last longer.
            due = max(due + 1 / source.rate_hz, monotonic())
            yield replace(frame, index=count)
            count += 1
            while wait_for_change(due - monotonic()):
                yield replace(frame, index=count)
                count += 1
        if once:
            return
