# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Launch arguments: those that every file has, and those that are a node's own parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.parameter_descriptions import ParameterValue

from ..errors import SettingsError
from ..nodes.parameters.parameter_table import ParameterTable, constraint_text, rule_of


@dataclass(frozen=True, slots=True)
class Argument:
    """A launch argument.

    Attributes:
        name: As it is written before ``:=``.
        default: The text it has when it is not given; an empty one is as good as none.
        description: For people.
        kind: What its text is read as.
        parameter: The node's parameter that it sets, or empty.
    """

    name: str
    default: str
    description: str
    kind: type = str
    parameter: str = ''

    def declaration(self) -> DeclareLaunchArgument:
        """Give what makes the argument known to a launch file."""
        return DeclareLaunchArgument(
            self.name, default_value=self.default, description=self.description
        )

    def value(self, context: LaunchContext) -> Any:
        """Read what was given; None for an empty text.

        Raises:
            SettingsError: The text is not of the argument's kind.
        """
        text = str(LaunchConfiguration(self.name).perform(context)).strip()
        if not text:
            return None
        if self.kind is str:
            return text
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            value = None
        if self.kind is float and type(value) is int:
            value = float(value)
        if type(value) is not self.kind:
            wanted = {bool: 'true or false', list: 'a list such as [a, b]'}
            msg = f'launch argument {self.name} wants ' + (
                f'{wanted.get(self.kind, f"a {self.kind.__name__}")}, not {text!r}'
            )
            raise SettingsError(msg)
        return value


PROCESS_ARGUMENTS = (
    Argument('namespace', '', 'Namespace of all that is started.'),
    Argument('use_sim_time', '', 'Whether to take the time from /clock.', bool, 'use_sim_time'),
    Argument('log_level', 'info', 'debug, info, warn, error or fatal.'),
    Argument('respawn', 'false', 'Whether to start a process again that has died.', bool),
    Argument(
        'large_images',
        'false',
        'Whether Fast DDS gets room for large images; docs/transport.md.',
        bool,
    ),
)
NAME = Argument('name', '', "Name of the node; empty takes the program's own.")
PARAMS_FILE = Argument(
    'params_file', '', 'YAML file of parameters; the other arguments win over it.'
)
AUTOSTART = Argument('autostart', 'true', 'Whether to configure and activate at once.', bool)
IMAGE_TOPIC = Argument(
    'image_topic',
    'video_source/raw',
    'The camera topic (sensor_msgs/Image), in the namespace if it begins without a slash.',
)
RVIZ = Argument('rviz', 'false', 'Whether to open rviz2 on what is published.', bool)


def parameter_arguments(
    settings_type: type[Any], prefix: str = '', stem: str = ''
) -> tuple[Argument, ...]:
    """Make an argument of each of a node's parameters, and of its old names.

    All are empty by default, which keeps what the parameter files or the node's default say.

    Args:
        settings_type: The dataclass of the parameters.
        prefix: What the arguments' names begin with, as ``input`` in ``input_width``.
        stem: The parameter whose argument is the prefix alone.
    """
    arguments = []
    for name, field in ParameterTable(settings_type).fields.items():
        if name == AUTOSTART.name:
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
    """Pick the arguments that are parameters and were given, by the parameter's name."""
    return {
        a.parameter: given[a.name] for a in arguments if a.parameter and given[a.name] is not None
    }


def given_parameters(arguments: Iterable[Argument], given: Mapping[str, Any]) -> dict[str, Any]:
    """Pick the same as launch takes them."""
    # It would read a text such as 8 as a number, if it were not told that it is none.
    return {
        name: ParameterValue(value, value_type=str) if isinstance(value, str) else value
        for name, value in plain_parameters(arguments, given).items()
    }


def described(
    arguments: Sequence[Argument], start: Callable[[Mapping[str, Any]], Sequence[Any]]
) -> LaunchDescription:
    """Describe a launch.

    Args:
        arguments: Its arguments.
        start: Called with their values by name, None for those that are empty; answers what is
            to be started.
    """

    def begin(context: LaunchContext) -> Sequence[Any]:
        return start({a.name: a.value(context) for a in arguments})

    declarations = [argument.declaration() for argument in arguments]
    return LaunchDescription([*declarations, OpaqueFunction(function=begin)])
