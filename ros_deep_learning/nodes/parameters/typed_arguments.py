# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Parameter values of a command line and its files, written in the types that nodes declare.

rcl keeps one value *per type* for a parameter: a text from one file and a list from another both
stay, and which of them a node gets depends on their types, not on their order. It also reads
``model:=1e5`` as a number and ``classes:=y`` as a truth value. So each value of a parameter that
is known here is rewritten in the type of its declaration before rcl reads it. Then the last value
wins, as documented, and a value that does not fit is refused with the name of its file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, cast

import yaml

from ...errors import SettingsError, UsageError
from .parameter_table import ParameterTable, rule_of
from .texts import names_text

Kind = Literal['bool', 'int', 'float', 'str', 'names']

# As rcl_yaml_param_parser reads them (YAML 1.1).
_TRUE = frozenset({'y', 'yes', 'true', 'on'})
_FALSE = frozenset({'n', 'no', 'false', 'off'})
_TAGS: dict[Kind, str] = {
    'bool': 'tag:yaml.org,2002:bool',
    'int': 'tag:yaml.org,2002:int',
    'float': 'tag:yaml.org,2002:float',
}
_EXPECTED: dict[Kind, str] = {
    'bool': 'true or false',
    'int': 'a whole number',
    'float': 'a number',
    'str': 'a text',
    'names': 'a text with commas or a list',
}
_PARAMETER = re.compile(r'(?P<name>(?:[^:=]+:)?[^:=]+):=(?P<value>.*)', re.DOTALL)


def parameter_kinds(settings_types: Iterable[type[Any]]) -> dict[str, Kind]:
    """Return the kind of each parameter that some nodes declare, by its name and old names.

    A name to which two nodes give different kinds is left out.
    """
    kinds: dict[str, set[Kind]] = {'use_sim_time': {'bool'}}
    for settings_type in settings_types:
        for name, field in ParameterTable(settings_type).fields.items():
            rule = rule_of(field)
            kind = cast('Kind', 'names' if rule.names else type(field.default).__name__)
            for each in (name, *rule.aliases):
                kinds.setdefault(each, set()).add(kind)
    return {name: next(iter(kind)) for name, kind in kinds.items() if len(kind) == 1}


class TypedArguments(AbstractContextManager['TypedArguments']):
    """A command line whose parameter values have the declared types.

    The files that it names exist until the context is left; rcl reads them when it starts.

    Args:
        argv: The whole command line.
        kinds: Kind of each known parameter; values of others stay as they are.

    Attributes:
        argv: The command line to start ROS with.

    Raises:
        SettingsError: A value is not of its parameter's kind; the message names the parameter and
            the file.
        UsageError: A parameter file is missing or not YAML.
    """

    def __init__(self, argv: Sequence[str], kinds: Mapping[str, Kind]) -> None:
        self._files = ExitStack()
        self.argv: list[str] = []
        of_ros, option = False, ''
        try:
            for argument in argv:
                if argument in ('--ros-args', '--'):
                    of_ros, option = argument == '--ros-args', ''
                elif of_ros and option in ('-p', '--param'):
                    argument = _typed_argument(argument, kinds)
                elif of_ros and option == '--params-file':
                    argument = self._typed_file(Path(argument), kinds)
                option = argument if argument.startswith('-') else ''
                self.argv.append(argument)
        except BaseException:
            self._files.close()
            raise

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def _typed_file(self, path: Path, kinds: Mapping[str, Kind]) -> str:
        document = _read(path)
        _type_values(document, kinds, f' in {path}')
        name = f'{len(self.argv)}.yaml'
        typed = Path(self._files.enter_context(TemporaryDirectory(prefix='parameters_'))) / name
        typed.write_text('' if document is None else yaml.serialize(document))
        return str(typed)


def _read(path: Path) -> yaml.Node | None:
    try:
        return yaml.compose(path.read_text(), yaml.SafeLoader)
    except OSError as err:
        msg = f'the parameter file {path} cannot be read: {err.strerror}'
        raise UsageError(msg) from err
    except (yaml.YAMLError, UnicodeDecodeError) as err:
        msg = f'the parameter file {path} is not YAML: {" ".join(str(err).split())}'
        raise UsageError(msg) from err


