# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""How long work (downloads, conversions, engine builds) says how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float | None], None]
"""Called with a short stage text and the done share 0..1, or None where that is unknown.

An exception raised by the callback cancels the work, which then leaves nothing half-made.
"""


def silent(stage: str, share: float | None) -> None:
    """Report to nobody."""
