# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Rules of events on the objects that a detector finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..tasks.detection import Detections
from ..tasks.parts import Region
from .rules import MOST_SECONDS, WHOLE, EventRule, Gauge, Reading, key, read_region, wrong_region
from .stays import Stays

_MOST_OBJECTS = 10_000


def _whole(value: Any) -> int:
    if isinstance(value, bool) or int(value) != value:
        msg = f'expected a whole number, got {value!r}'
        raise TypeError(msg)
    return int(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRule(EventRule):
    """A rule that counts objects.

    Attributes:
        min_score: Least score of an object, 0 to 1.
        region: Edges x1, y1, x2, y2 as shares of the image.
        overlap: Least share of an object's box that lies in the region, above 0 to 1.
        stay_s: Seconds that one object, by its track, must be there until it counts.
        count: Least number of objects with which the event begins, 1 or more.
        keep: Least number with which it goes on, 1 to ``count``; None is ``count``.
    """

    example = 'crowd: {classes: person, count: 5}'
    min_score: float = key(float, 0.0)
    region: Region = key(read_region, WHOLE)  # noqa: RUF009
    overlap: float = key(float, 0.5)
    stay_s: float = key(float, 0.0)
    count: int = key(_whole, 1)
    keep: int | None = key(_whole, None)

    @property
    def begins_at(self) -> float:
        """The number of objects with which the event begins."""
        return self.count

    @property
    def goes_on_at(self) -> float:
        """The least number with which it goes on."""
        return self.keep or self.count

    def gauge(self, class_ids: frozenset[int] | None) -> ObjectGauge:
        """Make what counts the objects of one camera."""
        return ObjectGauge(self, class_ids)

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the values."""
        # Not super(), which a dataclass with slots does not have before Python 3.14.
        yield from EventRule.faults(self)
        if not 0 <= self.min_score <= 1:
            yield f'min_score: expected 0 to 1, got {self.min_score}'
        if (wrong := wrong_region(self.region)) is not None:
            yield wrong
        if not 0 < self.overlap <= 1:
            yield f'overlap: expected more than 0, up to 1, got {self.overlap}'
        if not 0 <= self.stay_s <= MOST_SECONDS:
            yield f'stay_s: expected 0 to {MOST_SECONDS:g} seconds, got {self.stay_s}'
        if not 1 <= self.count <= _MOST_OBJECTS:
            yield f'count: expected 1 to {_MOST_OBJECTS}, got {self.count}'
        if self.keep is not None and not 1 <= self.keep <= self.count:
            yield f'keep: expected 1 to count ({self.count}), got {self.keep}'


class ObjectGauge(Gauge):
    """Counts objects of one camera for a rule."""

    def __init__(self, rule: ObjectRule, class_ids: frozenset[int] | None) -> None:
        self._rule, self._class_ids = rule, class_ids
        self._stays = Stays(rule.stay_s, rule.gap_s) if rule.stay_s else None

    def read(self, result: Detections, stamp_ns: int) -> Reading:
        """Count the objects of a frame; of a rule with ``stay_s`` those that stayed."""
        good = self.matches(result)
        tracks = np.empty(0, np.int64) if result.track_ids is None else result.track_ids[good]
        numbers = tuple(tracks[tracks >= 0].tolist())
        if self._stays is not None:
            numbers = self._stays.update(numbers, stamp_ns)
            return Reading(float(len(numbers)), len(numbers), numbers)
        count = int(good.sum())
        return Reading(float(count), count, numbers)

    def matches(self, found: Detections) -> NDArray[np.bool_]:
        """Return which objects are of the rule's classes and region, shape (N,)."""
        rule = self._rule
        good = found.scores >= rule.min_score
        if self._class_ids is not None:
            good &= np.isin(found.class_ids, list(self._class_ids))
        if rule.region != WHOLE:
            width, height = found.source_wh
            region = np.array(rule.region) * (width, height, width, height)
            good &= share_inside(found.boxes_xyxy, region) >= rule.overlap
        return np.asarray(good, np.bool_)


def share_inside(
    boxes_xyxy: NDArray[np.floating], region_xyxy: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Compute which share of each box lies in a region.

    Args:
        boxes_xyxy: Shape (N, 4); one without an area lies where its middle does.
        region_xyxy: Shape (4,), in the same pixels.

    Returns:
        Shape (N,), 0..1.
    """
    boxes = boxes_xyxy.astype(np.float64)
    low = np.maximum(boxes[:, :2], region_xyxy[:2])
    high = np.minimum(boxes[:, 2:], region_xyxy[2:])
    common = np.clip(high - low, 0.0, None).prod(axis=1)
    area = np.clip(boxes[:, 2:] - boxes[:, :2], 0.0, None).prod(axis=1)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = ((middle >= region_xyxy[:2]) & (middle <= region_xyxy[2:])).all(axis=1)
    flat = area <= 0
    return np.where(flat, inside, common / np.where(flat, 1.0, area))
