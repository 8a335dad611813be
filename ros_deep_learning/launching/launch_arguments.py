# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Launch arguments: those of every file, and those that are a node's own parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    LogInfo,
    OpaqueFunction,
)
from launch.substitutions import LaunchConfiguration
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions
from launch_ros.parameter_descriptions import ParameterValue

from ..cards.foreign_files import parse_foreign
from ..errors import SettingsError
from ..nodes.parameters.parameter_table import ParameterTable, constraint_text, rule_of
from ..paths import user_path


@dataclass(frozen=True, slots=True)
class Argument:
    """A launch argument.

    Attributes:
        name: As it is written before ``:=``.
        default: The text if it is not given; an empty one counts as not given.
        description: For people.
        kind: The type that its text is read as; of ``Path``, the text with ``~`` replaced.
        parameter: The node's parameter that it sets, or empty.
    """

    name: str
    default: str
    description: str
    kind: type = str
    parameter: str = ''

    def declaration(self) -> DeclareLaunchArgument:
        """Return the action that declares the argument in a launch file."""
        return DeclareLaunchArgument(
            self.name, default_value=self.default, description=self.description
        )

    def value(self, context: LaunchContext) -> Any:
        """Read the given value; None for an empty text.

        Raises:
            SettingsError: The text is not of the argument's type.
        """
        text = str(LaunchConfiguration(self.name).perform(context)).strip()
        if not text:
            return None
        if self.kind is str:
            return text
        if self.kind is Path:
            return str(user_path(text))
        try:
            value = parse_foreign(text)
        except ValueError:
            value = None
        if self.kind is float and type(value) in (int, str):
            # YAML 1.1 takes 1e-3 for a text.
            with suppress(ValueError, OverflowError):
                value = float(value)
        if type(value) is not self.kind:
            wanted = {bool: 'true or false', list: 'a list such as [a, b]'}
            expected = wanted.get(self.kind, f'a {self.kind.__name__}')
            msg = f'launch argument {self.name}: expected {expected}, got {text!r}'
            raise SettingsError(msg)
        return value


PROCESS_ARGUMENTS = (
    Argument('namespace', '', 'Namespace of all that is started.'),
    Argument('use_sim_time', '', 'Whether to take the time from /clock.', bool, 'use_sim_time'),
    Argument('log_level', 'info', 'debug, info, warn, error or fatal.'),
    Argument('respawn', 'false', 'Whether to restart a process that has died.', bool),
    Argument(
        'large_images',
        'false',
        'Whether to give Fast DDS buffers for large images; see docs/transport.md.',
        bool,
    ),
)
NAME = Argument('name', '', "Name of the node; empty takes the program's own.")
PARAMS_FILE = Argument(
    'params_file', '', 'YAML file of parameters; the other arguments have precedence.', Path
)
EXIT_ON_FAILED_START = 'exit_on_failed_start'
"""A parameter that launch files set by themselves."""
AUTOSTART = Argument('autostart', 'true', 'Whether to configure and activate at once.', bool)
IMAGE_TOPIC = Argument(
    'image_topic',
    'video_source/raw',
    'The camera topic (sensor_msgs/Image), in the namespace unless it begins with a slash.',
)
RVIZ = Argument('rviz', 'false', 'Whether to open rviz2 on the published topics.', bool)


def parameter_arguments(
    settings_type: type[Any], prefix: str = '', stem: str = ''
) -> tuple[Argument, ...]:
    """Return an argument for each of a node's parameters and its old names.

    All are empty by default, which keeps the value of the parameter files or the node's default.

    Args:
        settings_type: The dataclass of the parameters.
        prefix: Prefix of the arguments' names, as ``input`` in ``input_width``.
        stem: The parameter that the prefix alone is the argument of.
    """
    arguments = []
    for name, field in ParameterTable(settings_type).fields.items():
        if name in (AUTOSTART.name, EXIT_ON_FAILED_START):
            continue
        rule, kind = rule_of(field), type(field.default)
        allowed = constraint_text(rule)
        text = rule.description + (f' [{allowed}]' if allowed else '')
        full = name if not prefix else prefix if name == stem else f'{prefix}_{name}'
        arguments.append(Argument(full, '', text, kind, name))
        arguments += [
            Argument(alias, '', f'Old name of {full}.', kind, alias) for alias in rule.aliases
        ]
    return tuple(arguments)


def plain_parameters(arguments: Iterable[Argument], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given values of arguments that are parameters, by the parameter's name."""
    return {
        a.parameter: given[a.name] for a in arguments if a.parameter and given[a.name] is not None
    }


def given_parameters(arguments: Iterable[Argument], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same in the form that launch takes."""
    # Without the type, launch would read a text such as 8 as a number.
    return {
        name: ParameterValue(value, value_type=str) if isinstance(value, str) else value
        for name, value in plain_parameters(arguments, given).items()
    }


def described(
    arguments: Sequence[Argument], start: Callable[[Mapping[str, Any]], Sequence[Any]]
) -> LaunchDescription:
    """Return the description of a launch; to be called while its launch file is loaded.

    launch has one set of arguments for all files: without care, the ``output`` or ``name`` of an
    including file would be taken for ours, and our defaults would become those of files that are
    included later. So only what is given to this file counts, and nothing is handed on.

    Args:
        arguments: Its arguments.
        start: Called with their values by name, None for empty ones; returns the actions to
            start.
    """
    including = _including_action()
    outer: dict[str, str] = {}

    def forget_inherited(context: LaunchContext) -> Sequence[Any]:
        outer.clear()
        outer.update(context.launch_configurations)
        if including is None:
            return []
        given = {
            perform_substitutions(context, normalize_to_list_of_substitutions(name))
            for name, _ in including.launch_arguments
        }
        inherited = [a.name for a in arguments if a.name in outer and a.name not in given]
        for name in inherited:
            del context.launch_configurations[name]
        if not inherited:
            return []
        words = f'{", ".join(inherited)} of the including launch file have no effect on this one'
        return [LogInfo(msg=f'{words}; to fix: pass them in its launch_arguments')]

    def begin(context: LaunchContext) -> Sequence[Any]:
        values = {a.name: a.value(context) for a in arguments}
        context.launch_configurations.clear()
        context.launch_configurations.update(outer)
        return start(values)

    declarations = [argument.declaration() for argument in arguments]
    return LaunchDescription(
        [
            OpaqueFunction(function=forget_inherited),
            *declarations,
            OpaqueFunction(function=begin),
        ]
    )


def _including_action() -> IncludeLaunchDescription | None:
    """Return the action that loads the current launch file; None if it is loaded otherwise."""
    # launch passes it to nobody, but it is the innermost caller of its kind.
    frame = inspect.currentframe()
    while frame is not None:
        caller = frame.f_locals.get('self')
        if isinstance(caller, IncludeLaunchDescription):
            return caller
        frame = frame.f_back
    return None
