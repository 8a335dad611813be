# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a run's results are written, and how they come to belong to the caller."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cuda import GpuContext
from ..memory import ExchangeBuffer, GrowingBuffer, ScratchBuffer
from ..pinned import PinnedPool


class ResultBuffer:
    """Gives results out in pinned memory of their own, which the GPU has written.

    While the caller keeps too many of them, further ones are copied to ordinary memory. All
    methods need the GPU's context current.
    """

    def __init__(self, gpu: GpuContext, *, shared: bool) -> None:
        """Allocate nothing yet.

        Args:
            gpu: The context.
            shared: Whether the GPU maps the host's memory; see ``ExchangeBuffer``.
        """
        from pycuda import driver

        self._driver = driver
        self._shared = shared
        self._pool = PinnedPool(gpu)
        self._device = GrowingBuffer(ScratchBuffer)
        self._spare = GrowingBuffer(partial(ExchangeBuffer, shared=shared))
        self._nbytes = self._pointer = 0
        self._copied = True
        self._host: NDArray[np.uint8] | None = None

    @property
    def memory(self) -> NDArray[np.uint8] | None:
        """The results of the run, which are the caller's, shape (N,); None if they are copied."""
        return self._host

    def begin(self, nbytes: int, stream: Any, *, copied: bool = True) -> int:
        """Make room for the results of a run.

        Args:
            nbytes: Size.
            stream: Whose work may be using the old memory.
            copied: Whether the GPU writes to memory of its own, which is copied by ``download``,
                rather than through the bus.

        Returns:
            The GPU's address of it.
        """
        own = self._pool.take(nbytes)
        self._nbytes = nbytes
        self._host = None if own is None else own.array()
        self._copied = copied and not self._shared
        if own is None:
            self._pointer = self._spare.sized(nbytes, stream).pointer
        elif self._copied:
            self._pointer = self._device.sized(nbytes, stream).pointer
        else:
            self._pointer = own.pointer
        return self._pointer

    def download(self, stream: Any) -> None:
        """Bring the results to the host, in the stream's order."""
        if self._host is None:
            self._spare.sized(0).download(self._nbytes, stream)
        elif self._copied:
            host = self._host[: self._nbytes]
            self._driver.memcpy_dtoh_async(host, self._pointer, stream)

    def part(self, start: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return a part of the results as the caller's array, once the stream's work is done."""
        if self._host is None:
            spare = self._spare.sized(0).host(shape, dtype, start)
            return np.array(spare)
        end = start + prod(shape) * dtype.itemsize
        found: NDArray[Any] = self._host[start:end].view(dtype).reshape(shape)
        return found

    def end(self) -> None:
        """Leave the results to the caller."""
        self._host = None

    def free(self) -> None:
        """Free the memory, except what callers have; freeing it again has no effect."""
        self._host = None
        self._pool.close()
        self._device.free()
        self._spare.free()
