# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Host memory that the GPU reaches: whether an array lies in it, and arrays that live in it."""

from __future__ import annotations

import contextlib
import ctypes
from collections import deque
from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ....errors import DeepLearningError, EngineError
from . import driver_calls
from .cuda import GpuContext

_MEMORY_TYPE, _DEVICE_POINTER = 2, 3
"""CU_POINTER_ATTRIBUTE_MEMORY_TYPE and CU_POINTER_ATTRIBUTE_DEVICE_POINTER."""
_HOST = 1
"""CU_MEMORYTYPE_HOST."""
_MAPPED = 2
"""CU_MEMHOSTALLOC_DEVICEMAP."""
_MOST_ORDINARY = 16
"""Pieces of ordinary memory that are remembered, such as a caller's frames."""
_MOST_BLOCKS = 6
_MOST_BYTES = 256 << 20


def pinned_address(array: NDArray[Any], own: PinnedFrames | None = None) -> int:
    """Return the GPU's address of an array in pinned memory, whoever made it; 0 if it is not.

    Args:
        array: Its rows rise in memory. The GPU's context must be current.
        own: Is asked first, because the driver takes many times as long.
    """
    # As array.ctypes does, in half the time.
    first = array.__array_interface__['data'][0]
    if array.flags.c_contiguous:
        last = first + array.nbytes - 1
    else:
        strides = zip(array.shape, array.strides, strict=True)
        last = first + sum((size - 1) * step for size, step in strides) + array.itemsize - 1
    known = None if own is None else own.pointer(first, last)
    if known is not None:
        return known
    kind, pointer = _attributes(first)
    if kind == _HOST and _attributes(last)[0] == _HOST:
        return pointer
    if own is not None:
        own.note_ordinary(first, last)
    return 0


def _attributes(address: int) -> tuple[int, int]:
    """Ask the driver for an address's kind of memory and its device address; 0 is none."""
    kind, pointer = ctypes.c_uint(), ctypes.c_void_p()
    driver_calls.quick_call(
        'cuPointerGetAttributes',
        ctypes.c_uint(2),
        (ctypes.c_int * 2)(_MEMORY_TYPE, _DEVICE_POINTER),
        (ctypes.c_void_p * 2)(ctypes.addressof(kind), ctypes.addressof(pointer)),
        ctypes.c_void_p(address),
    )
    return kind.value, pointer.value or 0


class PinnedPool:
    """Pinned memory for results, which goes round.

    A block belongs to the arrays that are made of it, and comes back with the last of them. A
    user who keeps many results gets ordinary memory for more of them, as pinned memory is scarce.

    The methods need the GPU's context current; arrays may die in any thread and at any time, also
    after ``close``.
    """

    def __init__(self, gpu: GpuContext) -> None:
        self._gpu = gpu
        # Arrays that die only append here: a lock could be held by the very thread they die in.
        self._idle: deque[_Block] = deque()
        self._blocks = self._bytes = 0
        self._closed = False

    def take(self, nbytes: int) -> PinnedBytes | None:
        """Return memory of at least so many bytes; None if too much is in use."""
        while (block := self._pop()) is not None:
            if block.nbytes >= nbytes:
                return PinnedBytes(self, block)
            self._forget(block)
        if self._blocks >= _MOST_BLOCKS or self._bytes + nbytes > _MOST_BYTES:
            return None
        try:
            block = _Block(nbytes)
        except EngineError:
            return None
        self._blocks += 1
        self._bytes += nbytes
        return PinnedBytes(self, block)

    def give_back(self, block: _Block) -> None:
        """Take a block that no array uses any more."""
        self._idle.append(block)
        if self._closed:
            # After a device failure, or at the end of the process, its memory goes by itself.
            with contextlib.suppress(DeepLearningError), self._gpu.current():
                self._free_idle()

    def close(self) -> None:
        """Free what is idle; the rest is freed as it comes back."""
        self._closed = True
        self._free_idle()

    def _free_idle(self) -> None:
        while (block := self._pop()) is not None:
            self._forget(block)

    def _pop(self) -> _Block | None:
        try:
            return self._idle.popleft()
        except IndexError:
            return None

    def _forget(self, block: _Block) -> None:
        self._blocks -= 1
        self._bytes -= block.nbytes
        block.free()


