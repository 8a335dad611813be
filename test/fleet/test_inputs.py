# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The inputs of a job: what arguments stand for, and what outputs are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from ros_deep_learning.errors import FleetError
from ros_deep_learning.fleet.inputs import Unit, find_units, is_many


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ('b/drive.mcap', 'a/drive.mcap', 'a/other.db3', 'c/deep/drive_0.mcap.zstd'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def units(*texts: str) -> dict[str, str]:
    return {unit.name: Path(unit.source).relative_to(Path.cwd()).as_posix() for unit in
            find_units(texts)}  # fmt: skip


def test_patterns_paths_and_lists_are_inputs_once_each(here: Path) -> None:
    Path('list.txt').write_text('# of monday\n\na/other.db3\n  ?/drive.mcap\n')
    same = {'other': 'a/other.db3', 'a_drive': 'a/drive.mcap', 'b_drive': 'b/drive.mcap'}
    assert units('@list.txt') == same
    assert list(units('@list.txt', 'a/drive.mcap')) == list(same)
    assert units(f'file://{here}/a/drive.mcap') == {'drive': 'a/drive.mcap'}
    assert units('**/*.mcap*') == {
        'a_drive': 'a/drive.mcap',
        'b_drive': 'b/drive.mcap',
        'drive_0': 'c/deep/drive_0.mcap.zstd',
    }
    assert units('c/deep') == {'deep': 'c/deep'}


def test_a_file_may_have_the_name_of_a_pattern(here: Path) -> None:
    Path('drive[1].mcap').touch()
    assert units('drive[1].mcap') == {'drive[1]': 'drive[1].mcap'}
    many = ['drive[1].mcap', 'drive[2].mcap', 'a', '@a', 's3://a/b', 'file:///a']
    assert [is_many(text) for text in many] == [False, True, False, True, True, False]


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('none.mcap', 'there is no none.mcap'),
        ('*.bag', r'no file or folder matches \*.bag'),
        ('@none.txt', 'cannot read the list none.txt: No such file'),
        ('@empty.txt', 'no input in @empty.txt'),
        ('@nested.txt', 'nested.txt: a list cannot name another one, as @empty.txt does'),
        ('@bytes.txt', 'bytes.txt is no list of inputs, one a line in UTF-8'),
    ],
)
def test_what_is_no_input_is_said(here: Path, text: str, reason: str) -> None:
    Path('empty.txt').write_text('# nothing\n')
    Path('nested.txt').write_text('@empty.txt\n')
    Path('bytes.txt').write_bytes(b'\xff\xfe')
    with pytest.raises(FleetError, match=reason):
        find_units([text])


def test_two_outputs_of_one_name_are_refused(here: Path) -> None:
    Path('a/drive.db3').touch()
    with pytest.raises(FleetError, match='two outputs would be called'):
        find_units(['a/drive.*'])


def test_names_of_addresses() -> None:
    assert Unit('s3://a/b.mcap', 'b') == Unit(source='s3://a/b.mcap', name='b')
