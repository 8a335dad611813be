# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of parameter values in the types that nodes declare, against what rcl reads of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ros_deep_learning.errors import SettingsError, UsageError
from ros_deep_learning.nodes.parameters.parameter_table import parameter
from ros_deep_learning.nodes.parameters.typed_arguments import TypedArguments, parameter_kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    model: str = parameter('net', 'A network.', aliases=('model_path',))
    classes: str = parameter('', 'Some names.', names=True)
    share: float = parameter(0.5, 'A share.')
    count: int = parameter(3, 'A count.')
    lit: bool = parameter(False, 'A switch.')


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    share: float = parameter(0.5, 'A share.')
    count: float = parameter(3.0, 'Another kind of count.')


KINDS = parameter_kinds([Example])


def typed(*arguments: str) -> list[str]:
    with TypedArguments(['program', '--ros-args', *arguments], KINDS) as made:
        return made.argv[2:]


def values_of(text: str, tmp_path: Path, kinds: Any = KINDS) -> dict[str, Any]:
    """Return what a YAML reader finds in the file that ROS is given, by node and parameter."""
    path = tmp_path / 'given.yaml'
    path.write_text(text)
    with TypedArguments(['program', '--ros-args', '--params-file', str(path)], kinds) as made:
        return dict(yaml.safe_load(Path(made.argv[3]).read_text()) or {})


def test_nothing_stays_nothing(tmp_path: Path) -> None:
    with TypedArguments([], KINDS) as made:
        assert made.argv == []
    assert values_of('', tmp_path) == {}


def test_kinds_are_those_of_the_declarations() -> None:
    assert KINDS == {
        'use_sim_time': 'bool',
        'model': 'str',
        'model_path': 'str',
        'classes': 'names',
        'share': 'float',
        'count': 'int',
        'lit': 'bool',
    }
    both = parameter_kinds([Example, Other])
    assert both['share'] == 'float'
    assert 'count' not in both


@pytest.mark.parametrize(
    ('written', 'value'),
    [
        ('share: 1', 1.0),
        ('share: "0.9"', 0.9),
        ('share: 1e-2', 0.01),
        ('share: 1e-5', 0.00001),
        ('share: -2e+30', -2e30),
        ('share: .inf', float('inf')),
        ('count: 3.0', 3),
        ('count: "7"', 7),
        ('count: 0x10', 16),
        ('count: 1_000', 1000),
        ('model: 1e5', '1e5'),
        ('model: yes', 'yes'),
        ('model: "its \\"x\\""', 'its "x"'),
        ('model:', ''),
        ('model_path: 8', '8'),
        ('classes: [person, car]', 'person,car'),
        ('classes: [1, 0.25]', '1,0.25'),
        ('classes: ["a, b", c]', 'a, b;c'),
        ('classes: y', 'y'),
        ('classes: []', ''),
        ('lit: "true"', True),
        ('lit: off', False),
        ('use_sim_time: "true"', True),
    ],
)
def test_each_value_of_a_file_gets_the_declared_type(
    written: str, value: Any, tmp_path: Path
) -> None:
    name = written.partition(':')[0]
    found = values_of(f'/**:\n  ros__parameters:\n    {written}\n', tmp_path)
    given = found['/**']['ros__parameters'][name]
    assert given == value
    assert type(given) is type(value)


def test_every_section_is_read_and_the_rest_stays(tmp_path: Path) -> None:
    text = """
/**: {ros__parameters: {share: 1, foreign: 1e5, lists: [1, 2]}}
robot:
  detectnet:
    ros__parameters:
      count: 2.0
      qos_overrides: {/a: {publisher: {depth: 3}}}
"""
    found = values_of(text, tmp_path)
    assert found['/**']['ros__parameters'] == {'share': 1.0, 'foreign': '1e5', 'lists': [1, 2]}
    assert found['robot']['detectnet']['ros__parameters'] == {
        'count': 2,
        'qos_overrides': {'/a': {'publisher': {'depth': 3}}},
    }


@pytest.mark.parametrize(
    ('written', 'words'),
    [
        ('share: high', "parameter share in .*given.yaml: expected a number, got 'high'"),
        ('share: [1]', 'expected a number, got a list'),
        ('share: true', "expected a number, got 'true'"),
        ('count: 2.5', "expected a whole number, got '2.5'"),
        ('lit: maybe', "expected true or false, got 'maybe'"),
        ('lit: 1', "expected true or false, got '1'"),
        ('model: [a]', 'expected a text, got a list'),
        ('classes: [[a]]', 'expected a text with commas or a list, got a list'),
        ('classes: {a: b}', 'expected a text with commas or a list, got a mapping'),
    ],
)
def test_a_value_of_another_kind_is_refused_with_its_file(
    written: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=words):
        values_of(f'/**:\n  ros__parameters:\n    {written}\n', tmp_path)


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        (None, 'missing.yaml cannot be read: No such file'),
        (b'a: [', 'is not YAML'),
        (b'\xff', 'is not YAML'),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    content: bytes | None, words: str, tmp_path: Path
) -> None:
    path = tmp_path / 'missing.yaml'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=words):
        typed('--params-file', str(path))


@pytest.mark.parametrize(
    ('argument', 'expected'),
    [
        ('model:=1e5', 'model:="1e5"'),
        ('model:=a: b', 'model:="a: b"'),
        ('model:=/a b/c.onnx', 'model:="/a b/c.onnx"'),
        ('model:=', 'model:=""'),
        ('classes:=y', 'classes:="y"'),
        ('classes:=[person, car]', 'classes:="person,car"'),
        ('share:=1', 'share:=1.0'),
        ('detectnet:share:=1e-2', 'detectnet:share:=0.01'),
        ('share:=0.00001', 'share:=1.0e-05'),
        ('share:=1.5e-7', 'share:=1.5e-07'),
        ('count:=3.0', 'count:=3'),
        ('lit:=yes', 'lit:=true'),
        ('foreign:=1e5', 'foreign:=1e5'),
        ('nonsense', 'nonsense'),
    ],
)
def test_each_value_of_the_command_line_gets_the_declared_type(
    argument: str, expected: str
) -> None:
    assert typed('-p', argument) == ['-p', expected]
    assert typed('--param', argument) == ['--param', expected]


def test_other_arguments_stay() -> None:
    remap = ['-r', 'model:=y', '--log-level', 'debug', '--', '-p', 'model:=1']
    assert typed(*remap) == remap


def test_a_refused_argument_is_named() -> None:
    with pytest.raises(SettingsError, match="parameter share: expected a number, got 'high'"):
        typed('-p', 'share:=high')


def test_the_files_are_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / 'given.yaml'
    path.write_text('/**: {ros__parameters: {share: 1}}')
    with TypedArguments(['program', '--ros-args', '--params-file', str(path)], KINDS) as made:
        copy = Path(made.argv[-1])
        assert copy.exists()
    assert not copy.exists()
