# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of lists in parameters."""

from __future__ import annotations

import pytest

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.nodes.parameters.texts import read_names, read_region


@pytest.mark.parametrize('text', ['', ' ', ',', ' , ,', ';'])
def test_nothing_is_no_name_and_the_whole_image(text: str) -> None:
    assert read_names(text) == ()
    assert read_region(text) is None


@pytest.mark.parametrize(
    ('text', 'names'),
    [
        ('cat', ('cat',)),
        (' traffic light , dog,', ('traffic light', 'dog')),
        ('tabby, tabby cat; lynx, catamount', ('tabby, tabby cat', 'lynx, catamount')),
        ('tabby, tabby cat;', ('tabby, tabby cat',)),
        ('[front, rear]', ('front', 'rear')),
        (' ["a, b", 7, no,] ', ('a, b', '7', 'no')),
        ('[]', ()),
        ('[front], rear', ('[front]', 'rear')),
        ('[front, [rear]]', ('[front', '[rear]]')),
        ('[front', ('[front',)),
    ],
)
def test_names(text: str, names: tuple[str, ...]) -> None:
    assert read_names(text) == names


def test_a_region() -> None:
    assert read_region('0, 0.25,1 , 0.75') == (0.0, 0.25, 1.0, 0.75)


@pytest.mark.parametrize(
    'text', ['1', '0,0,1', '0,0,1,1,1', 'a,0,1,1', '0,0,0,1', '0.5,0,0.4,1', '0,0,1,1.1',
             '-0.1,0,1,1', 'nan,0,1,1', '0,0,inf,1', '0;0;1;1;1'],
)  # fmt: skip
def test_no_region(text: str) -> None:
    with pytest.raises(SettingsError, match=r'region is .*such as 0\.25,0\.5,0\.75,1\.0'):
        read_region(text)


@pytest.mark.parametrize('text', ['[' * 3000, '[' + 'a,' * 40_000 + 'a]'])
def test_a_text_too_deep_or_long_for_yaml_is_split(text: str) -> None:
    assert read_names(text) == tuple(text.split(','))
