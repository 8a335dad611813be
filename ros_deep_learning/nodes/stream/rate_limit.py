# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Which frames of a camera a greatest rate lets through."""

from __future__ import annotations

import math


class RateLimit:
    """Lets frames through at a mean rate, evenly, without adding up what was not used."""

    def __init__(self) -> None:
        self._nominal_ns = -math.inf

    def admits(self, arrival_ns: int, rate_hz: float) -> bool:
        """Decide about a frame.

        Args:
            arrival_ns: When it came, on a clock that does not go back.
            rate_hz: The greatest rate; 0 is none. It may change between frames.
        """
        if rate_hz <= 0:
            return True
        period_ns = 1e9 / rate_hz
        due_ns = self._nominal_ns + period_ns
        if arrival_ns < due_ns:
            return False
        # From when it was due, not from when it came: else 30 frames a second limited to 20
        # would become 15.
        self._nominal_ns = max(due_ns, arrival_ns - period_ns)
        return True