def _type_values(node: yaml.Node | None, kinds: Mapping[str, Kind], where: str) -> None:
    """Rewrite the values of known parameters below each ``ros__parameters``, in place."""
    if not isinstance(node, yaml.MappingNode):
        return
    for key, section in node.value:
        if key.value != 'ros__parameters':
            _type_values(section, kinds, where)
        elif isinstance(section, yaml.MappingNode):
            section.value = [
                (name, _typed(name.value, value, kinds[name.value], where))
                if name.value in kinds
                else (name, value)
                for name, value in section.value
            ]


def _typed_argument(argument: str, kinds: Mapping[str, Kind]) -> str:
    match = _PARAMETER.fullmatch(argument)
    if match is None:
        return argument
    parameter = match['name'].rpartition(':')[2]
    if parameter not in kinds:
        return argument
    try:
        node = yaml.compose(match['value'], yaml.SafeLoader)
    except yaml.YAMLError:
        node = None
    if not isinstance(node, (yaml.ScalarNode, yaml.SequenceNode)):
        # A text that is not YAML, such as ``a: b``, is that text.
        node = yaml.ScalarNode('tag:yaml.org,2002:str', match['value'], style='"')
    value = _typed(parameter, node, kinds[parameter], '')
    # A text is quoted, so that rcl does not take it for a number; others are written plainly.
    text = yaml.serialize(value, width=math.inf).removesuffix('\n').removesuffix('...').strip()
    return f'{match["name"]}:={text}'


def _typed(name: str, node: yaml.Node, kind: Kind, where: str) -> yaml.Node:
    """Return the node of a value in the kind of its parameter.

    Raises:
        SettingsError: It is not of that kind.
    """
    if kind == 'names' and isinstance(node, yaml.SequenceNode):
        names = [each.value for each in node.value if isinstance(each, yaml.ScalarNode)]
        if len(names) == len(node.value):
            return _text_node(names_text(names))
    if isinstance(node, yaml.ScalarNode):
        if kind in ('str', 'names'):
            # An empty value is no text, but an empty one is what it means.
            return _text_node('' if node.tag.endswith(':null') and not node.style else node.value)
        value = _value(node.value.strip(), kind)
        if value is not None:
            text = str(value).lower() if kind == 'bool' else _number_text(value)
            return yaml.ScalarNode(_TAGS[kind], text)
    given = repr(node.value) if isinstance(node, yaml.ScalarNode) else f'a {_kind_of(node)}'
    msg = f'parameter {name}{where}: expected {_EXPECTED[kind]}, got {given}'
    raise SettingsError(msg)


def _kind_of(node: yaml.Node) -> str:
    return 'list' if isinstance(node, yaml.SequenceNode) else 'mapping'


def _text_node(text: str) -> yaml.ScalarNode:
    return yaml.ScalarNode('tag:yaml.org,2002:str', text, style='"')


def _value(text: str, kind: Kind) -> Any:
    """Return the value that a text stands for, or None if it is not of the kind."""
    if kind == 'bool':
        lowered = text.lower()
        return True if lowered in _TRUE else False if lowered in _FALSE else None
    try:
        number = yaml.safe_load(text) if re.fullmatch('[-+]?0[xXoO_0-9a-fA-F]+', text) else None
        value = float(text.replace('_', '') if number is None else number)
    except (ValueError, TypeError):
        return {'.inf': math.inf, '-.inf': -math.inf, '.nan': math.nan}.get(text.lower())
    if kind == 'float':
        return value
    return int(value) if value.is_integer() else None


def _number_text(value: float) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return '.nan' if math.isnan(value) else '-.inf' if value < 0 else '.inf'
    number, exponent, power = repr(value).partition('e')
    # YAML 1.1 takes 1e-05 for a text.
    return f'{number}{"" if "." in number or not exponent else ".0"}{exponent}{power}'
