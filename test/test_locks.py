# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests that one process at a time has a lock, and what it leaves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ros_deep_learning import locks
from ros_deep_learning.errors import FetchError, LockError
from ros_deep_learning.locks import locked, work_folder


def test_work_folder_is_empty_and_goes_away(tmp_path: Path) -> None:
    leftover = tmp_path / '.x.lock.work-killed'
    leftover.mkdir()
    (leftover / 'half.whl').write_bytes(b'x' * 10)
    other = tmp_path / '.y.lock.work-alive'
    other.mkdir()
    with work_folder(tmp_path / '.x.lock') as folder:
        assert not leftover.exists()
        assert list(folder.iterdir()) == []
        (folder / 'sub').mkdir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ['.x.lock', '.y.lock.work-alive']


def test_work_folder_goes_away_after_an_error(tmp_path: Path) -> None:
    def work() -> None:
        with work_folder(tmp_path / '.x.lock') as folder:
            (folder / 'a').write_text('a')
            raise InterruptedError

    with pytest.raises(InterruptedError):
        work()
    assert [path.name for path in tmp_path.iterdir()] == ['.x.lock']
    with work_folder(tmp_path / '.x.lock'):
        pass


def test_waiting_can_be_given_up(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            '-c',
            'import sys\nfrom pathlib import Path\n'
            'from ros_deep_learning.locks import work_folder\n'
            f'with work_folder(Path({str(tmp_path / ".x.lock")!r})):\n'
            '    print("held", flush=True); sys.stdin.read()\n',
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(locks.__file__).parents[2],
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == 'held\n'
    stages: list[str] = []

    def give_up(stage: str, share: float | None) -> None:
        stages.append(stage)
        if len(stages) == 2:
            raise InterruptedError

    try:
        with pytest.raises(InterruptedError), work_folder(tmp_path / '.x.lock', give_up):
            pytest.fail('the lock is held by another process')
        assert 'waiting for another process' in stages[0]
    finally:
        holder.communicate('', timeout=20)
    with work_folder(tmp_path / '.x.lock', give_up):
        assert len(stages) == 2


def test_a_place_that_cannot_be_locked(tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('')
    path = tmp_path / 'file' / '.x.lock'
    with pytest.raises(LockError, match='cannot lock'), locked(path):
        pass
    with pytest.raises(FetchError, match='cannot lock'), work_folder(path):
        pass
