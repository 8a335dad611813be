# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Every C function of rcl that the package calls, and the objects of rclpy that this needs.

Tried on Humble (rclpy 3), Jazzy (rclpy 7) and Kilted (rclpy 9), with Fast DDS, and on Jazzy with
Cyclone DDS. Whatever is missing is an RclpyError.

rclpy takes a serialised message into ``bytes``: two allocations and two copies of an image.
``rcl_take_serialized_message`` takes it into memory of the caller. Of rclpy are used
``Subscription.handle.pointer``, ``Subscription.event_handlers``, and ``WaitSet`` of its extension
module, since an executor waits for whole nodes.

It copies ``bytes`` twice before it publishes them, and a message that is no bytes is converted
field by field. ``rcl_publish_serialized_message`` takes them from memory of the caller, by
``Publisher.handle.pointer``.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from numpy.typing import NDArray
from rclpy.callback_groups import CallbackGroup
from rclpy.context import Context
from rclpy.guard_condition import GuardCondition
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.publisher import Publisher
from rclpy.subscription import Subscription

from ..engines.on_device import Allocate
from ..errors import RclpyError

# rcl/types.h.
_TAKE_FAILED = 401
# rmw/types.h: RMW_MESSAGE_INFO_SEQUENCE_NUMBER_UNSUPPORTED.
_UNNUMBERED = 2**64 - 1

POINTER = 'pointer'
"""The attribute of a handle that has the address of its ``rcl_subscription_t`` or
``rcl_publisher_t``."""

Taken = tuple[NDArray[np.uint8], int | None]
"""The bytes of a message, shape (N,), and the publisher's number of it, None without one."""

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

    def take(self) -> Taken | None:
        """Take the next message.

        Returns:
            It, in memory that was allocated for it alone; None if no message is there.

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
        text = self._functions.error()
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


class SerializedPublish:
    """Publishes messages that are serialised already, from memory of the caller.

    Args:
        publisher: The publisher; what rclpy lacks is made up for with copies.
    """

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        try:
            self._functions: _Functions | None = _functions()
            self._pointer = getattr(publisher.handle, POINTER)
        except (RclpyError, AttributeError):
            self._functions = None

    def publish(self, message: bytes | NDArray[np.uint8]) -> None:
        """Publish a message; the middleware has copied it when this returns.

        Args:
            message: The whole of it, from its encapsulation header on; shape (N,), C-contiguous.

        Raises:
            RclpyError: It cannot be published.
            InvalidHandle: The publisher was destroyed; of rclpy.
        """
        data = np.frombuffer(message, np.uint8)
        if self._functions is None:
            self._publisher.publish(data.tobytes())
            return
        # One for each call, since a publisher may be used by several threads.
        array = _ByteArray(data.ctypes.data, data.size, data.size)
        with self._publisher.handle:
            result = self._functions.rcl_publish_serialized_message(
                self._pointer, ctypes.byref(array), None
            )
        if result:
            msg = f'a message cannot be published: {self._functions.error()} (rcl {result})'
            raise RclpyError(msg)


class OffExecutor(CallbackGroup):  # type: ignore[misc]
    """The group of a subscription that no executor waits for."""

    def can_execute(self, entity: Any) -> bool:
        """Return False: an executor leaves it out."""
        return False

    def beginning_execution(self, entity: Any) -> bool:
        """Return False: an executor leaves it out."""
        return False

    def ending_execution(self, entity: Any) -> None:
        """Do nothing."""


class MessageWait:
    """Waits for a subscription and its events, until a guard condition is triggered.

    Used by one thread within a ``with`` block, which keeps all of them from being destroyed,
    whoever destroys the node.

    Args:
        subscription: Its group is an ``OffExecutor``.
        guard: What ends a wait.
        context: That of both.

    Raises:
        RclpyError: This rclpy lacks something.
    """

    def __init__(
        self, subscription: Subscription, guard: GuardCondition, context: Context
    ) -> None:
        self._subscription, self._guard, self._context = subscription, guard, context
        try:
            self._events = tuple(subscription.event_handlers)
            self._wait_set = rclpy_implementation.WaitSet(
                1, 1, 0, 0, 0, len(self._events), context.handle
            )
            # Now, so that whatever is missing is found at once.
            with self:
                self.wait(0)
        except (AttributeError, TypeError) as err:
            msg = f'the rclpy in {Path(rclpy.__file__).parent} cannot wait for images: {err}'
            raise RclpyError(msg) from err

    def __enter__(self) -> None:
        with ExitStack() as used:
            handles = self._context.handle, self._subscription.handle, self._guard.handle
            for each in (*handles, *self._events, self._wait_set):
                used.enter_context(each)
            self._used = used.pop_all()

    def __exit__(self, *_: object) -> None:
        self._used.close()

    def wait(self, timeout_ns: int = -1) -> bool:
        """Wait until one of them is ready, with -1 for however long.

        Returns:
            Whether a message is there.
        """
        self._wait_set.clear_entities()
        self._wait_set.add_subscription(self._subscription.handle)
        self._wait_set.add_guard_condition(self._guard.handle)
        for event in self._events:
            event.add_to_wait_set(self._wait_set)
        self._wait_set.wait(timeout_ns)
        return bool(self._wait_set.is_ready('subscription', 0))

    def events(self) -> Iterator[Any]:
        """Take the events that the last wait found."""
        for event in self._events:
            if event.is_ready(self._wait_set):
                yield event.take_data()


class _Functions:
    """The C functions, with their types."""

    def __init__(self) -> None:
        # By the names that rclpy's own libraries are loaded with, so that they are found anywhere.
        rcl, rcutils = ctypes.CDLL('librcl.so'), ctypes.CDLL('librcutils.so')
        self.rcl_take_serialized_message: Any = rcl.rcl_take_serialized_message
        self.rcl_take_serialized_message.argtypes = (ctypes.c_void_p,) * 4
        self.rcl_take_serialized_message.restype = ctypes.c_int
        self.rcl_publish_serialized_message: Any = rcl.rcl_publish_serialized_message
        self.rcl_publish_serialized_message.argtypes = (ctypes.c_void_p,) * 3
        self.rcl_publish_serialized_message.restype = ctypes.c_int
        self.rcutils_get_default_allocator: Any = rcutils.rcutils_get_default_allocator
        self.rcutils_get_default_allocator.restype = _Allocator
        self._get_error: Any = rcutils.rcutils_get_error_string
        self._get_error.restype = _ErrorString
        self._reset_error: Any = rcutils.rcutils_reset_error
        self._reset_error.restype = None

    def error(self) -> str:
        """Return the text of the last error of this thread, which is forgotten."""
        text: str = self._get_error().text.decode(errors='replace')
        self._reset_error()
        return text


@cache
def _functions() -> _Functions:
    try:
        return _Functions()
    except (OSError, AttributeError, TypeError) as err:
        msg = f'rcl has not what messages are taken and published with: {err}'
        raise RclpyError(msg) from err
