# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A node's parameters from one table: the fields of its frozen settings dataclass.

The same fields declare the ROS parameters with descriptions and ranges, check a change as a
whole, make the typed settings object and print the reference in the docs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ...errors import SettingsError
from .file_names import absolute_file, absolute_folders
from .texts import names_text

if TYPE_CHECKING:
    from rclpy.node import Node

Settings = TypeVar('Settings')


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """The constraints of a parameter, besides its type.

    Attributes:
        description: One sentence for people.
        minimum: Least number allowed, or None.
        maximum: Greatest number allowed, or None.
        choices: The only texts allowed; empty for any.
        live: True if an active node applies a change between two frames.
        reload: True if a configured node applies a change by loading its network anew. A
            parameter that is neither can change only while the node is unconfigured.
        read_only: True if it is read at the start and cannot change after it.
        aliases: Other names, such as jetson-inference's, that can set it at the start.
        names: True for a list of names: text with commas, or an array of strings.
        file: True if it can name a file; ``AllowedFiles`` restricts it after the start.
        folders: True for a list of folders.
    """

    description: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    live: bool = False
    read_only: bool = False
    aliases: tuple[str, ...] = ()
    names: bool = False
    reload: bool = False
    file: bool = False
    folders: bool = False


def parameter(
    default: Any,
    description: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    live: bool = False,
    read_only: bool = False,
    aliases: tuple[str, ...] = (),
    names: bool = False,
    reload: bool = False,
    file: bool = False,
    folders: bool = False,
) -> Any:
    """Make a settings field that is a ROS parameter; see ``Rule`` for the arguments."""
    rule = Rule(
        description,
        minimum,
        maximum,
        choices,
        live,
        read_only,
        aliases,
        names,
        reload,
        file,
        folders,
    )
    return dataclasses.field(default=default, metadata={'rule': rule})


def rule_of(field: dataclasses.Field[Any]) -> Rule:
    """Return the rule of a settings field."""
    rule: Rule = field.metadata['rule']
    return rule


class ParameterTable(Generic[Settings]):
    """The parameters of a node and their values.

    Args:
        settings_type: A frozen dataclass whose every field is made by ``parameter``; its
            ``__post_init__`` may raise SettingsError where fields contradict each other. If
            its ``NEVER_CHANGES`` is true, all are read once, at the start.
    """

    def __init__(self, settings_type: type[Settings]) -> None:
        self._type = settings_type
        self.fields = {f.name: f for f in dataclasses.fields(settings_type)}  # type: ignore[arg-type]
        self._never_changes = getattr(settings_type, 'NEVER_CHANGES', False)

    def declare(self, node: Node) -> Settings:
        """Declare every parameter on a node, with overrides from files and the command line.

        Raises:
            SettingsError: An override breaks the rule of its parameter.
        """
        from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor

        values = {}
        for name, field in self.fields.items():
            rule = self._rule(field)
            descriptor = ParameterDescriptor(
                description=rule.description,
                additional_constraints=constraint_text(rule),
                read_only=rule.read_only,
                # Names come as a text or an array, and rclpy takes an empty array for one of
                # bytes. Numbers are written as 15 or 15.0. Both are converted by _checked.
                dynamic_typing=rule.names or type(field.default) in (int, float),
            )
            if isinstance(field.default, float):
                low, high = _bounds(rule, 1.797e308)
                descriptor.floating_point_range = [
                    FloatingPointRange(from_value=low, to_value=high)
                ]
            elif isinstance(field.default, int) and not isinstance(field.default, bool):
                low, high = _bounds(rule, 2.0**31)
                descriptor.integer_range = [
                    IntegerRange(from_value=int(low), to_value=int(high), step=1)
                ]
            try:
                alias, given = _given_by_alias(node, rule)
                absolute = _given_absolute(node, name, rule, given)
                if absolute is not None:
                    declared = node.declare_parameter(name, absolute, descriptor, True)
                elif alias:
                    declared = node.declare_parameter(name, given, descriptor, True)
                else:
                    declared = node.declare_parameter(name, field.default, descriptor)
                if rule.names and declared.value is None:
                    # An empty list in a parameter file has no type and no value.
                    node.undeclare_parameter(name)
                    declared = node.declare_parameter(name, field.default, descriptor, True)
            except Exception as err:  # rclpy's exception classes differ between distributions
                msg = f'parameter {name}: {err}'
                raise SettingsError(msg) from err
            values[name] = declared.value
            if alias:
                node.get_logger().warning(
                    f'parameter {alias} is an old name; it sets {name} to {given!r}'
                )
        return self.make(values)

    def make(self, values: Mapping[str, Any]) -> Settings:
        """Return a settings object with a value for each parameter.

        Raises:
            SettingsError: A value breaks its rule, or the values contradict each other.
        """
        checked = {
            name: _checked(name, self._rule(field), field.default, values[name])
            for name, field in self.fields.items()
        }
        return self._type(**checked)

    def changed(self, settings: Settings, changes: Mapping[str, Any]) -> Settings:
        """Return settings with some values changed, all or none.

        Raises:
            SettingsError: A value breaks its rule, or the values contradict each other.
        """
        current = {name: getattr(settings, name) for name in self.fields}
        return self.make({**current, **changes})

    def absolute(self, parameters: list[Any]) -> list[Any]:
        """Return the rclpy parameters of a change with paths made absolute.

        A text that cannot be a path stays, since the check of the change will name it.
        """
        from rclpy.parameter import Parameter

        changed = []
        for each in parameters:
            value = each.value
            if each.name in self.fields and rule_of(self.fields[each.name]).file:
                with suppress(SettingsError):
                    value = absolute_file(each.name, value)
            changed.append(each if value == each.value else Parameter(each.name, value=value))
        return changed

    def fixed(self, names: Iterable[str]) -> list[str]:
        """Return the names that a configured node cannot change."""
        rules = self._rules(names)
        return [name for name, rule in rules.items() if not (rule.live or rule.reload)]

    def reloading(self, names: Iterable[str]) -> list[str]:
        """Return the names that make a configured node load its network anew."""
        return [name for name, rule in self._rules(names).items() if rule.reload]

    def _rules(self, names: Iterable[str]) -> dict[str, Rule]:
        return {name: rule_of(self.fields[name]) for name in names if name in self.fields}

    def reference(self) -> str:
        """Return the table as Markdown, for the docs."""
        lines = [
            '| parameter | default | live | allowed | what it does |',
            '|---|---|---|---|---|',
        ]
        for name, field in self.fields.items():
            rule = self._rule(field)
            default = repr(field.default)
            live = 'yes' if rule.live else 'reloads' if rule.reload else 'no'
            live = 'never' if rule.read_only else live
            allowed = constraint_text(rule) or type(field.default).__name__
            lines.append(f'| `{name}` | `{default}` | {live} | {allowed} | {rule.description} |')
        return '\n'.join(lines) + '\n'

    def _rule(self, field: dataclasses.Field[Any]) -> Rule:
        rule = rule_of(field)
        return dataclasses.replace(rule, read_only=True) if self._never_changes else rule


