# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The input of a network where the user says nothing about it."""

from __future__ import annotations

from typing import Any

from ..cards.card import Task
from .settings import DFINE, SIZES, TIMM


def usual_input(task: Task, network: str) -> dict[str, Any]:
    """Return the input of a network where nothing else is said, as fields of the settings.

    A network of timm has the size and the crop with which it was published.

    Raises:
        TrainingError: timm has no such network.
    """
    if network.startswith(TIMM):
        from .modules.timm_networks import timm_input

        return timm_input(network)
    return {'size_wh': (640, 640) if network.startswith(DFINE) else SIZES[task]}
