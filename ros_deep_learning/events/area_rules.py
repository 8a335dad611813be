# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Rules of events on how much of an image some classes cover."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..tasks.parts import Region, region_box
from ..tasks.segmentation import Segmentation
from .rules import WHOLE, EventRule, Gauge, Reading, key, read_region, wrong_region


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaRule(EventRule):
    """A rule on the share of the pixels of a region that are of some classes.

    Attributes:
        region: Edges x1, y1, x2, y2 as shares of the image.
        min_share: Least share of the region's pixels with which the event begins, above 0 to 1.
        keep: Least share with which it goes on, up to ``min_share``; None is ``min_share``.
    """

    example = 'blocked: {classes: person, region: [0.25, 0.5, 0.75, 1], min_share: 0.1}'
    region: Region = key(read_region, WHOLE)  # noqa: RUF009
    min_share: float = key(float, 0.1)
    keep: float | None = key(float, None)

    @property
    def begins_at(self) -> float:
        """The share with which the event begins."""
        return self.min_share

    @property
    def goes_on_at(self) -> float:
        """The least share with which it goes on."""
        return self.min_share if self.keep is None else self.keep

    def gauge(self, class_ids: frozenset[int] | None) -> AreaGauge:
        """Make what counts the pixels of one camera."""
        return AreaGauge(self, class_ids)

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the values."""
        # Not super(), which a dataclass with slots does not have before Python 3.14.
        yield from EventRule.faults(self)
        if not self.classes:
            yield 'classes: expected at least one, since together all classes cover every image'
        if (wrong := wrong_region(self.region)) is not None:
            yield wrong
        if not 0 < self.min_share <= 1:
            yield f'min_share: expected more than 0, up to 1, got {self.min_share}'
        if self.keep is not None and not 0 < self.keep <= self.min_share:
            yield (
                f'keep: expected more than 0, up to min_share ({self.min_share}), got {self.keep}'
            )


class AreaGauge(Gauge):
    """Counts the pixels of a rule's classes in its region."""

    def __init__(self, rule: AreaRule, class_ids: frozenset[int] | None) -> None:
        self._rule = rule
        self._class_ids = sorted(class_ids or ())

    def read(self, result: Segmentation, stamp_ns: int) -> Reading:
        """Count the pixels of a frame; those without a class are part of the region too."""
        if self._rule.region == WHOLE:
            counts, size = result.pixel_counts(), result.class_mask.size
        else:
            height, width = result.class_mask.shape
            x1, y1, x2, y2 = region_box((width, height), self._rule.region)
            part = result.class_mask[y1:y2, x1:x2]
            counts, size = np.bincount(part.reshape(-1), minlength=256), part.size
        count = int(counts[self._class_ids].sum())
        return Reading(count / max(1, size), count)
