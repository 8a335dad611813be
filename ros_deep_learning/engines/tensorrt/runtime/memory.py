# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Memory that host and GPU exchange a tensor through."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from math import prod
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from .cuda import device_errors

_UINT8 = np.dtype(np.uint8)


class ExchangeBuffer:
    """Pinned host memory with device memory behind it, or the same memory where both share it.

    All methods need the GPU's context current. The host's side must not be touched between an
    ``upload`` or ``download`` and the end of the stream's work.
    """

    def __init__(self, capacity: int, *, shared: bool) -> None:
        """Allocate.

        Args:
            capacity: Bytes.
            shared: Whether the GPU maps the host's memory instead of having its own.

        Raises:
            DeviceError: There is not enough memory; nothing is left allocated.
        """
        from pycuda import driver

        self.capacity = max(capacity, 1)
        self._driver = driver
        self._device: Any = None
        with device_errors(f'allocating {self.capacity / 2**20:.1f} MiB'):
            flags = driver.host_alloc_flags.DEVICEMAP if shared else 0
            self._host: Any = driver.pagelocked_empty(self.capacity, np.uint8, mem_flags=flags)
            if shared:
                self.pointer = int(self._host.base.get_device_pointer())
                return
            try:
                self._device = driver.mem_alloc(self.capacity)
            except driver.Error:
                self._free_host()
                raise
            self.pointer = int(self._device)

    def host(self, shape: Sequence[int], dtype: np.dtype[Any], start: int = 0) -> NDArray[Any]:
        """View the host's side as an array, from its first byte unless said otherwise."""
        nbytes = prod(shape) * dtype.itemsize
        view: NDArray[Any] = self._host[start : start + nbytes].view(dtype).reshape(shape)
        return view

    def upload(self, nbytes: int, stream: Any, start: int = 0) -> None:
        """Bring bytes to the GPU, the first ones unless said otherwise, in the stream's order."""
        if self._device is not None and nbytes:
            end = start + nbytes
            self._driver.memcpy_htod_async(self.pointer + start, self._host[start:end], stream)

    def upload_from(self, source: NDArray[Any], stream: Any, start: int = 0) -> None:
        """Bring an array to the GPU's side, which is not shared.

        Args:
            source: C-contiguous; it must not be touched before the end of the stream's work.
            stream: In its order.
            start: Offset of the first byte.
        """
        self._driver.memcpy_htod_async(self.pointer + start, source, stream)

    def download(self, nbytes: int, stream: Any, start: int = 0) -> None:
        """Bring bytes back, the first ones unless said otherwise, in the stream's order."""
        if self._device is not None and nbytes:
            end = start + nbytes
            self._driver.memcpy_dtoh_async(self._host[start:end], self.pointer + start, stream)

    def free(self) -> None:
        """Free the memory; views of it must be gone. Freeing it again has no effect."""
        device, self._device = self._device, None
        if device is not None:
            with contextlib.suppress(self._driver.Error):
                device.free()
        self._free_host()

    def _free_host(self) -> None:
        host, self._host = self._host, None
        if host is not None:
            with contextlib.suppress(self._driver.Error):
                host.base.free()


class Room:
    """A place in exchanged memory for one frame, and the stream that uploads it.

    Attributes:
        pointer: The GPU's address of the place.
        pinned: The GPU's address of the frame itself, where that is pinned.
    """

    def __init__(self, buffer: ExchangeBuffer, start: int, stream: Any, pinned: int) -> None:
        self._buffer, self._start, self._stream = buffer, start, stream
        self.pointer = buffer.pointer + start
        self.pinned = pinned

    def host(self, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """View the host's side."""
        return self._buffer.host(shape, _UINT8, self._start)

    def upload(self, start: int, nbytes: int) -> None:
        """Bring a part to the GPU."""
        self._buffer.upload(nbytes, self._stream, self._start + start)

    def upload_from(self, source: NDArray[np.uint8]) -> None:
        """Bring an array in pinned memory to the GPU."""
        self._buffer.upload_from(source, self._stream, self._start)


class ScratchBuffer:
    """Device memory that the host never sees; the GPU's context must be current."""

    def __init__(self, capacity: int) -> None:
        """Allocate; raises DeviceError where there is not enough memory."""
        from pycuda import driver

        self.capacity = max(capacity, 1)
        self._driver = driver
        with device_errors(f'allocating {self.capacity / 2**20:.1f} MiB'):
            self._device: Any = driver.mem_alloc(self.capacity)
        self.pointer = int(self._device)

    def free(self) -> None:
        """Free the memory; freeing it again has no effect."""
        device, self._device = self._device, None
        if device is not None:
            with contextlib.suppress(self._driver.Error):
                device.free()


class Buffer(Protocol):
    """Memory of a fixed size."""

    capacity: int
    pointer: int

    def free(self) -> None:
        """Free the memory; freeing it again has no effect."""


_BufferT = TypeVar('_BufferT', bound=Buffer)


class GrowingBuffer(Generic[_BufferT]):
    """Memory that is made anew where more is wanted than ever before; what it held is lost."""

    def __init__(self, make: Callable[[int], _BufferT]) -> None:
        self._make = make
        self._buffer: _BufferT | None = None

    def sized(self, nbytes: int, stream: Any = None) -> _BufferT:
        """Return memory of at least so many bytes.

        Args:
            nbytes: Size.
            stream: Whose work may be using the old memory, which is freed after that; None is
                none.

        Raises:
            DeviceError: There is not enough of it.
        """
        if self._buffer is None or self._buffer.capacity < nbytes:
            if self._buffer is not None and stream is not None:
                stream.synchronize()
            self.free()
            self._buffer = self._make(nbytes)
        return self._buffer

    def free(self) -> None:
        """Free the memory; freeing it again has no effect."""
        buffer, self._buffer = self._buffer, None
        if buffer is not None:
            buffer.free()
