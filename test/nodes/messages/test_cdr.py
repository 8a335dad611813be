# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What is kept of the texts that messages are written of."""

from __future__ import annotations

import tracemalloc

import pytest
from std_msgs.msg import Header

from ros_deep_learning.nodes.messages.cdr import header_bytes

pytestmark = pytest.mark.rclpy


def test_long_frame_ids_fill_no_memory() -> None:
    tracemalloc.start()
    try:
        for k in range(50):
            data = header_bytes(Header(frame_id=f'{k:100000}'))
            assert data[12:] == f'{k:100000}\0'.encode()
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()
