# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Memory for the kernels under test: on the host for the shim, on the device for a GPU."""

from __future__ import annotations

import ctypes
import mmap

import numpy as np

GUARD_BYTE = 0xA5
UNTOUCHED_BYTE = 0xCD


class Buffer:
    """An array in device memory between two guard zones."""

    def __init__(self, device, array):
        self._device = device
        self._shape, self._dtype, self._bytes = array.shape, array.dtype, array.nbytes
        guard = np.full(device.guard, GUARD_BYTE, np.uint8)
        content = np.frombuffer(array.tobytes(), np.uint8)
        self._handle = device.allocate(np.concatenate([guard, content, guard]))
        self.pointer = device.address(self._handle) + device.guard

    def read(self):
        """Copy the array back, and see that nothing was written around it."""
        guard = self._device.guard
        whole = self._device.copy_back(self._handle, self._bytes + 2 * guard)
        assert (whole[:guard] == GUARD_BYTE).all(), 'written before the buffer'
        assert (whole[guard + self._bytes :] == GUARD_BYTE).all(), 'written behind the buffer'
        content = whole[guard : guard + self._bytes].tobytes()
        return np.frombuffer(content, self._dtype).reshape(self._shape)


class Device:
    """Where kernels run, with ``kernels`` to launch them."""

    guard = 256

    def put(self, array):
        return Buffer(self, np.ascontiguousarray(array))

    def room(self, shape, dtype):
        """Room for an output, filled so that what is not written is seen."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        array = np.full(size, UNTOUCHED_BYTE, np.uint8).view(dtype).reshape(shape)
        return Buffer(self, array)


class HostDevice(Device):
    def __init__(self, kernels):
        self.kernels = kernels

    def allocate(self, content):
        return content.copy()

    def address(self, handle):
        return handle.ctypes.data

    def copy_back(self, handle, size):
        assert handle.nbytes == size
        return handle.copy()


class PageDevice(HostDevice):
    """Host memory that ends, or begins, at a page that may not even be read.

    An access beyond a buffer kills the process, as it kills a CUDA context.
    """

    guard = 0

    def __init__(self, kernels, *, at_end):
        super().__init__(kernels)
        self._at_end = at_end

    def allocate(self, content):
        page = mmap.PAGESIZE
        inner = max(1, -(-content.nbytes // page)) * page
        memory = mmap.mmap(-1, inner + 2 * page)
        whole = np.frombuffer(memory, np.uint8)
        protect = ctypes.CDLL(None, use_errno=True).mprotect
        protect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        for start in (0, page + inner):
            assert protect(whole.ctypes.data + start, page, 0) == 0
        start = page + (inner - content.nbytes if self._at_end else 0)
        view = whole[start : start + content.nbytes]
        view[:] = content
        return view


class GpuDevice(Device):
    """The current PyCUDA context's device."""

    def __init__(self, kernels):
        self.kernels = kernels

    def allocate(self, content):
        from pycuda import driver

        return driver.to_device(content)

    def address(self, handle):
        return int(handle)

    def copy_back(self, handle, size):
        from pycuda import driver

        driver.Context.synchronize()
        content = np.empty(size, np.uint8)
        driver.memcpy_dtoh(content, handle)
        return content
