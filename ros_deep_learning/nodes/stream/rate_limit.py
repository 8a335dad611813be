# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The greatest rate of a camera's frames."""

from __future__ import annotations

import math


class RateLimit:
    """Admits frames evenly at a mean rate; unused capacity does not add up."""

    def __init__(self) -> None:
        self._nominal_ns = -math.inf

    def admits(self, arrival_ns: int, rate_hz: float) -> bool:
        """Return whether to process a frame.

        Args:
            arrival_ns: Its arrival, by a clock that does not go back.
            rate_hz: The greatest rate; 0 is no limit. It may change between frames.
        """
        if rate_hz <= 0:
            return True
        period_ns = 1e9 / rate_hz
        due_ns = self._nominal_ns + period_ns
        if arrival_ns < due_ns:
            return False
        # From its due time, not its arrival: otherwise 30 frames a second limited to 20 would
        # become 15.
        self._nominal_ns = max(due_ns, arrival_ns - period_ns)
        return True
