# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Memory of frames that is kept and used again."""

from __future__ import annotations

import ctypes
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from ...engines.on_device import Allocate

STEP_BYTES = 1 << 16
"""Sizes are multiples of this one, because those of compressed images vary."""
MOST_KEPT = 4
"""Pieces that are kept while nobody uses them."""
WASTE = 4
"""A piece this many times larger than what is asked for is freed instead."""


def ordinary_memory(n_bytes: int) -> NDArray[np.uint8]:
    """Allocate memory of the process, shape (n_bytes,)."""
    return np.empty(n_bytes, np.uint8)


class FrameMemory:
    """Pieces of memory, each used again when nobody refers to it any more.

    A piece is in use until the array that was given out and every view of it are gone, whoever
    has them. So no frame is overwritten while a node still reads it. Any thread may drop one.

    Args:
        source: Returns what allocates now: writable memory of so many bytes, shape (N,), such as
            pinned memory, which is freed with its array. Memory of another one is not used again.
    """

    def __init__(self, source: Callable[[], Allocate]) -> None:
        self._source = source
        self._allocate: Allocate | None = None
        # Its operations are atomic: a piece may come back within any statement.
        self._free: deque[NDArray[np.uint8]] = deque(maxlen=MOST_KEPT)

    def take(self, n_bytes: int) -> NDArray[np.uint8]:
        """Return memory of at least so many bytes, shape (N,), with any content."""
        n_bytes = -(-max(n_bytes, 1) // STEP_BYTES) * STEP_BYTES
        allocate = self._source()
        if allocate != self._allocate:
            # What is in use comes back to the old ones, and is freed with them.
            self._allocate, self._free = allocate, deque(maxlen=MOST_KEPT)
        free = self._free
        # Another thread may take the last one between two statements.
        with suppress(IndexError):
            while True:
                memory = free.pop()
                if n_bytes <= memory.size <= WASTE * n_bytes:
                    return self._lend(memory, free)
        return self._lend(allocate(n_bytes), free)

    @staticmethod
    def _lend(memory: NDArray[np.uint8], free: deque[NDArray[np.uint8]]) -> NDArray[np.uint8]:
        # NumPy lets a view refer to the array that owns the memory, not to the view it was made
        # of. An object that is no array stays between all of them and the owner.
        loan = (ctypes.c_uint8 * memory.size).from_buffer(memory.data)
        weakref.finalize(loan, free.append, memory).atexit = False
        return np.frombuffer(memoryview(loan), np.uint8)
