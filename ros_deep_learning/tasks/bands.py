# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Work on the rows of large arrays, some rows at a time, in a few threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from ..helpers import MOST_HELPERS, helpers

_BAND = 1 << 17
"""Pixels that are worked on at a time: half a MB of float32, which stays in a core's cache."""


def each_band(shape: tuple[int, int], work: Callable[[slice], None]) -> None:
    """Work on all rows of an array, a band at a time.

    As many threads as OpenCV would use share the bands, up to four. Whoever is free takes the
    next one, so that a thread which does not get a core holds nobody up.

    Args:
        shape: Height and width of the array.
        work: Called with the rows of each band, in any order and from several threads.
    """
    import cv2

    height, width = shape
    rows = max(1, _BAND // max(1, width))
    bands = [slice(top, top + rows) for top in range(0, height, rows)]
    left = iter(bands)
    changed = threading.Condition()
    helping, ended = 0, False
    errors: list[BaseException] = []

    def share() -> None:
        # An iterator of a list gives each band to one thread.
        for band in left:
            work(band)

    def help_out() -> None:
        nonlocal helping
        with changed:
            if ended:
                return
            helping += 1
        try:
            share()
        except BaseException as err:  # noqa: BLE001  raised below, in the caller's thread
            errors.append(err)
        finally:
            with changed:
                helping -= 1
                changed.notify_all()

    # No thread can be begun at the end of the interpreter, or where the system has no more.
    with suppress(RuntimeError):
        for _ in range(1, min(len(bands), MOST_HELPERS + 1, cv2.getNumThreads())):
            helpers().submit(help_out)
    try:
        share()
    finally:
        with changed:
            ended = True
            changed.wait_for(lambda: helping == 0)
    if errors:
        raise errors[0]
