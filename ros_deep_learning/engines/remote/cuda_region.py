# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A piece of a GPU's memory that this process and a server share."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DeviceError
from ..base import TensorSpec
from ..tensorrt.runtime.cuda import device_errors, gpu_context
from ..tensorrt.runtime.memory import ExchangeBuffer
from .region import Region

_WHOLE = 2 << 20
"""What the driver cuts small allocations from, all of which an opened handle shows.

https://docs.nvidia.com/cuda/cuda-c-programming-guide/#interprocess-communication
"""


class CudaRegion(Region):
    """Memory of a GPU, with pinned memory that tensors pass on their way; see ``Region``.

    Args:
        sizes: As for ``Region``.
        device: Index of the GPU.

    Raises:
        BackendUnavailableError: PyCUDA or the driver does not load.
        DeviceError: There is not enough memory, or the GPU cannot share it.
    """

    kind = 'cuda'
    _buffer: ExchangeBuffer | None = None

    def __init__(self, sizes: Mapping[str, int], device: int) -> None:
        super().__init__(sizes)
        self.size = -(-self.size // _WHOLE) * _WHOLE
        self._device = device
        self._context = gpu_context(device)
        from pycuda import driver

        with self._context.current(), device_errors('sharing its memory with a server'):
            self._stream: Any = driver.Stream()
            self._buffer = ExchangeBuffer(self.size, shared=False)
            self._handle = bytes(driver.mem_get_ipc_handle(self._buffer.pointer))

    @property
    def facts(self) -> dict[str, str | int]:
        """Its ``cudaIpcMemHandle_t`` and the GPU; see ``Region.facts``."""
        return {
            'raw_handle': base64.b64encode(self._handle).decode(),
            'device_id': self._device,
            'byte_size': self.size,
        }

    def write(self, tensor: str, array: NDArray[Any]) -> None:
        """Write a tensor; see ``Region.write``.

        Raises:
            DeviceError: The GPU failed.
        """
        assert self._buffer is not None
        start = self._start(tensor, TensorSpec(tensor, array.shape, array.dtype))
        with self._context.current(), device_errors('writing the input for a server'):
            self._buffer.host(array.shape, array.dtype, start)[...] = array
            self._buffer.upload(array.nbytes, self._stream, start)
            self._stream.synchronize()

    def read(self, tensor: str, spec: TensorSpec) -> NDArray[Any]:
        """Return a copy of a tensor; see ``Region.read``.

        Raises:
            DeviceError: The GPU failed.
        """
        assert self._buffer is not None
        start = self._start(tensor, spec)
        with self._context.current(), device_errors('reading the output of a server'):
            self._buffer.download(self.places[tensor][1], self._stream, start)
            self._stream.synchronize()
            return np.array(self._buffer.host(spec.shape, spec.dtype, start))

    def unlink(self) -> None:
        """Do nothing, since it has no name; see ``Region.unlink``."""

    def free(self) -> None:
        """Free the memory; see ``Region.free``."""
        buffer, self._buffer = self._buffer, None
        if buffer is not None:
            with suppress(DeviceError), self._context.current():
                buffer.free()
                self._stream = None

    __del__ = free
