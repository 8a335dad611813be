# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Arrays that lie on a GPU, such as those of CuPy and PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol, TypeGuard

import numpy as np
from numpy.typing import NDArray

from ...errors import ImageError


class CudaArray(Protocol):
    """What offers version 2 or 3 of Numba's CUDA array interface."""

    @property
    def __cuda_array_interface__(self) -> Mapping[str, Any]:
        """Shape, type, strides and address of the array."""


def is_on_gpu(image: object) -> TypeGuard[CudaArray]:
    """Return whether an image lies on a GPU."""
    return hasattr(image, '__cuda_array_interface__')


def to_host(array: CudaArray) -> NDArray[Any]:
    """Copy an array from its GPU, by CuPy or else by PyCUDA.

    Args:
        array: For PyCUDA on the first GPU and C-contiguous.

    Returns:
        Same shape and type, a new array.

    Raises:
        ImageError: Neither of them is installed, or the array cannot be copied.
        DeviceError: PyCUDA failed.
    """
    try:
        cupy = import_module('cupy')
    except ImportError:
        return _by_pycuda(array)
    try:
        return np.asarray(cupy.asnumpy(cupy.asarray(array)))
    except (TypeError, ValueError, RuntimeError) as err:
        msg = f'cupy cannot copy the image from the GPU: {err}'
        raise ImageError(msg) from err


def _by_pycuda(array: CudaArray) -> NDArray[Any]:
    facts = array.__cuda_array_interface__
    dtype, shape = np.dtype(facts['typestr']), tuple(facts['shape'])
    host = np.empty(shape, dtype)
    if facts.get('strides') not in (None, host.strides):
        msg = 'the image on the GPU is not C-contiguous: make it so, or install cupy'
        raise ImageError(msg)
    try:
        driver = import_module('pycuda.driver')
    except ImportError as err:
        msg = 'the image lies on a GPU: install cupy or pycuda, or give a copy in host memory'
        raise ImageError(msg) from err
    from ...engines.tensorrt.runtime.cuda import device_errors, gpu_context

    with gpu_context(0).current(), device_errors('copying an image from the GPU'):
        # What made the image may still be at work, on a stream of its own.
        driver.Context.synchronize()
        driver.memcpy_dtoh(host, facts['data'][0])
    return host
