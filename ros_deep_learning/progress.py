# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Progress reports of long work: downloads, conversions, engine builds."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float | None], None]
"""Called with a short stage text and the finished share, 0 to 1, or None if that is unknown.

An exception raised by the callback cancels the work, which then leaves no half-finished files.
"""


def silent(stage: str, share: float | None) -> None:
    """Ignore the report."""
