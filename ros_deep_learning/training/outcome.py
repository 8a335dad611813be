# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""How a training went."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fitted:
    """How a training went.

    Attributes:
        rows: The numbers of each epoch by name, such as ``val_loss``.
        parts: Number of parts into which a batch was divided, since memory ran out.
        stopped_early: Whether the last epochs were not needed.
        seconds: How long the steps of this process took, without its start.
    """

    rows: tuple[dict[str, float], ...]
    parts: int
    stopped_early: bool
    seconds: float = 0.0
