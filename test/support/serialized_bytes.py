# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Compare serialised messages with those of rclpy, and make headers for them."""

from __future__ import annotations

from builtin_interfaces.msg import Time
from hypothesis import strategies as st
from rclpy.serialization import serialize_message
from std_msgs.msg import Header

ENCAPSULATION = 4
SIZES = {'uint8': 1, 'int32': 4, 'uint32': 4, 'float': 4, 'double': 8}
# A text ends with its first zero.
TEXTS = st.text(st.characters(exclude_categories=['Cs']), max_size=12) | st.sampled_from(
    ['', '\0', 'a\0b', 'Ampel (rot) äöü', '交通信号灯', 'x' * 300]
)
HEADERS = st.builds(
    Header,
    stamp=st.builds(Time, sec=st.integers(-(2**31), 2**31 - 1), nanosec=st.integers(0, 2**32 - 1)),
    frame_id=TEXTS,
)


class _Padding:
    """Where the serialised form of a message has bytes of no meaning, which rclpy leaves unset."""

    def __init__(self, message):
        self.places = []
        self.length = ENCAPSULATION
        self._fields(message)

    def _fields(self, message):
        for name, kind in message.get_fields_and_field_types().items():
            self._walk(kind, getattr(message, name))

    def _walk(self, kind, value):
        if kind == 'string':
            self._take(4, 4 + len(value.partition('\0')[0].encode()) + 1)
        elif kind == 'double[36]':
            self._take(8, 36 * 8)
        elif kind in SIZES:
            self._take(SIZES[kind], SIZES[kind])
        elif kind.startswith('sequence<'):
            self._take(4, 4)
            for one in value:
                self._walk(kind.removeprefix('sequence<').removesuffix('>'), one)
        else:
            self._fields(value)

    def _take(self, alignment, size):
        while (self.length - ENCAPSULATION) % alignment:
            self.places.append(self.length)
            self.length += 1
        self.length += size


def assert_bytes_of_rclpy(data, message):
    """Assert that some bytes are those that rclpy makes of a message, with zeros as padding."""
    by_rclpy = bytearray(serialize_message(message))
    padding = _Padding(message)
    assert len(data) == len(by_rclpy) == padding.length
    for place in padding.places:
        by_rclpy[place] = 0
    assert bytes(data) == by_rclpy
