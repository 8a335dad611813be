# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Results that stay on the GPU, in memory of their own."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import DeepLearningError
from .cuda import GpuContext, before_exit, device_errors
from .cuda_event import LEGACY_STREAM, CudaEvent
from .dlpack import CPU, CUDA, make_capsule

_ALIGNMENT = 256
_NO_WAIT = -1
"""What DLPack calls the stream of a consumer that waits by other means."""

_alive: weakref.WeakSet[GpuMemory] = weakref.WeakSet()


class Room:
    """Hands out places in a piece of memory that is yet to be allocated."""

    def __init__(self) -> None:
        self.size = 0

    def take(self, nbytes: int) -> int:
        """Return where the next part begins."""
        start = self.size
        self.size += -(-nbytes // _ALIGNMENT) * _ALIGNMENT
        return start


class GpuMemory:
    """Device memory of the results of one run.

    It belongs to its arrays and to what was made of them: it is freed with the last of them, and
    outlives the engine. What the run reads is kept until the run is done.
    """

    def __init__(self, gpu: GpuContext, nbytes: int, stream: Any) -> None:
        """Allocate; the GPU's context must be current.

        Args:
            gpu: The context.
            nbytes: Size.
            stream: The ``pycuda.driver.Stream`` whose work writes the memory.

        Raises:
            DeviceError: There is not enough memory.
        """
        from pycuda import driver

        self.gpu = gpu
        with device_errors(f'allocating {nbytes / 2**20:.1f} MiB for results'):
            allocation = driver.mem_alloc(max(nbytes, 1))
        self.pointer = int(allocation)
        self._driver = driver
        self._event = CudaEvent()
        self._kept: list[object] = [stream]
        self._free = weakref.finalize(self, _free, gpu, allocation, self._event, self._kept)
        self._free.atexit = False
        self.stream = int(stream.handle)
        _alive.add(self)

    def take_copy(self, start: int, source: int, nbytes: int, stream: Any) -> None:
        """Copy from another place on the GPU, in the stream's order."""
        if nbytes:
            self._driver.memcpy_dtod_async(self.pointer + start, source, nbytes, stream)

    def finish(self, *read: object) -> None:
        """Mark the end of the work on the stream; the context must be current.

        Args:
            read: What the work reads, which must not be freed before.
        """
        self._kept.extend(read)
        self._event.record(self.stream)

    def hold_back(self, stream: int) -> None:
        """Let a stream wait for the work; the host goes on."""
        with self.gpu.current():
            self._event.hold_back(stream)

    def synchronize(self) -> None:
        """Wait for the work."""
        with self.gpu.current():
            self._event.synchronize()

    def copy_to(self, host: NDArray[Any], pointer: int) -> None:
        """Copy from an address of the memory to an array of the host, when the work is done."""
        with self.gpu.current(), device_errors('copying a result from the GPU'):
            self._event.synchronize()
            self._driver.memcpy_dtoh(host, pointer)

    def free(self) -> None:
        """Free the memory, whoever has it; freeing it again has no effect."""
        self._free()


class GpuArray:
    """An array on a GPU: for ``from_dlpack`` of PyTorch, CuPy and JAX, which do not copy it.

    A stream that takes it waits for the run that writes it; the host does not. Reading it with
    NumPy, as by ``np.asarray``, copies it to the host.

    Attributes:
        shape: Its shape; it is C-contiguous.
        dtype: Its NumPy type.
        pointer: Device address of its first element.
    """

    def __init__(
        self, memory: GpuMemory, start: int, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        """Place an array in memory.

        Args:
            memory: The memory, which lives as long as the array.
            start: Offset of the first byte.
            shape: Its shape.
            dtype: Its type.
        """
        self._memory = memory
        self.shape, self.dtype = shape, dtype
        self.pointer = memory.pointer + start

    def __repr__(self) -> str:
        """Describe the array in one line."""
        return f'<GpuArray: {self.dtype} {self.shape} on GPU {self._memory.gpu.index}>'

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return prod(self.shape) * self.dtype.itemsize

    def synchronize(self) -> None:
        """Wait until the array is written, and what it was made of is no longer read."""
        self._memory.synchronize()

    @property
    def __cuda_array_interface__(self) -> Mapping[str, Any]:
        """Version 3, for Numba and others; with the stream that the consumer has to wait for."""
        return {
            'shape': self.shape,
            'typestr': self.dtype.str,
            'data': (self.pointer, False),
            'strides': None,
            'stream': self._memory.stream,
            'version': 3,
        }

    def __dlpack_device__(self) -> tuple[int, int]:
        """Return kDLCUDA and the number of the GPU."""
        return CUDA, self._memory.gpu.index

    def __dlpack__(
        self,
        *,
        stream: int | None = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """Return a capsule of the array.

        Args:
            stream: The consumer's, which waits for the run: 1 or None is the default stream, 2
                the one of the thread, -1 waits for nothing, and another number is a handle.
            max_version: Not used: the capsule is unversioned, which every version takes.
            dl_device: Where the consumer wants the array; ``(1, 0)``, the host, is a copy.
            copy: Whether it is to be a copy; only the host gets one.

        Raises:
            BufferError: The request cannot be met.
        """
        if dl_device == (CPU, 0) and copy is not False:
            host: Any = np.asarray(self)
            return host.__dlpack__()
        if dl_device not in (None, self.__dlpack_device__()) or copy:
            msg = f'the array is on {self.__dlpack_device__()} and is not copied to {dl_device}'
            raise BufferError(msg)
        if stream == 0:
            msg = 'stream 0 is ambiguous: 1 is the default stream, 2 that of the thread'
            raise BufferError(msg)
        if stream != _NO_WAIT:
            self._memory.hold_back(LEGACY_STREAM if stream is None else stream)
        return make_capsule(self, self.pointer, self.shape, self.dtype, self.__dlpack_device__())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Copy the array to the host.

        Raises:
            ValueError: ``copy`` is False.
        """
        if copy is False:
            msg = 'an array on a GPU cannot be read without a copy'
            raise ValueError(msg)
        host: NDArray[Any] = np.empty(self.shape, self.dtype)
        self._memory.copy_to(host, self.pointer)
        return host if dtype is None else host.astype(dtype, copy=False)


def _free(gpu: GpuContext, allocation: Any, event: CudaEvent, kept: list[object]) -> None:
    # After a device failure the context is gone, and its memory with it.
    with contextlib.suppress(DeepLearningError), gpu.current(), device_errors('freeing results'):
        try:
            event.synchronize()
        finally:
            event.free()
            # cuMemFree() also waits for kernels of others that still read the memory.
            allocation.free()
            # PyCUDA destroys a stream only where its context is current.
            kept.clear()


@before_exit
def _free_all() -> None:
    for memory in list(_alive):
        memory.free()
