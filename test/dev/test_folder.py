# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A folder that is made once, wholly or not at all."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from underlay import UnderlayError
from underlay.environment import Environment
from underlay.folder import MARKER, SCRIPT, cache_root, made_once, read_complete, remove

MADE = Environment({'VALUE': 'v'}, {'PATH': ('/x',)})


def maker(folder: Path, calls: list[str]) -> Callable[[], Environment]:
    def make() -> Environment:
        calls.append('make')
        assert not folder.exists()
        (folder / 'bin').mkdir(parents=True)
        (folder / 'bin' / 'python3').touch()
        return MADE

    return make


def never() -> None:
    pytest.fail('nobody else holds the lock')


def test_made_on_the_first_call_only(tmp_path: Path) -> None:
    folder, calls = tmp_path / 'deep' / 'cache' / 'py-3.11-abc', []
    assert read_complete(folder) is None
    assert made_once(folder, maker(folder, calls), never) == MADE
    assert made_once(folder, maker(folder, calls), never) == MADE
    assert calls == ['make']
    assert (folder / SCRIPT).read_text() == MADE.script(
        f'{folder.name}: made by dev/ros_underlay.py'
    )


def test_a_half_made_folder_is_replaced(tmp_path: Path) -> None:
    folder, calls = tmp_path / 'half', []
    (folder / 'bin').mkdir(parents=True)
    (folder / 'bin' / 'python3').touch()
    (folder / 'leftover').touch()
    assert made_once(folder, maker(folder, calls), never) == MADE
    assert calls == ['make']
    assert not (folder / 'leftover').exists()


@pytest.mark.parametrize('marker', ['', '{"values": {', '[]'])
def test_a_torn_marker_does_not_count(tmp_path: Path, marker: str) -> None:
    folder, calls = tmp_path / 'torn', []
    made_once(folder, maker(folder, calls), never)
    (folder / MARKER).write_text(marker)
    assert read_complete(folder) is None
    assert made_once(folder, maker(folder, calls), never) == MADE


def test_a_python_that_has_gone_is_noticed(tmp_path: Path) -> None:
    folder, calls = tmp_path / 'gone', []
    made_once(folder, maker(folder, calls), never)
    python = folder / 'bin' / 'python3'
    python.unlink()
    python.symlink_to(tmp_path / 'uninstalled')
    assert made_once(folder, maker(folder, calls), never) == MADE
    assert calls == ['make', 'make']


@pytest.mark.parametrize(
    'error', [UnderlayError('no network'), KeyboardInterrupt(), SystemExit(143)]
)
def test_a_failure_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    folder = tmp_path / 'failed'

    def make() -> Environment:
        folder.mkdir()
        (folder / 'part').touch()
        raise error

    with pytest.raises(type(error)):
        made_once(folder, make, never)
    assert not folder.exists()
    assert made_once(folder, maker(folder, []), never) == MADE


def test_two_at_once_make_it_once(tmp_path: Path) -> None:
    folder, calls = tmp_path / 'shared', []
    begun, go = threading.Event(), threading.Event()
    waited: list[str] = []

    def slow() -> Environment:
        begun.set()
        assert go.wait(10)
        return maker(folder, calls)()

    def wait() -> None:
        waited.append('waiting')
        go.set()

    first = threading.Thread(target=made_once, args=(folder, slow, never))
    first.start()
    assert begun.wait(10)
    assert made_once(folder, maker(folder, calls), wait) == MADE
    first.join()
    assert (calls, waited) == (['make'], ['waiting'])


def test_a_folder_that_is_still_written_to_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, removed = tmp_path / 'busy', []

    def rmtree(path: Path, *, ignore_errors: bool) -> None:
        removed.append(ignore_errors)
        for child in path.iterdir():
            child.unlink()
        if len(removed) == 1:
            (path / 'late').touch()
        else:
            path.rmdir()

    folder.mkdir()
    monkeypatch.setattr(shutil, 'rmtree', rmtree)
    monkeypatch.setattr(time, 'sleep', lambda _: None)
    remove(folder)
    assert removed == [True, True]


def test_a_folder_that_cannot_be_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, 'rmtree', lambda *_, **__: None)
    monkeypatch.setattr(time, 'sleep', lambda _: None)
    with pytest.raises(UnderlayError, match='cannot remove'):
        remove(tmp_path)


def test_a_cache_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    with pytest.raises(UnderlayError, match='set XDG_CACHE_HOME'):
        made_once(tmp_path / 'file' / 'folder', lambda: MADE, never)


def test_the_cache_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv('HOME', '/home/someone')
    for value, expected in (
        (str(tmp_path), tmp_path),
        ('', Path('/home/someone/.cache')),
        ('relative', Path('/home/someone/.cache')),
    ):
        monkeypatch.setitem(os.environ, 'XDG_CACHE_HOME', value)
        assert cache_root() == expected / 'ros_deep_learning' / 'underlay'
