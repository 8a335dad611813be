# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read YAML files strictly: every error names the file, the key and the allowed values."""

from __future__ import annotations

import difflib
import math
import re
import reprlib
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml

from ..errors import CardError
from ..files import read_limited
from ..text import one_line
from .plain_yaml import PlainLoader

MAX_FILE_BYTES = 256 * 1024
"""Largest card file; limits what a hostile file can cost. Cards need a few KiB."""

_Choice = TypeVar('_Choice', bound=str)
_TYPE_NAMES = {bool: 'yes/no', int: 'a whole number', float: 'a number', str: 'a text',
               list: 'a list', dict: 'a mapping', type(None): 'nothing'}  # fmt: skip


class _StrictLoader(PlainLoader):
    """Loads plain data only, without duplicate keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        counts = Counter(key.value for key in keys)
        for key in keys:
            if counts[key.value] > 1:
                problem = f'the key {reprlib.repr(key.value)} is given twice'
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> Section:
    """Load a YAML file that contains a mapping.

    Raises:
        CardError: The file is missing, unreadable, too large, not YAML, or not a mapping.
    """
    try:
        data = read_limited(path, MAX_FILE_BYTES)
    except OSError as err:
        msg = f'{path}: cannot be read: {err.strerror}'
        raise CardError(msg) from err
    return parse_yaml(data, path)


def parse_yaml(data: bytes | str, path: Path) -> Section:
    """Parse YAML text that contains a mapping.

    Args:
        data: The text.
        path: Where it is from, for error messages; files that it names are searched beside it.

    Raises:
        CardError: It is not YAML, or not a mapping.
    """
    try:
        values = yaml.load(data, _StrictLoader)  # noqa: S506 - a SafeLoader, made stricter
    except yaml.MarkedYAMLError as err:
        mark = err.problem_mark or err.context_mark
        line = f'line {mark.line + 1}: ' if mark else ''
        msg = f'{path}: {line}not valid YAML: {err.problem or err.context}'
        raise CardError(msg) from err
    except RecursionError as err:
        msg = f'{path}: not a card: nested too deeply'
        raise CardError(msg) from err
    # PyYAML's constructors of scalars raise whatever a malformed text makes them.
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError) as err:
        msg = f'{path}: not valid YAML: {one_line(err)}'
        raise CardError(msg) from err
    if not isinstance(values, dict):
        msg = f'{path}: expected a mapping of keys to values, got {_type_name(values)}'
        raise CardError(msg)
    return Section(path, values)


class Section:
    """A mapping in a file, read key by key; ``finish`` refuses keys that were never read.

    Every method raises CardError if its key is missing and has no default, or if the value has
    the wrong type or is not allowed.
    """

    def __init__(self, path: Path, values: Mapping[Any, Any], prefix: str = '') -> None:
        self.path = path
        self._values = values
        self._prefix = prefix
        self._known: list[str] = []

    def __contains__(self, key: str) -> bool:
        return self._values.get(key) is not None

    def is_empty(self, key: str) -> bool:
        """Return whether an optional key is missing, and mark it as known."""
        self._known.append(key)
        return key not in self

    def refuse_open(self, key: str) -> None:
        """Raise CardError if the key is there without a value, as ``models inspect`` writes it."""
        if key in self._values and key not in self:
            self.fail(key, 'empty; to fix: choose one of the values in its comment')

    def names(self) -> list[str]:
        """Return the keys, which must all be texts."""
        for key in self._values:
            if not isinstance(key, str):
                self.fail(reprlib.repr(key), f'expected a text as key, got {_type_name(key)}')
        return list(self._values)

    def fail(self, key: str, complaint: str) -> NoReturn:
        """Raise a CardError that names the file and the key."""
        msg = f'{self.path}: {self._prefix}{key}: {complaint}'
        raise CardError(msg)

    def text(self, key: str, pattern: str = r'.*\S.*', allowed: str = 'a text') -> str:
        """Return a text that matches the whole pattern; surrounding blanks are dropped."""
        value = self._value(key, allowed)
        if not isinstance(value, str) or not re.fullmatch(pattern, value.strip(), re.DOTALL):
            self._refuse(key, allowed, value)
        return value.strip()

    def optional_text(
        self, key: str, pattern: str = r'.*\S.*', allowed: str = 'a text'
    ) -> str | None:
        """Return a text, or None if the key is missing."""
        return None if self.is_empty(key) else self.text(key, pattern, allowed)

    def texts(
        self, key: str, pattern: str = r'.*\S.*', allowed: str = 'a text'
    ) -> tuple[str, ...]:
        """Return a list of texts that match a pattern; empty if the key is missing."""
        allowed = 'a list of texts' if allowed == 'a text' else f'a list, each {allowed}'
        value = self._value(key, allowed, default=[])
        if not isinstance(value, list) or not all(
            isinstance(v, str) and re.fullmatch(pattern, v, re.DOTALL) for v in value
        ):
            self._refuse(key, allowed, value)
        return tuple(value)

    def choice(
        self, key: str, choices: Sequence[_Choice], default: _Choice | None = None
    ) -> _Choice:
        """Return one of the given words."""
        allowed = f'one of {", ".join(choices)}'
        value = self._value(key, allowed, default)
        found = next((choice for choice in choices if value == choice), None)
        if found is None:
            self._refuse(key, allowed, value, close_to=choices)
        return found

    def integer(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number in low..high."""
        allowed = f'a whole number in {low}..{high}'
        value = self._value(key, allowed, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self._refuse(key, allowed, value)
        return value

    def level(self, key: str) -> int | tuple[int, int, int]:
        """Return a pixel value 0..255, or a list of three as a tuple; 0 if the key is missing."""
        value = self._value(key, '', 0)
        if not isinstance(value, list):
            return self.integer(key, 0, 255, 0)
        if len(value) != 3 or not all(type(one) is int and 0 <= one <= 255 for one in value):
            self._refuse(key, 'a whole number in 0..255 or a list of 3', value)
        return value[0], value[1], value[2]

    def number(self, key: str, default: float, *, above: float = -math.inf) -> float:
        """Return a finite number greater than ``above``."""
        allowed = 'a finite number' + (f' above {above:g}' if above > -math.inf else '')
        value = self._value(key, allowed, default)
        if not _is_finite(value) or value <= above:
            self._refuse(key, allowed, value)
        return float(value)

    def channel_numbers(
        self, key: str, default: float, *, above: float = -math.inf
    ) -> tuple[float, float, float]:
        """Return three finite numbers greater than ``above``, one per channel."""
        allowed = 'a list of 3 finite numbers' + (f' above {above:g}' if above > -math.inf else '')
        value = self._value(key, allowed, [default] * 3)
        if (
            not isinstance(value, list)
            or len(value) != 3
            or not all(_is_finite(item) and item > above for item in value)
        ):
            self._refuse(key, allowed, value)
        return float(value[0]), float(value[1]), float(value[2])

    def section(self, key: str) -> Section:
        """Return a mapping as a section of its own."""
        value = self._value(key, 'a mapping')
        if not isinstance(value, dict):
            self._refuse(key, 'a mapping', value)
        return Section(self.path, value, f'{self._prefix}{key}.')

    def finish(self) -> None:
        """Raise CardError if the mapping has a key that was never read."""
        known = list(dict.fromkeys(self._known))
        for key in self._values:
            if key not in known:
                close = difflib.get_close_matches(str(key)[:80], known, n=1)
                hint = f'did you mean {close[0]}?' if close else f'known are {", ".join(known)}'
                self.fail(reprlib.repr(key).strip('\'"'), f'unknown key; {hint}')

    def _value(self, key: str, allowed: str, default: Any = None) -> Any:
        self._known.append(key)
        value = self._values.get(key)
        if value is None:
            value = default
        if value is None:
            self.fail(key, f'missing; expected {allowed}')
        return value

    def _refuse(
        self, key: str, allowed: str, value: Any, close_to: Sequence[str] = ()
    ) -> NoReturn:
        close = difflib.get_close_matches(str(value)[:80], close_to, n=1)
        hint = f'; did you mean {close[0]}?' if close else ''
        self.fail(key, f'expected {allowed}, got {reprlib.repr(value)}{hint}')


def _is_finite(value: Any) -> bool:
    """Return whether a YAML value is a number that a float can represent."""
    try:
        return (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and (math.isfinite(value))
        )
    except OverflowError:
        return False


def _type_name(value: Any) -> str:
    return _TYPE_NAMES.get(type(value), type(value).__name__)