def constraint_text(rule: Rule) -> str:
    """Return what a rule allows as text, such as ``0.0 to 1.0`` or ``one of a, b``."""
    if rule.choices:
        return 'one of ' + ', '.join(rule.choices)
    if rule.names:
        return 'names: text with commas, or an array'
    if rule.minimum is not None and rule.maximum is not None:
        return f'{rule.minimum} to {rule.maximum}'
    if rule.minimum is not None:
        return f'at least {rule.minimum}'
    if rule.maximum is not None:
        return f'at most {rule.maximum}'
    return ''


def _given_by_alias(node: Node, rule: Rule) -> tuple[str, Any]:
    """Return the first alias that was set, and its value; an empty text counts as not set."""
    for alias in rule.aliases:
        given = _given(node, alias)
        if given not in (None, ''):
            return alias, given
    return '', None


def _given_absolute(node: Node, name: str, rule: Rule, by_alias: Any) -> Any:
    """Return the absolute paths that were given for a parameter; None for another value."""
    if not (rule.file or rule.folders):
        return None
    given = _given(node, name) if by_alias is None else by_alias
    absolute = absolute_folders(given) if rule.folders else absolute_file(name, given)
    return absolute if absolute != given and isinstance(absolute, str) else None


def _given(node: Node, name: str) -> Any:
    """Return the value that a file or the command line has for a name; None if there is none."""
    from rcl_interfaces.msg import ParameterDescriptor

    given = node.declare_parameter(name, None, ParameterDescriptor(dynamic_typing=True)).value
    node.undeclare_parameter(name)
    return given


def _bounds(rule: Rule, widest: float) -> tuple[float, float]:
    low = -widest if rule.minimum is None else float(rule.minimum)
    high = widest if rule.maximum is None else float(rule.maximum)
    return low, high


def _checked(name: str, rule: Rule, default: Any, value: Any) -> Any:
    if rule.names:
        value = names_text(value)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(default) is int and isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not type(default):
        wanted = constraint_text(rule) if rule.names else type(default).__name__
        msg = f'parameter {name}: expected {wanted}, got {type(value).__name__} {value!r}'
        raise SettingsError(msg)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = _bounds(rule, float('inf'))
        if not low <= value <= high:
            msg = f'parameter {name} is {value}, but must be {constraint_text(rule)}'
            raise SettingsError(msg)
    if rule.choices and value not in rule.choices:
        msg = f'parameter {name} is {value!r}, but must be {constraint_text(rule)}'
        raise SettingsError(msg)
    return value
