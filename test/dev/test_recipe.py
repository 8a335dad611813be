# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The recipe of the underlay: its digest, its needs, its locks."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from underlay import recipe

PYTHONS = ['3.10', '3.11', '3.12', '3.13', '3.14']


def pins_for(python: str, lock: Path) -> dict[str, Requirement]:
    markers = {
        'python_version': python,
        'python_full_version': f'{python}.1',
        'sys_platform': 'linux',
        'platform_machine': 'x86_64',
        'implementation_name': 'cpython',
        'platform_python_implementation': 'CPython',
    }
    chosen: dict[str, Requirement] = {}
    for line in lock.read_text().splitlines():
        pin = Requirement(line)
        if pin.marker is None or pin.marker.evaluate(markers):
            name = recipe.distribution_name(pin.name)
            assert name not in chosen, f'{name} is pinned twice for Python {python}'
            chosen[name] = pin
    return chosen


def test_the_digest_changes_with_every_file_and_fact(tmp_path: Path) -> None:
    files = []
    for path in {*recipe.recipe_files(), *recipe.layer_files(), *recipe.distribution_files()}:
        copy = tmp_path / path.name
        copy.write_bytes(path.read_bytes())
        files.append(copy)
    digests = [recipe.digest(files, '3.11.7'), recipe.digest(files, '3.11.8')]
    for copy in files:
        copy.write_bytes(copy.read_bytes() + b'\n')
        digests.append(recipe.digest(files, '3.11.7'))
    assert len(set(digests)) == len(digests)
    assert all(len(digest) == 16 for digest in digests)


def test_the_digest_is_the_same_for_the_same_recipe_and_keeps_parts_apart(tmp_path: Path) -> None:
    assert recipe.digest(recipe.recipe_files()) == recipe.digest(recipe.recipe_files())
    assert recipe.digest([], 'ab', 'c') != recipe.digest([], 'a', 'bc')


def test_needs_of_an_empty_file() -> None:
    assert recipe.read_needs('') == []
    assert recipe.read_needs('# only a comment\n\n') == []


def test_needs_tell_the_module_or_always() -> None:
    assert recipe.read_needs('pyyaml>=6,<7  # yaml\nruff  # always (why)\n') == [
        recipe.Need('pyyaml>=6,<7', 'yaml'),
        recipe.Need('ruff', None),
    ]


@pytest.mark.parametrize(
    ('line', 'name'),
    [
        ('Foo_Bar.baz==1.0', 'foo-bar-baz'),
        ("numpy==2.2.6 ; python_full_version < '3.11'", 'numpy'),
        ('empy<4', 'empy'),
        ('x', 'x'),
    ],
)
def test_distribution_name(line: str, name: str) -> None:
    assert recipe.distribution_name(line) == name


def test_pins_beyond_leaves_out_what_the_other_lock_holds(tmp_path: Path) -> None:
    mine, other = tmp_path / 'mine', tmp_path / 'other'
    mine.write_text('a==1\nB_c==2\n')
    other.write_text('b-c==2\n')
    assert recipe.pins_beyond(mine, other) == ['a==1']
    other.write_text('')
    assert recipe.pins_beyond(mine, other) == ['a==1', 'B_c==2']
    third = tmp_path / 'third'
    third.write_text('a==1\n')
    other.write_text('b-c==2\n')
    assert recipe.pins_beyond(mine, other, third) == []


@pytest.mark.parametrize('python', PYTHONS)
def test_every_need_is_pinned_for_every_python(python: str) -> None:
    for needs, lock in (
        (recipe.HERE / 'ros.in', recipe.ROS_PINS),
        (recipe.PYTHON_NEEDS, recipe.PYTHON_PINS),
        (recipe.TEST_NEEDS, recipe.TEST_PINS),
    ):
        pins = pins_for(python, lock)
        assert all(len(pin.specifier) == 1 and '==' in str(pin.specifier) for pin in pins.values())
        for line in needs.read_text().splitlines():
            text = line.partition('#')[0].strip()
            if text:
                need = Requirement(text)
                pin = pins[recipe.distribution_name(need.name)]
                assert need.specifier.contains(str(pin.specifier).removeprefix('=='))


@pytest.mark.parametrize('python', PYTHONS)
def test_the_locks_agree(python: str) -> None:
    locks = (recipe.ROS_PINS, recipe.PYTHON_PINS, recipe.TEST_PINS)
    for one, other in itertools.combinations([pins_for(python, lock) for lock in locks], 2):
        shared = one.keys() & other.keys()
        assert 'numpy' in shared
        assert all(one[name].specifier == other[name].specifier for name in shared)
