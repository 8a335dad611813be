# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The names of parameters that a node has: a misspelt one is ignored by ROS without a word."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from .parameter_table import ParameterTable, rule_of

OF_EVERY_NODE = (
    'diagnostic_updater',
    'qos_overrides',
    'start_type_description_service',
    'use_sim_time',
)
"""Parameters, or their first parts, that rclpy and diagnostic_updater declare."""


def known_names(settings_types: Iterable[type[Any]]) -> set[str]:
    """Return the names that may be given to nodes, aliases and first parts of names included.

    Args:
        settings_types: The settings dataclass of each.
    """
    names = set(OF_EVERY_NODE)
    for settings_type in settings_types:
        for name, field in ParameterTable(settings_type).fields.items():
            names.update((name, *rule_of(field).aliases))
    return names


def unknown_names(given: Iterable[str], known: set[str]) -> dict[str, str]:
    """Return each given name that is not known, and what to say of it: a name that is near."""
    hints = {}
    for name in given:
        if name.split('.')[0] not in known:
            near = get_close_matches(name, known, 1)
            hints[name] = f'; did you mean {near[0]}?' if near else ''
    return hints
