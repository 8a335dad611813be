# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The Event message of the begin or end of an event."""

from __future__ import annotations

from typing import Any

from ...events.watch import Event
from .topics import Topic, message_type

EVENT_TOPIC = Topic(
    'out',
    '~/events',
    'ros_deep_learning/Event',
    'begins and ends of the events of the parameter events',
)
EventMessage = message_type(EVENT_TOPIC.type)
"""None if the package was built without message generators."""


def event_message(header: Any, event: Event, saved: str) -> Any:
    """Make an Event.

    Args:
        header: The header of the image that decided it, used unchanged.
        event: What began or ended.
        saved: Folder into which something is written, or empty.
    """
    return EventMessage(
        header=header,
        rule=event.rule.name,
        begins=event.begins,
        value=event.reading.value,
        count=event.reading.count,
        track_ids=list(map(str, event.reading.track_ids)),
        lasted_s=event.lasted_s,
        saved=saved,
    )
