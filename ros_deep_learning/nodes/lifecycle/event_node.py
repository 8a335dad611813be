# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A vision node with events: rules on its results, published and kept."""

from __future__ import annotations

from ...events.kept_results import KeptResult
from ..messages.event_message import EVENT_TOPIC
from ..parameters.event_settings import EventSettings
from ..stream.event_reports import EventReports
from .vision_node import VisionNode


class EventNode(VisionNode):
    """A vision node whose plan has the rules ``events``, and whose ``publish`` follows them.

    Attributes:
        kept_result: What its results are.
        events: Follows the rules over the frames.
    """

    settings_type: type[EventSettings]
    kept_result: KeptResult
    topics = (*VisionNode.topics, EVENT_TOPIC)

    def __init__(self) -> None:
        super().__init__()
        name, warn = self.get_fully_qualified_name(), self.get_logger().warning
        self.events = EventReports(name, self.kept_result, warn)

    def begin(self) -> None:
        """Begin with no events."""
        settings: EventSettings = self.settings
        limits = settings.event_limits()
        self.events.begin(settings.events_folder, limits, settings.events_seconds)
        super().begin()

    def end(self) -> None:
        """Finish the frames in hand, and the events that are being written."""
        super().end()
        self.events.end()

    def runs_unwatched(self) -> bool:
        """Return whether a rule saves something when an event begins."""
        plan = self.setup.now.plan
        return plan is not None and any(one.rule.save != 'nothing' for one in plan.events)
