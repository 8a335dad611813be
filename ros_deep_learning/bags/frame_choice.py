# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Which images of a recording are worth a label; the rules are those of ``rdl collect``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..collecting.triggers import Trigger
from ..imaging.pixels import Pixels
from ..tasks.classification import Classification
from ..tasks.detection import Detections


@dataclass(slots=True)
class FrameChoice:
    """Passes images by their number, and by rules of which each topic has its own.

    Attributes:
        nth: Of each topic one of so many images passes, beginning with the first.
        triggers: Make the rules, all of which an image has to meet.
    """

    nth: int = 1
    triggers: Sequence[Callable[[], Trigger]] = ()
    _counts: Counter[str] = field(default_factory=Counter)
    _rules: dict[str, list[Trigger]] = field(default_factory=dict)

    def is_due(self, topic: str) -> bool:
        """Count an image of a topic; return whether it passes by its number."""
        self._counts[topic] += 1
        return (self._counts[topic] - 1) % self.nth == 0

    def wants(self, topic: str, pixels: Pixels, time_ns: int) -> bool:
        """Return whether an image meets the rules; it was received at a time."""
        rules = self._rules.setdefault(topic, [make() for make in self.triggers])
        frame_bgr = np.ascontiguousarray(pixels.as_order('bgr'))
        return all(rule.wants(frame_bgr, time_ns * 1e-9) for rule in rules)


def scores_of(found: Any) -> list[float]:
    """Return the scores 0..1 of what a network found; of a mask its mean confidence."""
    if isinstance(found, (Detections, Classification)):
        scores: list[float] = found.scores.tolist()
        return scores[:1] if isinstance(found, Classification) else scores
    return [float(np.nanmean(found.confidence_mask))]
