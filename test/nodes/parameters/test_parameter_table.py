# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the parameter table."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Any

import pytest

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.nodes.parameters.detectnet_settings import DetectNetSettings
from ros_deep_learning.nodes.parameters.parameter_table import (
    ParameterTable,
    parameter,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    name: str = parameter('a', 'A name.', choices=('a', 'b'))
    net: str = parameter('x', 'A network.', reload=True)
    eyes: str = parameter('', 'Some names.', names=True, live=True)
    share: float = parameter(0.5, 'A share.', minimum=0.0, maximum=1.0, live=True)
    count: int = parameter(3, 'A count.', minimum=1, maximum=9, live=True)
    on: bool = parameter(False, 'A switch.', live=True)

    def __post_init__(self) -> None:
        if self.on and self.count > 5:
            msg = 'count must be at most 5 while on is true'
            raise SettingsError(msg)


@pytest.fixture
def table() -> ParameterTable[Example]:
    return ParameterTable(Example)


def test_no_change_is_the_same(table: ParameterTable[Example]) -> None:
    assert table.changed(Example(), {}) == Example()


def test_several_changes_are_made_together(table: ParameterTable[Example]) -> None:
    assert table.changed(Example(), {'count': 5, 'on': True}) == Example(count=5, on=True)


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'share': 1.5}, 'share is 1.5, but must be 0.0 to 1.0'),
        ({'share': float('nan')}, 'share is nan'),
        ({'count': 0}, 'count is 0, but must be 1 to 9'),
        ({'count': 2.5}, 'count: expected int'),
        ({'count': True}, 'count: expected int'),
        ({'on': 1}, 'on: expected bool'),
        ({'name': 'c'}, "name is 'c', but must be one of a, b"),
        ({'name': None}, 'name: expected str'),
        ({'count': 6, 'on': True}, 'count must be at most 5'),
    ],
)
def test_a_bad_change_is_refused_whole(
    table: ParameterTable[Example], changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        table.changed(Example(), changes)


def test_an_integer_does_for_a_float(table: ParameterTable[Example]) -> None:
    changed = table.changed(Example(), {'share': 1})
    assert changed.share == 1.0
    assert isinstance(changed.share, float)


def test_a_whole_number_does_for_an_integer(table: ParameterTable[Example]) -> None:
    changed = table.changed(Example(), {'count': 4.0})
    assert changed.count == 4
    assert isinstance(changed.count, int)


def test_fixed_names_are_those_that_are_not_live(table: ParameterTable[Example]) -> None:
    names = ['name', 'net', 'share', 'use_sim_time']
    assert table.fixed(names) == ['name']
    assert table.reloading(names) == ['net']


@pytest.mark.parametrize(
    ('given', 'text'),
    [
        ('', ''),
        ([], ''),
        (None, ''),
        ('left, right', 'left, right'),
        (['left', 'right'], 'left,right'),
        (('left',), 'left'),
        (array('B'), ''),
        (['a, b', 'c'], 'a, b;c'),
        (array('d', [0.25, 1.0]), '0.25,1.0'),
        ([1, 'b'], '1,b'),
        # As ros2 param set sends a single one.
        (12, '12'),
        (0.5, '0.5'),
    ],
)
def test_names_come_as_text_or_as_an_array(
    table: ParameterTable[Example], given: Any, text: str
) -> None:
    assert table.changed(Example(), {'eyes': given}).eyes == text


@pytest.mark.parametrize('given', [True, b'x', [b'x'], [True], ['a', None]])
def test_what_is_no_list_of_names_is_refused(table: ParameterTable[Example], given: Any) -> None:
    with pytest.raises(SettingsError, match='eyes: expected names: text with commas, or an'):
        table.changed(Example(), {'eyes': given})


def test_the_reference_has_a_row_a_parameter() -> None:
    table = ParameterTable(DetectNetSettings)
    rows = table.reference().splitlines()[2:]
    assert len(rows) == len(table.fields)
    assert any(row.startswith('| `threshold` | `0.5` | yes | 0.0 to 1.0 |') for row in rows)


def test_the_overlay_flags_are_checked_with_the_rest() -> None:
    with pytest.raises(SettingsError, match='boxes'):
        ParameterTable(DetectNetSettings).changed(DetectNetSettings(), {'overlay_flags': 'boxes'})


def test_class_ids_are_labels_or_numbers() -> None:
    labels = ('cat', 'dog')
    assert DetectNetSettings().class_names(labels) == ('cat', 'dog')
    assert DetectNetSettings(class_id='index').class_names(labels) == ('0', '1')
