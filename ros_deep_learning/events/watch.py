# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""When events begin and end: the small memory behind the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .rules import CompiledRule, EventRule, Gauge, Reading


@dataclass(frozen=True, slots=True)
class Event:
    """The begin or the end of an event.

    Attributes:
        rule: Its rule.
        begins: Whether it begins; else it ends.
        reading: What the rule found in this frame.
        lasted_s: Seconds since the first frame with a value high enough, by the stamps.
    """

    rule: EventRule
    begins: bool
    reading: Reading
    lasted_s: float


class RuleState:
    """What is remembered of one rule.

    Attributes:
        active: Whether the event goes on.
    """

    def __init__(self, rule: EventRule) -> None:
        self._rule = rule
        self.active = False
        self._last_ns: int | None = None
        self._pending_ns: int | None = None
        self._began_ns = 0

    def update(self, stamp_ns: int, reading: Reading) -> Event | None:
        """Take a frame; return the begin or end that it brings.

        After a gap between two stamps, or a jump back, nobody knows what happened between: what
        had to last begins anew, and an event that goes on does so.

        Args:
            stamp_ns: Stamp of the frame.
            reading: What the rule finds in it.
        """
        rule, last_ns = self._rule, self._last_ns
        self._last_ns = stamp_ns
        if last_ns is not None and not 0 <= stamp_ns - last_ns <= _ns(rule.gap_s):
            self._pending_ns = None
            self._began_ns = min(self._began_ns, stamp_ns)
        least = rule.goes_on_at if self.active else rule.begins_at
        if (reading.value >= least) == self.active:
            self._pending_ns = None
            return None
        if self._pending_ns is None:
            self._pending_ns = stamp_ns
        if stamp_ns - self._pending_ns < _ns(rule.rest_s if self.active else rule.for_s):
            return None
        self.active = not self.active
        if self.active:
            self._began_ns = self._pending_ns
        self._pending_ns = None
        return Event(rule, self.active, reading, (stamp_ns - self._began_ns) / 1e9)


class Watch:
    """Follows the rules over the frames of one camera."""

    def __init__(self) -> None:
        self._states: dict[CompiledRule, tuple[Gauge, RuleState]] = {}

    def reset(self) -> None:
        """Forget the frames so far; events that go on are not ended."""
        self._states.clear()

    def update(self, rules: Sequence[CompiledRule], stamp_ns: int, result: Any) -> list[Event]:
        """Take the result of a frame; return the events that begin or end with it.

        Args:
            rules: Those that hold now; one that was changed begins anew.
            stamp_ns: Stamp of the frame.
            result: Of the task that the rules are made for.
        """
        kept = self._states
        self._states = {
            one: kept.get(one) or (one.rule.gauge(one.class_ids), RuleState(one.rule))
            for one in rules
        }
        events = []
        for gauge, state in self._states.values():
            event = state.update(stamp_ns, gauge.read(result, stamp_ns))
            if event is not None:
                events.append(event)
        return events


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
