# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The least that receives an image with one copy: what a node could cost, for receive.py.

Of rclpy it uses ``Subscription.handle.pointer`` and the wait set, of rcl
``rcl_take_serialized_message``. With Fast DDS only: Cyclone DDS resizes the buffer to each
message.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from ros_deep_learning.imaging.serialized import read_image

# More than any message here, so that rcl never allocates.
CAPACITY = 32 << 20
WAIT_NS = 1_000_000_000


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
    node: Node, topic: str, take: Callable[[Any], None], goes_on: Callable[[], bool]
) -> None:
    """Receive images while ``goes_on`` returns True; no executor may spin the node."""
    rcl, rcutils = ctypes.CDLL('librcl.so'), ctypes.CDLL('librcutils.so')
    rcutils.rcutils_get_default_allocator.restype = _Allocator
    rcl.rcl_take_serialized_message.argtypes = (ctypes.c_void_p,) * 4
    subscription = node.create_subscription(
        Image, topic, lambda _: None, QoSProfile(depth=1), raw=True
    )
    memory = np.empty(CAPACITY, np.uint8)
    array = _ByteArray(memory.ctypes.data, 0, CAPACITY, rcutils.rcutils_get_default_allocator())
    # Larger than rmw_message_info_t of any distribution.
    info = ctypes.create_string_buffer(512)
    context = node.context.handle
    with context, subscription.handle:
        wait_set = rclpy_implementation.WaitSet(1, 0, 0, 0, 0, 0, context)
        while goes_on():
            wait_set.clear_entities()
            wait_set.add_subscription(subscription.handle)
            wait_set.wait(WAIT_NS)
            if not wait_set.is_ready('subscription', 0):
                continue
            pointer = subscription.handle.pointer
            if not rcl.rcl_take_serialized_message(pointer, ctypes.byref(array), info, None):
                take(read_image(memory[: array.buffer_length], _header))


def _header(sec: int, nanosec: int, frame_id: str) -> Header:
    return Header(stamp=Time(sec=sec, nanosec=nanosec), frame_id=frame_id)
