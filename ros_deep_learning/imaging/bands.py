# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Work on the rows of large arrays, some rows at a time, in a few threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import TypeVar

_Piece = TypeVar('_Piece')
_BAND = 1 << 17
"""Pixels that are worked on at a time: half a MB of float32, which stays in a core's cache."""
_MOST_THREADS = 4


def each_band(shape: tuple[int, int], work: Callable[[slice], None]) -> None:
    """Work on all rows of an array, a band at a time, in as many threads as ``most_threads``.

    Args:
        shape: Height and width of the array.
        work: Called with the rows of each band, in any order and from several threads.
    """
    height, width = shape
    rows = max(1, _BAND // max(1, width))
    bands = [slice(top, top + rows) for top in range(0, height, rows)]
    in_threads(bands, [work] * most_threads())


def most_threads() -> int:
    """Return how many threads share work on large arrays: as many as OpenCV's, up to four."""
    import cv2

    return max(1, min(_MOST_THREADS, cv2.getNumThreads()))


def in_threads(pieces: Sequence[_Piece], workers: Sequence[Callable[[_Piece], None]]) -> None:
    """Share pieces of work between threads, of which the caller's is one.

    Whoever is free takes the next one, so that a thread which does not get a core holds nobody up.

    Args:
        pieces: What there is to do.
        workers: What each thread calls with a piece, one a thread, at least one. No other thread
            holds them afterwards, so that memory which they use is free again.
    """
    left = iter(pieces)
    own, *waiting = workers[: max(1, len(pieces))]
    changed = threading.Condition()
    helpers, ended = 0, False
    errors: list[BaseException] = []

    def share(work: Callable[[_Piece], None]) -> None:
        # An iterator of a list gives each piece to one thread.
        for piece in left:
            work(piece)

    def help_out() -> None:
        nonlocal helpers
        with changed:
            if ended:
                return
            helpers += 1
            work = waiting.pop()
        try:
            share(work)
        except BaseException as err:  # noqa: BLE001  raised below, in the caller's thread
            errors.append(err)
        finally:
            del work
            with changed:
                helpers -= 1
                changed.notify_all()

    # No thread can be begun at the end of the interpreter, or where the system has no more.
    with suppress(RuntimeError):
        for _ in range(len(waiting)):
            _pool().submit(help_out)
    try:
        share(own)
    finally:
        with changed:
            ended = True
            waiting.clear()
            changed.wait_for(lambda: helpers == 0)
    if errors:
        raise errors[0]


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_MOST_THREADS - 1, thread_name_prefix='rows of an image')


# Threads do not go along when a process forks.
os.register_at_fork(after_in_child=_pool.cache_clear)
