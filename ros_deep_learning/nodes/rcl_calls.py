# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Every C function of rcl that the package calls, and rclpy's objects that lead to them.

Tried on Humble (rclpy 3), Jazzy (rclpy 7) and Kilted (rclpy 9), with Fast DDS, and on Jazzy with
Cyclone DDS. Whatever is missing is an RclpyError.

rclpy takes a serialised message into ``bytes``: two allocations and two copies of an image.
``rcl_take_serialized_message`` takes it into memory of the caller.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from numpy.typing import NDArray
from rclpy.subscription import Subscription

from ..errors import RclpyError

# rcl/types.h.
_TAKE_FAILED = 401
# rmw/types.h: RMW_MESSAGE_INFO_SEQUENCE_NUMBER_UNSUPPORTED.
_UNNUMBERED = 2**64 - 1

POINTER = 'pointer'
"""The attribute of a subscription's handle that has the address of its ``rcl_subscription_t``."""

Allocate = Callable[[int], NDArray[np.uint8]]
"""Returns memory of at least so many bytes, shape (N,); raises MemoryError."""

_Reallocate = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)
_Deallocate = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)


class _Allocator(ctypes.Structure):
    """``rcutils_allocator_t``."""

    _fields_ = (
        ('allocate', ctypes.c_void_p),
        ('deallocate', _Deallocate),
        ('reallocate', _Reallocate),
        ('zero_allocate', ctypes.c_void_p),
        ('state', ctypes.c_void_p),
    )


class _ByteArray(ctypes.Structure):
    """``rcutils_uint8_array_t``."""

    _fields_ = (
        ('buffer', ctypes.c_void_p),
        ('buffer_length', ctypes.c_size_t),
        ('buffer_capacity', ctypes.c_size_t),
        ('allocator', _Allocator),
    )


class _MessageInfo(ctypes.Structure):
    """``rmw_message_info_t``, of which the end differs between distributions."""

    _fields_ = (
        ('source_timestamp', ctypes.c_int64),
        ('received_timestamp', ctypes.c_int64),
        ('publication_sequence_number', ctypes.c_uint64),
        ('reception_sequence_number', ctypes.c_uint64),
        ('rest', ctypes.c_uint8 * 256),
    )


class _ErrorString(ctypes.Structure):
    """``rcutils_error_string_t``."""

    _fields_ = (('text', ctypes.c_char * 1024),)


class SerializedTake:
    """Takes the messages of a subscription in their serialised form into memory of the caller.

    Called by one thread.

    Args:
        subscription: The subscription; it outlives this.
        allocate: Gives the memory of the messages.

    Raises:
        RclpyError: This rclpy or rcl lacks something.
    """

    def __init__(self, subscription: Subscription, allocate: Allocate) -> None:
        self._functions = _functions()
        self._pointer = getattr(subscription.handle, POINTER, None)
        if self._pointer is None:
            folder = Path(rclpy.__file__).parent
            msg = f'the rclpy in {folder} has no Subscription.handle.{POINTER}'
            raise RclpyError(msg)
        self._allocate = allocate
        self._expected_bytes = 1
        self._memory = np.empty(0, np.uint8)
        self._info = _MessageInfo()
        self._array = _ByteArray()
        self._array.allocator = self._functions.rcutils_get_default_allocator()
        self._array.allocator.reallocate = _Reallocate(self._reallocate)
        # The memory is freed with the array that it belongs to.
        self._array.allocator.deallocate = _Deallocate(lambda *_: None)

    def take(self) -> tuple[NDArray[np.uint8], int | None] | None:
        """Take the next message.

        Returns:
            Its bytes, shape (N,), in memory that was allocated for it alone, and the publisher's
            number of it, None where the middleware has none; None if no message is there.

        Raises:
            RclpyError: It could not be taken, such as for lack of memory.
        """
        array = self._array
        # As large as the last one, so that most messages fit at once.
        self._memory = self._allocate(self._expected_bytes)
        array.buffer = self._memory.ctypes.data
        array.buffer_length, array.buffer_capacity = 0, self._memory.size
        result = self._functions.rcl_take_serialized_message(
            self._pointer, ctypes.byref(array), ctypes.byref(self._info), None
        )
        memory, self._memory = self._memory, np.empty(0, np.uint8)
        if result:
            self._check(result)
            return None
        self._expected_bytes = array.buffer_length
        number = self._info.publication_sequence_number
        return memory[: array.buffer_length], None if number == _UNNUMBERED else number

    def _check(self, result: int) -> None:
        text = self._functions.rcutils_get_error_string().text.decode(errors='replace')
        self._functions.rcutils_reset_error()
        if result != _TAKE_FAILED:
            msg = f'a message cannot be taken: {text} (rcl {result})'
            raise RclpyError(msg)

    def _reallocate(self, _: int | None, n_bytes: int, __: int | None) -> int | None:
        """Return the address of enough memory; what it had is not needed: it is not written yet.

        Cyclone DDS asks for the size of each message, also if it has more.
        """
        try:
            if n_bytes > self._memory.size:
                self._memory = self._allocate(n_bytes)
        except Exception:  # noqa: BLE001  no exception passes through C; rcl reports no memory
            return None
        return int(self._memory.ctypes.data)


class _Functions:
    """The C functions, with their types."""

    def __init__(self) -> None:
        # By the names that rclpy's own libraries are loaded with, so that they are found anywhere.
        rcl, rcutils = ctypes.CDLL('librcl.so'), ctypes.CDLL('librcutils.so')
        self.rcl_take_serialized_message: Any = rcl.rcl_take_serialized_message
        self.rcl_take_serialized_message.argtypes = (ctypes.c_void_p,) * 4
        self.rcl_take_serialized_message.restype = ctypes.c_int
        self.rcutils_get_default_allocator: Any = rcutils.rcutils_get_default_allocator
        self.rcutils_get_default_allocator.restype = _Allocator
        self.rcutils_get_error_string: Any = rcutils.rcutils_get_error_string
        self.rcutils_get_error_string.restype = _ErrorString
        self.rcutils_reset_error: Any = rcutils.rcutils_reset_error
        self.rcutils_reset_error.restype = None


@cache
def _functions() -> _Functions:
    try:
        return _Functions()
    except (OSError, AttributeError, TypeError) as err:
        msg = f'rcl has not what images are taken with: {err}'
        raise RclpyError(msg) from err
