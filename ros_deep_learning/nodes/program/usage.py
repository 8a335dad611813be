# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The --help of a program of nodes, and its own arguments."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from rclpy.utilities import remove_ros_args

from ...errors import UsageError
from ...paths import PICTURE_SUFFIXES, VIDEO_SUFFIXES
from ..messages.topics import Topic
from ..parameters.parameter_table import ParameterTable, constraint_text, rule_of

WIDTH = 79
_PLAYED = (*PICTURE_SUFFIXES, *VIDEO_SUFFIXES)


class DescribedNode(Protocol):
    """A node class with a description; the first line of its docstring says what it does.

    Attributes:
        default_name: The node's name before remapping.
        settings_type: The dataclass of its parameters.
        topics: What it subscribes to and publishes, optional topics included.
    """

    default_name: str
    settings_type: type[Any]
    topics: Sequence[Topic]


def wants_help(argv: Sequence[str]) -> bool:
    """Return whether a command line requests help."""
    return '--help' in argv[1:] or '-h' in argv[1:]


def chosen_nodes(argv: Sequence[str], nodes: Sequence[Any], *, choosable: bool) -> list[Any]:
    """Return the node classes that the program's own arguments name; all if they name none.

    Args:
        argv: The whole command line.
        nodes: The program's classes.
        choosable: Whether arguments may choose among them; otherwise there may be none.

    Raises:
        UsageError: An argument is unknown, or ROS cannot read its own.
    """
    names = _own_arguments(argv)
    known = {node.default_name: node for node in nodes} if choosable else {}
    if unknown := [name for name in names if name not in known]:
        may_be = f'known are {", ".join(known)}' if known else 'the program takes none of its own'
        msg = (
            f'unknown argument {unknown[0]!r}: {may_be}; those of ROS follow --ros-args, '
            'such as --ros-args -p NAME:=VALUE'
        )
        if not choosable:
            msg += _program_for_files(unknown[0], nodes)
        raise UsageError(msg)
    try:
        remove_ros_args(argv)
    except RuntimeError as err:
        msg = f'{err}; --help shows how arguments are written'
        raise UsageError(msg) from err
    return [known[name] for name in dict.fromkeys(names)] or list(nodes)


def _program_for_files(argument: str, nodes: Sequence[Any]) -> str:
    """Return what to type for a picture or video, where the node has a console program."""
    name = nodes[0].default_name
    suffix = Path(argument).suffix.lower()
    if name not in ('imagenet', 'detectnet', 'segnet') or suffix not in _PLAYED:
        return ''
    call = f'{name} {shlex.quote(argument)}'
    return f'; this is the node: for a picture or video, type {call} without ros2 run'


def _own_arguments(argv: Sequence[str]) -> list[str]:
    """Return the arguments outside of ``--ros-args ... --``.

    Unlike rcl's list it contains ``model:=x``, which rcl takes for an old form of remapping.
    """
    own, of_ros = [], False
    for argument in argv[1:]:
        if argument in ('--ros-args', '--'):
            of_ros = argument == '--ros-args'
        elif not of_ros:
            own.append(argument)
    return own


def help_text(program: str, nodes: Sequence[DescribedNode], *, choosable: bool = False) -> str:
    """Return the help of a program: its usage, then the topics and parameters of each node."""
    choice = f' [{"|".join(node.default_name for node in nodes)} ...]' if choosable else ''
    call = f'usage: ros2 run ros_deep_learning {program} [--help]{choice}'
    lines = [
        call,
        '           [--ros-args [-p NAME:=VALUE] [--params-file FILE] [-r OLD:=NEW]',
        '           [-r __node:=NAME] [-r __ns:=/NAMESPACE] [--log-level LEVEL] ...]',
    ]
    for node in nodes:
        lines += ['', *_node_lines(node)]
    return '\n'.join(lines) + '\n'


def _node_lines(node: DescribedNode) -> Iterator[str]:
    summary = (node.__doc__ or '').strip().splitlines()[0].replace('``', '')
    yield from textwrap.wrap(f'{node.default_name}: {summary}', WIDTH, subsequent_indent='  ')
    for way, title in (('in', 'subscribes to'), ('out', 'publishes')):
        if topics := [topic for topic in node.topics if topic.way == way]:
            yield f'  {title}'
            yield from _rows((topic.name, f'{topic.type}: {topic.text}') for topic in topics)
    yield '  parameters'
    yield from _rows(_parameters(node.settings_type))


def _parameters(settings_type: type[Any]) -> Iterator[tuple[str, str]]:
    for name, field in ParameterTable(settings_type).fields.items():
        rule = rule_of(field)
        allowed = constraint_text(rule)
        facts = [f'default {field.default!r}', *([allowed] if allowed else [])]
        yield name, f'{rule.description} [{"; ".join(facts)}]'


def _rows(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, text in rows:
        first = f'    {name:20} '
        yield from textwrap.wrap(
            text,
            WIDTH,
            initial_indent=first,
            subsequent_indent=' ' * 25,
            break_long_words=False,
            break_on_hyphens=False,
        )
