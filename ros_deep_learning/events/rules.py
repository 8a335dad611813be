# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Rules of events, as a user writes them: what those of all nodes share."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, TypeVar, get_args

from ..cards.foreign_files import parse_foreign
from ..errors import SettingsError
from ..tasks.classes import class_ids_of
from ..tasks.parts import Region
from ..text import one_line

Saved = Literal['nothing', 'snapshot', 'bag']
WHOLE: Region = (0.0, 0.0, 1.0, 1.0)
_NAME = re.compile('[A-Za-z0-9][A-Za-z0-9_-]{0,63}', re.ASCII)
MOST_SECONDS = 86_400.0
_MOST_RULES = 100
_MOST_CHARACTERS = 2**16
_READ = 'read'


@dataclass(frozen=True, slots=True)
class Reading:
    """What a rule finds in a frame.

    Attributes:
        value: What is compared with the rule.
        count: How many objects, classes or pixels it counts.
        track_ids: Numbers of the tracks of the objects, where they have some.
    """

    value: float
    count: int
    track_ids: tuple[int, ...] = ()


class Gauge(ABC):
    """Reads the results of one camera for a rule; it may remember earlier ones."""

    @abstractmethod
    def read(self, result: Any, stamp_ns: int) -> Reading:
        """Read a frame's result.

        Args:
            result: Of the task that the rule is made for.
            stamp_ns: Stamp of the frame.
        """


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.split(',')
    return tuple(filter(None, (str(text).strip() for text in value)))


def key(read: Callable[[Any], Any], default: Any) -> Any:
    """Make a field that is a key of a rule.

    Args:
        read: Converts what the user wrote; raises TypeError or ValueError.
        default: The value without the key.
    """
    return field(default=default, metadata={_READ: read})


def read_region(value: Any) -> Region:
    """Read four edges from a list, or from a text with commas."""
    if isinstance(value, str):
        value = value.split(',')
    x1, y1, x2, y2 = (float(edge) for edge in value)
    return x1, y1, x2, y2


def wrong_region(region: Region) -> str | None:
    """Return what is wrong with a region; None if nothing is."""
    x1, y1, x2, y2 = region
    if 0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1:
        return None
    return (
        'region: expected left, top, right and bottom edge as shares of the image, 0 to 1, '
        f'such as [0.25, 0.5, 0.75, 1.0], got {list(region)}'
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRule(ABC):
    """When an event begins and ends.

    Attributes:
        example: A rule of this kind, as a user writes it.
        name: What it is called.
        classes: Labels of what counts; empty is all classes.
        for_s: Seconds that the reading must be high enough before it begins.
        rest_s: Seconds that it must be too low before it ends.
        gap_s: Longest time between two frames; after a longer one all times start anew.
        save: What is kept when it begins.

    Raises:
        SettingsError: A value is out of its range.
    """

    example: ClassVar[str]
    name: str
    classes: tuple[str, ...] = key(_texts, ())
    for_s: float = key(float, 0.0)
    rest_s: float = key(float, 0.0)
    gap_s: float = key(float, 2.0)
    save: Saved = key(str, 'nothing')  # noqa: RUF009

    def __post_init__(self) -> None:
        for text in self.faults():
            msg = f'events: rule {self.name!r}: {text}'
            raise SettingsError(msg)

    @property
    @abstractmethod
    def begins_at(self) -> float:
        """The least value of a reading with which the event begins."""

    @property
    @abstractmethod
    def goes_on_at(self) -> float:
        """The least value with which it goes on."""

    @abstractmethod
    def gauge(self, class_ids: frozenset[int] | None) -> Gauge:
        """Make what reads the results of one camera.

        Args:
            class_ids: Numbers of ``classes``; None is all.
        """

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the values."""
        if not _NAME.fullmatch(self.name):
            yield 'its name has other characters than letters, digits, _ and -, or too many'
        for name in ('for_s', 'rest_s', 'gap_s'):
            value = getattr(self, name)
            if not 0 <= value <= MOST_SECONDS:
                yield f'{name}: expected 0 to {MOST_SECONDS:g} seconds, got {value}'
        if self.save not in get_args(Saved):
            yield f'save: expected one of {", ".join(get_args(Saved))}, got {self.save!r}'


_RuleT = TypeVar('_RuleT', bound=EventRule)


def keys_of(kind: type[EventRule]) -> Mapping[str, Callable[[Any], Any]]:
    """Return the keys of a kind of rule, and what reads their values."""
    return {one.name: one.metadata[_READ] for one in fields(kind) if _READ in one.metadata}


def parse_rules(text: str, kind: type[_RuleT]) -> tuple[_RuleT, ...]:
    """Read rules: a YAML mapping of names, such as ``crowd: {classes: person, count: 5}``.

    Args:
        text: The mapping; empty is no rule.
        kind: What the rules are.

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
            f'{kind.example}'
        )
        raise SettingsError(msg)
    return tuple(_rule(kind, str(name), values) for name, values in content.items())


def _rule(kind: type[_RuleT], name: str, values: Any) -> _RuleT:
    known = keys_of(kind)
    if values is None:
        values = {}
    unknown = 'a value alone' if not isinstance(values, dict) else ''
    unknown = unknown or ', '.join(repr(one) for one in values if one not in known)
    if unknown:
        msg = f'events: rule {name!r}: unknown is {unknown}; known are {", ".join(known)}'
        raise SettingsError(msg)
    try:
        return kind(name=name, **{one: known[one](value) for one, value in values.items()})
    except (TypeError, ValueError, OverflowError) as err:
        msg = f'events: rule {name!r}: a value has a wrong type: {one_line(err)}'
        raise SettingsError(msg) from err


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule for a network's classes.

    Attributes:
        rule: The rule.
        class_ids: Numbers of its classes; None is all.
    """

    rule: EventRule
    class_ids: frozenset[int] | None


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
