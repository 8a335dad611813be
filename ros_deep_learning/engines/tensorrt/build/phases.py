# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""How far a build is, from the phases that TensorRT reports."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(slots=True)
class _Phase:
    name: str
    steps: int
    done: int = 0


class Phases:
    """Nested phases, each a number of steps; reports may come from several threads.

    TensorRT starts a phase within a step of its parent, so that a phase's share counts towards
    the step its parent is at. The share never goes back: TensorRT repeats phases for parts of a
    network whose number it does not tell.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[_Phase] = []
        self._share = 0.0

    def report(self, event: str, phase: str, count: int | None) -> float:
        """Take in one report.

        Args:
            event: ``start``, ``step`` or ``finish``.
            phase: The phase's name.
            count: Number of steps for ``start``, index of the step that is done for ``step``.

        Returns:
            The share of the whole that is done, 0..1.
        """
        with self._lock:
            if event == 'start':
                self._open.append(_Phase(phase, max(count or 0, 1)))
            else:
                self._advance(event, phase, count)
            self._share = max(self._share, min(self._now(), 1.0))
            return self._share

    def _advance(self, event: str, phase: str, count: int | None) -> None:
        found = next((p for p in reversed(self._open) if p.name == phase), None)
        if found is None:
            return
        if event == 'step':
            found.done = min(max(found.done, (count or 0) + 1), found.steps)
            return
        self._open.remove(found)
        if not self._open:
            self._share = 1.0

    def _now(self) -> float:
        share, width = 0.0, 1.0
        for phase in self._open:
            width /= phase.steps
            share += width * phase.done
            if phase.done >= phase.steps:
                width = 0.0
        return share