class PinnedFrames:
    """Pinned memory for frames, which the GPU then reads, or uploads, from where they lie.

    Any thread may allocate, and drop the arrays, at any time.
    """

    def __init__(self, gpu: GpuContext) -> None:
        self._gpu = gpu
        # Its operations are atomic: a lock could be held by the very thread an array dies in.
        self._used: set[_Block] = set()
        self._ordinary: set[tuple[int, int]] = set()

    def allocate(self, nbytes: int) -> NDArray[np.uint8]:
        """Allocate memory, which is freed with the last array of it.

        Args:
            nbytes: Size.

        Returns:
            Shape (nbytes,), with any content; ordinary memory if too much is in use, or the
            driver gives no more.
        """
        if nbytes + sum(block.nbytes for block in tuple(self._used)) <= _MOST_BYTES:
            with contextlib.suppress(DeepLearningError), self._gpu.current():
                block = _Block(nbytes)
                self._used.add(block)
                return PinnedBytes(self, block).array()
        return np.empty(nbytes, np.uint8)

    def pointer(self, first: int, last: int) -> int | None:
        """Return the GPU's address of memory that was allocated here.

        Args:
            first: Address of the first byte.
            last: Address of the last byte.

        Returns:
            0 for memory that was noted as ordinary; None if neither is known.
        """
        for block in tuple(self._used):
            if block.address <= first and last < block.address + block.nbytes:
                return block.pointer + first - block.address
        return 0 if (first, last) in self._ordinary else None

    def note_ordinary(self, first: int, last: int) -> None:
        """Remember memory that was not pinned; if it is one day, it is only read more slowly."""
        if len(self._ordinary) >= _MOST_ORDINARY:
            self._ordinary.clear()
        self._ordinary.add((first, last))

    def give_back(self, block: _Block) -> None:
        """Free a block that no array uses any more."""
        self._used.discard(block)
        # After a device failure, or at the end of the process, its memory goes by itself.
        with contextlib.suppress(DeepLearningError), self._gpu.current():
            block.free()


@cache
def pinned_frames(gpu: GpuContext) -> PinnedFrames:
    """Return the one ``PinnedFrames`` of a GPU, so that its engines share what is allocated."""
    return PinnedFrames(gpu)


class _Owner(Protocol):
    """Whose memory it is."""

    def give_back(self, block: _Block) -> None:
        """Take a block that no array uses any more."""


class PinnedBytes:
    """Pinned memory, as long as an array of it lives.

    Attributes:
        pointer: The GPU's address of it.
    """

    def __init__(self, owner: _Owner, block: _Block) -> None:
        self._owner, self._block = owner, block
        self.pointer = block.pointer

    def __del__(self) -> None:
        self._owner.give_back(self._block)

    @property
    def __array_interface__(self) -> Mapping[str, Any]:
        """NumPy's arrays of it keep this object, and so the memory."""
        return {
            'shape': (self._block.nbytes,),
            'typestr': '|u1',
            'data': (self._block.address, False),
            'version': 3,
        }

    def array(self) -> NDArray[np.uint8]:
        """Return all of it; parts of the array keep the memory too."""
        return np.asarray(self)


class _Block:
    """A piece of pinned memory, which the GPU maps."""

    def __init__(self, nbytes: int) -> None:
        found = ctypes.c_void_p()
        driver_calls.call(
            'cuMemHostAlloc', ctypes.byref(found), ctypes.c_size_t(nbytes), ctypes.c_uint(_MAPPED)
        )
        self.nbytes = nbytes
        self.address = found.value or 0
        self.pointer = _attributes(self.address)[1]

    def free(self) -> None:
        with contextlib.suppress(DeepLearningError):
            driver_calls.call('cuMemFreeHost', ctypes.c_void_p(self.address))
