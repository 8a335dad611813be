# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Rules of events, as a user writes them, and the objects that they count."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..cards.foreign_files import parse_foreign
from ..errors import SettingsError
from ..tasks.classes import class_ids_of
from ..tasks.detection import Detections
from ..tasks.parts import Region
from ..text import one_line

Saved = Literal['nothing', 'snapshot', 'bag']
_NAME = re.compile('[A-Za-z0-9][A-Za-z0-9_-]{0,63}', re.ASCII)
_MOST_RULES, _MOST_SECONDS, _MOST_OBJECTS = 100, 86_400.0, 10_000
_MOST_CHARACTERS = 2**16
_WHOLE: Region = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRule:
    """When an event begins and ends.

    Attributes:
        name: What it is called.
        classes: Labels of the objects that count; empty counts all.
        min_score: Least score of an object, 0 to 1.
        region: Edges x1, y1, x2, y2 as shares of the image.
        overlap: Least share of an object's box that lies in the region, above 0 to 1.
        count: Least number of objects with which the event begins, 1 or more.
        keep: Least number with which it goes on, 1 to ``count``; None is ``count``.
        for_s: Seconds that the objects must be there before it begins.
        rest_s: Seconds that they must be away before it ends.
        gap_s: Longest time between two frames; after a longer one both times start anew.
        save: What is kept when it begins.

    Raises:
        SettingsError: A value is out of its range.
    """

    name: str
    classes: tuple[str, ...] = ()
    min_score: float = 0.0
    region: Region = _WHOLE
    overlap: float = 0.5
    count: int = 1
    keep: int | None = None
    for_s: float = 0.0
    rest_s: float = 0.0
    gap_s: float = 2.0
    save: Saved = 'nothing'

    def __post_init__(self) -> None:
        x1, y1, x2, y2 = self.region
        wrong = {
            'its name has other characters than letters, digits, _ and -, or too many': (
                not _NAME.fullmatch(self.name)
            ),
            f'min_score: expected 0 to 1, got {self.min_score}': not 0 <= self.min_score <= 1,
            'region: expected left, top, right and bottom edge as shares of the image, 0 to 1, '
            f'such as [0.25, 0.5, 0.75, 1.0], got {list(self.region)}': not (
                0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1
            ),
            f'overlap: expected more than 0, up to 1, got {self.overlap}': (
                not 0 < self.overlap <= 1
            ),
            f'count: expected 1 to {_MOST_OBJECTS}, got {self.count}': (
                not 1 <= self.count <= _MOST_OBJECTS
            ),
            f'keep: expected 1 to count ({self.count}), got {self.keep}': (
                self.keep is not None and not 1 <= self.keep <= self.count
            ),
            f'save: expected one of {", ".join(get_args(Saved))}, got {self.save!r}': (
                self.save not in get_args(Saved)
            ),
        }
        for key in ('for_s', 'rest_s', 'gap_s'):
            value = getattr(self, key)
            text = f'{key}: expected 0 to {_MOST_SECONDS:g} seconds, got {value}'
            wrong[text] = not 0 <= value <= _MOST_SECONDS
        for text, is_wrong in wrong.items():
            if is_wrong:
                msg = f'events: rule {self.name!r}: {text}'
                raise SettingsError(msg)


def parse_rules(text: str) -> tuple[EventRule, ...]:
    """Read rules: a YAML mapping of names, such as ``crowd: {classes: person, count: 5}``.

    Args:
        text: The mapping; empty is no rule.

    Raises:
        SettingsError: It is malformed; the message names the rule and the key.
    """
    if len(text) > _MOST_CHARACTERS:
        msg = f'events: expected at most {_MOST_CHARACTERS} characters, got {len(text)}'
        raise SettingsError(msg)
    try:
        # Every participant of the graph can set it.
        content = parse_foreign(text)
        if isinstance(content, str):
            # ros2 param set needs quotes around it, which older ones pass on.
            content = parse_foreign(content)
    except ValueError as err:
        msg = f'events: this is no YAML: {one_line(err, 200)}'
        raise SettingsError(msg) from err
    if content is None:
        return ()
    if not isinstance(content, dict) or len(content) > _MOST_RULES:
        msg = (
            f'events: expected at most {_MOST_RULES} rules as NAME: {{KEY: VALUE, ...}}, such as '
            'crowd: {classes: person, count: 5}'
        )
        raise SettingsError(msg)
    return tuple(_rule(str(name), values) for name, values in content.items())


def _rule(name: str, values: Any) -> EventRule:
    known = [field.name for field in fields(EventRule) if field.name != 'name']
    if values is None:
        values = {}
    unknown = 'a value alone' if not isinstance(values, dict) else ''
    unknown = unknown or ', '.join(repr(key) for key in values if key not in known)
    if unknown:
        msg = f'events: rule {name!r}: unknown is {unknown}; known are {", ".join(known)}'
        raise SettingsError(msg)
    try:
        return EventRule(name=name, **{key: _READ[key](values[key]) for key in values})
    except (TypeError, ValueError, OverflowError) as err:
        msg = f'events: rule {name!r}: a value has a wrong type: {one_line(err)}'
        raise SettingsError(msg) from err


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.split(',')
    names = tuple(str(name).strip() for name in value)
    return tuple(filter(None, names))


def _region(value: Any) -> Region:
    if isinstance(value, str):
        value = value.split(',')
    x1, y1, x2, y2 = (float(edge) for edge in value)
    return x1, y1, x2, y2


def _whole(value: Any) -> int:
    if isinstance(value, bool) or int(value) != value:
        msg = f'expected a whole number, got {value!r}'
        raise TypeError(msg)
    return int(value)


_READ: Mapping[str, Any] = {
    'classes': _names,
    'min_score': float,
    'region': _region,
    'overlap': float,
    'count': _whole,
    'keep': _whole,
    'for_s': float,
    'rest_s': float,
    'gap_s': float,
    'save': str,
}


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule for a network's classes.

    Attributes:
        rule: The rule.
        class_ids: Numbers of its classes; None is all.
    """

    rule: EventRule
    class_ids: frozenset[int] | None

    def matches(self, found: Detections) -> NDArray[np.bool_]:
        """Return which objects count, shape (N,)."""
        rule = self.rule
        good = found.scores >= rule.min_score
        if self.class_ids is not None:
            good &= np.isin(found.class_ids, list(self.class_ids))
        if rule.region != _WHOLE:
            width, height = found.source_wh
            region = np.array(rule.region) * (width, height, width, height)
            good &= share_inside(found.boxes_xyxy, region) >= rule.overlap
        return np.asarray(good, np.bool_)


def compile_rules(rules: Sequence[EventRule], labels: Sequence[str]) -> tuple[CompiledRule, ...]:
    """Find the classes of rules among a network's labels.

    Raises:
        SettingsError: A class is none of the labels.
    """
    compiled = []
    for rule in rules:
        try:
            ids = class_ids_of(rule.classes, labels) if rule.classes else None
        except SettingsError as err:
            msg = f'events: rule {rule.name!r}: {err}'
            raise SettingsError(msg) from err
        compiled.append(CompiledRule(rule, ids))
    return tuple(compiled)


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
