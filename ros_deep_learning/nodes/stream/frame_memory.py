# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Memory of frames that is kept and used again."""

from __future__ import annotations

import ctypes
import weakref
from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

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
        allocate: Allocates writable memory of so many bytes, shape (N,), such as pinned memory; it
            is freed with its array.
    """

    def __init__(self, allocate: Callable[[int], NDArray[np.uint8]] = ordinary_memory) -> None:
        self._allocate = allocate
        # Its operations are atomic: a piece may come back within any statement.
        self._free: deque[NDArray[np.uint8]] = deque(maxlen=MOST_KEPT)

    def take(self, n_bytes: int) -> NDArray[np.uint8]:
        """Return memory of at least so many bytes, shape (N,), with any content."""
        n_bytes = -(-max(n_bytes, 1) // STEP_BYTES) * STEP_BYTES
        while self._free:
            memory = self._free.pop()
            if n_bytes <= memory.size <= WASTE * n_bytes:
                return self._lend(memory)
        return self._lend(self._allocate(n_bytes))

    def _lend(self, memory: NDArray[np.uint8]) -> NDArray[np.uint8]:
        # NumPy lets a view refer to the array that owns the memory, not to the view it was made
        # of. An object that is no array stays between all of them and the owner.
        loan = (ctypes.c_uint8 * memory.size).from_buffer(memory.data)
        weakref.finalize(loan, self._free.append, memory).atexit = False
        return np.frombuffer(memoryview(loan), np.uint8)
