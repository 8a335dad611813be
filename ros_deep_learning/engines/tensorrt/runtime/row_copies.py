# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Copies of rows in parts, so that one is uploaded while the next is copied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait

from ....helpers import MOST_HELPERS, helpers

HELPED = f' by up to {MOST_HELPERS} threads'
_PART_BYTES = 1 << 20


def may_be_helped() -> bool:
    """Return whether OpenCV may use more threads than one, by which users forbid others."""
    import cv2

    return bool(cv2.getNumThreads() > 1)


def copied_rows(
    copy: Callable[[int, int], None], rows: int, row_bytes: int, helped: bool
) -> Iterator[tuple[int, int]]:
    """Copy rows in parts; yield where each part begins and ends when it is there, in order.

    Args:
        copy: Copies the rows from one up to another.
        rows: How many there are.
        row_bytes: Size of each.
        helped: Whether other threads copy, side by side. They also fill the caches of their
            cores, in place of those that the calling thread needs for what follows.
    """
    count = max(1, min(rows, rows * row_bytes // _PART_BYTES))
    parts = [(rows * k // count, rows * (k + 1) // count) for k in range(count)]
    begun: list[Future[None]] = []
    try:
        for part in parts if helped else ():
            begun.append(_begun(copy, *part))
        for k, part in enumerate(parts):
            if helped:
                begun[k].result()
            else:
                copy(*part)
            yield part
    finally:
        # They write to memory that is used again.
        wait(begun)


def _begun(copy: Callable[[int, int], None], begin: int, end: int) -> Future[None]:
    """Let another thread copy; where there is none, copy here."""
    try:
        return helpers().submit(copy, begin, end)
    except RuntimeError:
        done: Future[None] = Future()
        copy(begin, end)
        done.set_result(None)
        return done
