# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The least that receives a message with one copy: what a node could cost.

Of rclpy it uses ``Subscription.handle.pointer`` and the wait set, of rcl
``rcl_take_serialized_message``. With Fast DDS only: Cyclone DDS resizes the buffer to each
message.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from numpy.typing import NDArray
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.qos import QoSProfile
from std_msgs.msg import Header

from ros_deep_learning.imaging.serialized import ImageReader

# More than any message here, so that rcl never allocates.
CAPACITY = 32 << 20
WAIT_NS = 1_000_000_000

_read = ImageReader()


class _Allocator(ctypes.Structure):
    """``rcutils_allocator_t``."""

    _fields_ = tuple(
        (name, ctypes.c_void_p)
        for name in ('allocate', 'deallocate', 'reallocate', 'zero_allocate', 'state')
    )


class _ByteArray(ctypes.Structure):
    """``rcutils_uint8_array_t``."""

    _fields_ = (
        ('buffer', ctypes.c_void_p),
        ('buffer_length', ctypes.c_size_t),
        ('buffer_capacity', ctypes.c_size_t),
        ('allocator', _Allocator),
    )


def receive(
    node: Node,
    topics: Mapping[str, type[Any]],
    take: Callable[[str, NDArray[np.uint8]], None],
    goes_on: Callable[[], bool],
    memory: NDArray[np.uint8] | None = None,
) -> None:
    """Receive messages while ``goes_on`` returns True; no executor may spin the node.

    Args:
        node: The node that subscribes.
        topics: Class of the messages of each topic.
        take: Called with a topic and the bytes of a message, shape (N,), valid during the call.
        goes_on: Called after each message, and after a second without any.
        memory: What messages are taken into, shape (``CAPACITY``,), uint8; None allocates it.
    """
    rcl, rcutils = ctypes.CDLL('librcl.so'), ctypes.CDLL('librcutils.so')
    rcutils.rcutils_get_default_allocator.restype = _Allocator
    rcl.rcl_take_serialized_message.argtypes = (ctypes.c_void_p,) * 4
    subscriptions = [
        node.create_subscription(kind, topic, lambda _: None, QoSProfile(depth=1), raw=True)
        for topic, kind in topics.items()
    ]
    memory = np.empty(CAPACITY, np.uint8) if memory is None else memory
    array = _ByteArray(memory.ctypes.data, 0, CAPACITY, rcutils.rcutils_get_default_allocator())
    # Larger than rmw_message_info_t of any distribution.
    info = ctypes.create_string_buffer(512)
    context = node.context.handle
    with ExitStack() as used:
        for handle in (context, *(each.handle for each in subscriptions)):
            used.enter_context(handle)
        wait_set = rclpy_implementation.WaitSet(len(subscriptions), 0, 0, 0, 0, 0, context)
        while goes_on():
            wait_set.clear_entities()
            for each in subscriptions:
                wait_set.add_subscription(each.handle)
            wait_set.wait(WAIT_NS)
            for k, (topic, each) in enumerate(zip(topics, subscriptions, strict=True)):
                if not wait_set.is_ready('subscription', k):
                    continue
                pointer = each.handle.pointer
                if not rcl.rcl_take_serialized_message(pointer, ctypes.byref(array), info, None):
                    take(topic, memory[: array.buffer_length])


def image(data: NDArray[np.uint8]) -> Any:
    """Return an object like ``sensor_msgs/Image`` whose data is a view of the bytes."""
    return _read(data, _header)


def stamp_ns(data: NDArray[np.uint8]) -> int:
    """Return the stamp of a message that begins with a header, in nanoseconds."""
    # After the four bytes that say which CDR it is; little-endian, as all machines here.
    sec, nanosec = np.frombuffer(data, '<u4', 2, 4)
    return int(sec) * 10**9 + int(nanosec)


def _header(sec: int, nanosec: int, frame_id: str) -> Header:
    return Header(stamp=Time(sec=sec, nanosec=nanosec), frame_id=frame_id)
