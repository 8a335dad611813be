# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of nodes with events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from ...bags.libraries import check_libraries
from ...errors import SettingsError
from ...events.keeping import Limits
from ...events.rules import CompiledRule, EventRule, compile_rules, parse_rules
from .parameter_table import parameter
from .vision_settings import VisionSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSettings(VisionSettings):
    """The parameters of a vision node with events.

    Attributes:
        rule_type: What the rules are.
    """

    rule_type: ClassVar[type[EventRule]]
    events: str = parameter(
        '',
        'Rules of events, as YAML: NAME: {classes: person, for_s: 5, save: snapshot}; the keys '
        'are in docs/events.md.',
        live=True,
    )
    events_folder: str = parameter(
        '', 'Folder for what events save; empty saves nothing.', read_only=True
    )
    events_seconds: float = parameter(
        10.0, 'Seconds of images in the bag of an event.', minimum=1.0, maximum=120.0
    )
    events_most: int = parameter(
        100, 'Most saved events; the oldest are removed.', minimum=1, maximum=100_000
    )
    events_quota_mb: int = parameter(
        1000,
        'Most MiB of all saved events together; the oldest are removed.',
        minimum=1,
        maximum=10_000_000,
    )

    def __post_init__(self) -> None:
        # Not super(), which a dataclass with slots does not have before Python 3.14.
        VisionSettings.__post_init__(self)
        saving = [rule for rule in self.event_rules() if rule.save != 'nothing']
        if saving and not self.events_folder:
            msg = (
                f'events: rule {saving[0].name!r} saves a {saving[0].save}, but the parameter '
                'events_folder is empty; start the node with a folder'
            )
            raise SettingsError(msg)
        if any(rule.save == 'bag' for rule in saving):
            check_libraries()

    def event_rules(self) -> tuple[Any, ...]:
        """Return the rules, of ``rule_type``.

        Raises:
            SettingsError: A rule is malformed.
        """
        return parse_rules(self.events, self.rule_type)

    def compiled_rules(self, labels: Sequence[str]) -> tuple[CompiledRule, ...]:
        """Return the rules for a network's classes.

        Raises:
            SettingsError: A class is none of the labels.
        """
        return compile_rules(self.event_rules(), labels)

    def event_limits(self) -> Limits:
        """Return how much is kept of events."""
        return Limits(self.events_most, self.events_quota_mb)
