# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Compute the progress of a build from the phases that TensorRT reports."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(slots=True)
class _Phase:
    name: str
    steps: int
    done: int = 0


class Phases:
    """Nested phases with a number of steps each; reports may come from several threads.

    TensorRT starts a phase within a step of the parent phase, so the phase's share is a part of
    that step. The share never decreases: TensorRT repeats phases for each part of a network, and
    does not report the number of parts.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[_Phase] = []
        self._share = 0.0

    def report(self, event: str, phase: str, count: int | None) -> float:
        """Process a report of TensorRT.

        Args:
            event: ``start``, ``step`` or ``finish``.
            phase: Name of the phase.
            count: Number of steps for ``start``, index of the finished step for ``step``.

        Returns:
            Finished share of the build, 0 to 1.
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
