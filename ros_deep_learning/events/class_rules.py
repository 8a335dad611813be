# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Rules of events on what an image shows as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..tasks.classification import Classification
from .rules import EventRule, Gauge, Reading, key


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRule(EventRule):
    """A rule on the score of the best of some classes.

    Attributes:
        min_score: Least score with which the event begins, above 0 to 1.
        keep: Least score with which it goes on, 0 to ``min_score``; None is ``min_score``.
    """

    example = 'cats: {classes: [tabby, tiger cat], min_score: 0.6, keep: 0.4}'
    min_score: float = key(float, 0.5)
    keep: float | None = key(float, None)

    @property
    def begins_at(self) -> float:
        """The score with which the event begins."""
        return self.min_score

    @property
    def goes_on_at(self) -> float:
        """The least score with which it goes on."""
        return self.min_score if self.keep is None else self.keep

    def gauge(self, class_ids: frozenset[int] | None) -> ClassGauge:
        """Make what reads the scores of one camera."""
        return ClassGauge(self, class_ids)

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the values."""
        # Not super(), which a dataclass with slots does not have before Python 3.14.
        yield from EventRule.faults(self)
        if not 0 < self.min_score <= 1:
            yield f'min_score: expected more than 0, up to 1, got {self.min_score}'
        if self.keep is not None and not 0 < self.keep <= self.min_score:
            yield (
                f'keep: expected more than 0, up to min_score ({self.min_score}), got {self.keep}'
            )


class ClassGauge(Gauge):
    """Reads the best score of a rule's classes."""

    def __init__(self, rule: ClassRule, class_ids: frozenset[int] | None) -> None:
        self._rule = rule
        self._class_ids = None if class_ids is None else np.array(sorted(class_ids))

    def read(self, result: Classification, stamp_ns: int) -> Reading:
        """Read a frame's scores; the settings that pick some for the topic do not matter."""
        scores = result.scores
        if result.probabilities is not None:
            scores = result.probabilities
            scores = scores if self._class_ids is None else scores[self._class_ids]
        elif self._class_ids is not None:
            scores = scores[np.isin(result.class_ids, self._class_ids)]
        # Rounding may lift a probability above 1.
        scores = np.where(np.isfinite(scores), np.minimum(scores, 1.0), 0.0)
        count = int((scores >= self._rule.goes_on_at).sum())
        return Reading(float(scores.max(initial=0.0)), count)
