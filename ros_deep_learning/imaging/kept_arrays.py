# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Arrays in memory that is used again once nobody refers to it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Empty = Callable[[tuple[int, ...], Any], NDArray[Any]]
"""Makes an array of a shape and dtype, with any content; such as ``numpy.empty``."""

_MOST_BLOCKS = 8
# malloc itself keeps smaller blocks.
_SMALLEST_BYTES = 1 << 17


class KeptArrays:
    """Makes new arrays, of the memory of earlier ones that were given up.

    The kernel maps and clears new memory page by page, which takes longer for a mask at 1080p than
    computing it. Not to be shared between threads; the arrays may be, and outlive this.
    """

    def __init__(self) -> None:
        self._blocks: list[NDArray[np.uint8]] = []

    def empty(self, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
        """Return a C-contiguous array with any content, which belongs to the caller.

        Its memory is used again only after the last array that shows it, such as a view, is gone.

        Args:
            shape: Its shape.
            dtype: Its NumPy type.
        """
        size = prod(shape) * np.dtype(dtype).itemsize
        if size < _SMALLEST_BYTES:
            return np.empty(shape, dtype)
        array: NDArray[Any] = self._block(size).view(dtype).reshape(shape)
        return array

    def _block(self, size: int) -> NDArray[np.uint8]:
        for k, block_size in enumerate(map(len, self._blocks)):
            if block_size == size and _references(self._blocks, k) == _UNUSED:
                return self._blocks[k]
        self._blocks.append(np.empty(size, np.uint8))
        del self._blocks[:-_MOST_BLOCKS]
        return self._blocks[-1]


def _references(blocks: list[NDArray[np.uint8]], k: int) -> int:
    return sys.getrefcount(blocks[k])


_UNUSED = _references([np.empty(1, np.uint8)], 0)
"""References of a block that is in the list only."""
