# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the weights are from that a training begins with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InitialWeights:
    """Where the weights of a network in training are from.

    Attributes:
        source: One line for people.
        trained: Whether they were trained before.
    """

    source: str
    trained: bool
