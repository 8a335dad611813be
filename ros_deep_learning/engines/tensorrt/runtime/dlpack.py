# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""DLPack's capsules of tensors on a GPU, read and made (dlpack.h, the unversioned struct)."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

CPU, CUDA, CUDA_MANAGED = 1, 2, 13
"""Codes of DLDeviceType."""

_NAME = b'dltensor'
_KINDS = {0: 'i', 1: 'u', 2: 'f', 6: 'b'}
"""NumPy's kind by DLDataTypeCode."""


class _Device(ctypes.Structure):
    _fields_ = (('kind', ctypes.c_int32), ('index', ctypes.c_int32))


class _DataType(ctypes.Structure):
    _fields_ = (('code', ctypes.c_uint8), ('bits', ctypes.c_uint8), ('lanes', ctypes.c_uint16))


class _Tensor(ctypes.Structure):
    _fields_ = (
        ('data', ctypes.c_void_p),
        ('device', _Device),
        ('ndim', ctypes.c_int32),
        ('dtype', _DataType),
        ('shape', ctypes.POINTER(ctypes.c_int64)),
        ('strides', ctypes.POINTER(ctypes.c_int64)),
        ('byte_offset', ctypes.c_uint64),
    )


_get_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ('PyCapsule_GetPointer', ctypes.pythonapi)
)


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """What a capsule says of its tensor.

    Attributes:
        pointer: Address of the first element.
        device: Type and number of the device.
        shape: Its shape.
        strides: In bytes.
        typestr: NumPy's text for its type, such as ``|u1``; empty where it has none.
    """

    pointer: int
    device: tuple[int, int]
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    typestr: str


def read_capsule(capsule: Any) -> TensorFacts:
    """Read a capsule that ``__dlpack__`` returned; it keeps the tensor alive and stays unused.

    Raises:
        ValueError: It is none, or was used.
    """
    tensor = _tensor_of(capsule)
    shape = tuple(tensor.shape[k] for k in range(tensor.ndim))
    itemsize = tensor.dtype.bits * tensor.dtype.lanes // 8
    if tensor.strides:
        strides = tuple(tensor.strides[k] * itemsize for k in range(tensor.ndim))
    else:
        strides = contiguous_strides(shape, itemsize)
    kind = _KINDS.get(tensor.dtype.code, '') if tensor.dtype.lanes == 1 else ''
    return TensorFacts(
        int(tensor.data or 0) + int(tensor.byte_offset),
        (tensor.device.kind, tensor.device.index),
        shape,
        strides,
        np.dtype(f'{kind}{itemsize}').str if kind and itemsize else '',
    )


def make_capsule(
    owner: object,
    pointer: int,
    shape: Sequence[int],
    dtype: np.dtype[Any],
    device: tuple[int, int],
) -> Any:
    """Make a capsule of a C-contiguous tensor, for ``__dlpack__`` to return.

    NumPy makes it, as of an array in host memory, and only the device is changed then. So what
    frees the tensor is NumPy's C code, which works while an exception is on its way and at the
    end of the process, where a function of Python's could not be called.

    Args:
        owner: Kept until the consumer deletes the tensor, or the capsule goes unused.
        pointer: Address of the first element.
        shape: Its shape.
        dtype: Its type: whole numbers, floats or bool.
        device: Type and number of the device.
    """
    array: Any = np.asarray(_Holder(owner, pointer, tuple(shape), dtype))
    capsule = array.__dlpack__()
    tensor = _tensor_of(capsule)
    tensor.device.kind, tensor.device.index = device
    return capsule


def contiguous_strides(shape: Sequence[int], itemsize: int) -> tuple[int, ...]:
    """Compute the strides in bytes of a C-contiguous array."""
    strides = [itemsize] * len(shape)
    for k in range(len(shape) - 2, -1, -1):
        strides[k] = strides[k + 1] * max(1, shape[k + 1])
    return tuple(strides)


class _Holder:
    """What NumPy takes an array from, and keeps; it does not read the memory."""

    def __init__(
        self, owner: object, pointer: int, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        self._owner = owner
        self.__array_interface__ = {
            'shape': shape,
            'typestr': dtype.str,
            'data': (pointer, False),
            'version': 3,
        }


def _tensor_of(capsule: Any) -> _Tensor:
    address = _get_pointer(capsule, _NAME)
    return ctypes.cast(address, ctypes.POINTER(_Tensor)).contents
