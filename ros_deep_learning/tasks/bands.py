# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Work on the rows of large arrays, some rows at a time, in a few threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache

_BAND = 1 << 17
"""Pixels that are worked on at a time: half a MB of float32, which stays in a core's cache."""
_MOST_THREADS = 4


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
    helpers, ended = 0, False
    errors: list[BaseException] = []

    def share() -> None:
        # An iterator of a list gives each band to one thread.
        for band in left:
            work(band)

    def help_out() -> None:
        nonlocal helpers
        with changed:
            if ended:
                return
            helpers += 1
        try:
            share()
        except BaseException as err:  # noqa: BLE001  raised below, in the caller's thread
            errors.append(err)
        finally:
            with changed:
                helpers -= 1
                changed.notify_all()

    # No thread can be begun at the end of the interpreter, or where the system has no more.
    with suppress(RuntimeError):
        for _ in range(1, min(len(bands), _MOST_THREADS, cv2.getNumThreads())):
            _pool().submit(help_out)
    try:
        share()
    finally:
        with changed:
            ended = True
            changed.wait_for(lambda: helpers == 0)
    if errors:
        raise errors[0]


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_MOST_THREADS - 1, thread_name_prefix='bands of a mask')


# Threads do not go along when a process forks.
os.register_at_fork(after_in_child=_pool.cache_clear)
