# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of strict YAML: hostile files cost little and are refused in one line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ros_deep_learning.cards import validation
from ros_deep_learning.cards.validation import MAX_FILE_BYTES, read_yaml
from ros_deep_learning.errors import CardError

LAUGHS = 'a0: &a0 [x]\n' + ''.join(
    f'a{n}: &a{n} [{", ".join([f"*a{n - 1}"] * 9)}]\n' for n in range(1, 12)
)
MERGES = 'a0: &a0 {k0: 1}\n' + ''.join(
    f'a{n}: &a{n}\n  <<: [{", ".join([f"*a{n - 1}"] * 9)}]\n' for n in range(1, 9)
)
HOSTILE = {
    'empty': (b'', 'expected a mapping of keys to values, got nothing'),
    'list': (b'- a\n- b\n', 'got a list'),
    'text': (b'just words', 'got a text'),
    'number': (b'3', 'got a whole number'),
    'unclosed': (b'name: [a, b', 'line 1: not valid YAML'),
    'tabs': (b'a:\n\t- b', 'line 2: not valid YAML'),
    'two documents': (b'a: 1\n---\nb: 2\n', 'not valid YAML'),
    'python object': (b'a: !!python/object/apply:os.system [ls]', 'not valid YAML'),
    'not text': (b'\xff\xfe\x00\xd8\x00', 'not valid YAML'),
    'control characters': (b'a: \x00', 'not valid YAML'),
    'impossible date': (b'a: 2001-99-99', 'not valid YAML'),
    'aliases': (LAUGHS.encode(), 'aliases are not allowed'),
    'merges': (MERGES.encode(), 'aliases are not allowed'),
    'deep': (b'a: ' + b'[' * 50_000, 'nested too deeply'),
    'long': (b'a' * (MAX_FILE_BYTES + 1), 'larger than'),
    'same key twice': (b'a: 1\nb:\n  c: 1\n  c: 2\n', "line 3: not valid YAML: the key 'c'"),
}


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The parents of all nodes composed: their count bounds what a hostile file costs."""
    parents: list[object] = []
    original = validation._StrictLoader.compose_node

    def compose(loader: object, parent: object, index: object) -> object:
        parents.append(parent)
        return original(loader, parent, index)

    monkeypatch.setattr(validation._StrictLoader, 'compose_node', compose)
    return parents


@pytest.mark.parametrize('name', HOSTILE)
def test_hostile_files_are_refused_before_they_cost_much(
    tmp_path: Path, composed: list[object], name: str
) -> None:
    data, complaint = HOSTILE[name]
    path = tmp_path / 'card.yaml'
    path.write_bytes(data)
    with pytest.raises(CardError) as caught:
        read_yaml(path)
    # Python's own limit of recursion ends a deep file; a long one is not parsed at all.
    assert len(composed) <= (0 if name == 'long' else sys.getrecursionlimit())
    message = str(caught.value)
    assert message.startswith(f'{path}: ')
    assert complaint in message
    assert '\n' not in message
    assert len(message) < 500


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(CardError, match='cannot be read: No such file'):
        read_yaml(tmp_path / 'gone.yaml')
    with pytest.raises(CardError, match='cannot be read: Is a directory'):
        read_yaml(tmp_path)


def test_finish_takes_only_asked_keys(tmp_path: Path) -> None:
    path = tmp_path / 'a.yaml'
    path.write_text('threshold: 1\nthreshhold: 2\n')
    section = read_yaml(path)
    assert section.integer('threshold', 0, 5) == 1
    with pytest.raises(CardError, match='threshhold: unknown key; did you mean threshold'):
        section.finish()


def test_values_of_huge_size_are_shown_short(tmp_path: Path) -> None:
    path = tmp_path / 'a.yaml'
    path.write_text(f'task: {"x" * 100_000}\n')
    with pytest.raises(CardError) as caught:
        read_yaml(path).choice('task', ('a', 'b'))
    assert len(str(caught.value)) < 400


def test_empty_key_is_a_missing_key(tmp_path: Path) -> None:
    path = tmp_path / 'a.yaml'
    path.write_text('a:\n')
    section = read_yaml(path)
    assert section.integer('a', 0, 9, 4) == 4
    with pytest.raises(CardError, match='a: missing; expected a text'):
        section.text('a')
