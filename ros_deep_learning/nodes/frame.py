# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""An image on its way through a node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Frame:
    """An image message and when it came.

    Attributes:
        message: The sensor_msgs/Image; its header goes out with every result, unchanged.
        arrival_ns: ``time.monotonic_ns`` at its arrival.
    """

    message: Any
    arrival_ns: int

    @property
    def header(self) -> Any:
        """The image's header."""
        return self.message.header

    @property
    def stamp_ns(self) -> int:
        """The image's stamp in nanoseconds; 0 where the camera driver gave none."""
        stamp = self.message.header.stamp
        return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)
