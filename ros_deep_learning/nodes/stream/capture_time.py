# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The stamp of a frame that this process has captured."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node
from rclpy.time import Time

from ...video.stamped import StampedFrame, own_time_ns

WARN_PERIOD_S = 30.0


def capture_time(frame: StampedFrame, node: Node, source: str) -> Any:
    """Return the time of capture by this machine's clock, or now if it is not known.

    Args:
        frame: The frame, just captured.
        node: Whose clock and log it is.
        source: The source's name, for the log.
    """
    now = node.get_clock().now()
    if frame.captured_ns is None or node.get_parameter('use_sim_time').value:
        return now.to_msg()
    time_ns = own_time_ns(frame.captured_ns, now.nanoseconds)
    if time_ns is None:
        age_s = (now.nanoseconds - frame.captured_ns) * 1e-9
        node.get_logger().warning(
            f'{source} tells a time of capture that is {age_s:.1f} s ago: the clocks of the two '
            'machines differ, so that images are stamped when they arrive; to fix: synchronise '
            'them (NTP)',
            throttle_duration_sec=WARN_PERIOD_S,
        )
        return now.to_msg()
    return Time(nanoseconds=time_ns).to_msg()
