# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The frames of a file as somebody watches them: at their own rate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from time import monotonic, sleep

from ...video.screens import WindowSink, is_page
from ...video.sinks import Sink, is_stream_sink
from .inputs import NamedFrame

Wait = Callable[[float], bool]
"""Wait for so many seconds; return True early if the frame has to be shown again."""


def watchers_wait(sink: Sink) -> Wait | None:
    """Return how to wait between the frames of a file; None for an output that is a file, too."""
    if is_page(sink):
        return sink.wait_for_change
    if isinstance(sink, WindowSink):
        return sink.wait
    return _sleep if is_stream_sink(sink) else None


def replayed(frames: Iterable[NamedFrame], rate_hz: float, wait: Wait) -> Iterator[NamedFrame]:
    """Yield frames of a file as a camera would send them.

    Args:
        frames: The frames.
        rate_hz: How many a second.
        wait: Waits between two of them. If it returns True, such as when a page's settings were
            changed, the frame that is shown is yielded again.
    """
    count = 0
    due = monotonic()
    for frame in frames:
        # A network that is slower than the file makes it last longer.
        due = max(due + 1 / rate_hz, monotonic())
        yield replace(frame, index=count)
        count += 1
        while wait(due - monotonic()):
            yield replace(frame, index=count)
            count += 1


def _sleep(seconds: float) -> bool:
    sleep(max(0.0, seconds))
    return False
