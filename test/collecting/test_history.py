# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""An undo loses no picture: not that of somebody else, and not on a full disk."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from ros_deep_learning.collecting import folder as folder_module
from ros_deep_learning.collecting.folder import CollectedFolder
from ros_deep_learning.collecting.history import History
from ros_deep_learning.collecting.label import DrawnBox, Label
from ros_deep_learning.errors import DatasetError

EMPTY = Label(boxes=())
LABEL = Label(boxes=(DrawnBox(0, (0.25, 0.5, 0.75, 1.0)),))


@pytest.fixture
def folder(tmp_path: Path) -> CollectedFolder:
    return CollectedFolder(tmp_path, 'detection', ('cat',))


def fill_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(folder_module, 'write_output', full)


@pytest.mark.parametrize('remove', [False, True])
def test_a_picture_that_waited_is_put_back_to_its_place(
    folder: CollectedFolder, *, remove: bool
) -> None:
    top = folder.keep('x.jpg', b'one')
    deeper = folder.keep('deeper/x.jpg', b'other')
    history = History(folder)
    if remove:
        history.discard(deeper)
    else:
        history.take(deeper, LABEL, 'train')
    assert not deeper.exists()
    history.undo()
    assert (top.read_bytes(), deeper.read_bytes()) == (b'one', b'other')
    assert folder.entries() == []
    assert not list(folder.top.glob('labels/**/*.txt'))


@pytest.mark.parametrize('remove', [False, True])
def test_one_that_waits_meanwhile_is_not_replaced(
    folder: CollectedFolder, *, remove: bool
) -> None:
    waiting = folder.keep('x.jpg', b'one')
    history = History(folder)
    if remove:
        history.discard(waiting)
    else:
        history.take(waiting, LABEL, 'train')
    folder.keep('x.jpg', b'another')
    with pytest.raises(DatasetError, match=r'x\.jpg is there already'):
        history.undo()
    assert waiting.read_bytes() == b'another'
    assert len(folder.entries()) == (not remove)


def test_what_somebody_else_has_labelled_since_stays(folder: CollectedFolder) -> None:
    history = History(folder)
    added = history.add('a.jpg', b'one', EMPTY, 'train')
    taken = history.take(folder.keep('b.jpg', b'other'), EMPTY, 'train')
    for entry in (added, taken):
        folder.change(entry, LABEL, 'train')
    for _ in range(2):
        with pytest.raises(DatasetError, match='was changed by somebody else since'):
            history.undo()
    assert folder.entries() == [added, taken]
    assert history.last == ''


def test_on_a_full_disk_a_removal_can_be_undone_later(
    folder: CollectedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(folder)
    entry = folder.add('a.jpg', b'one', LABEL, 'train')
    waiting = folder.keep('b.jpg', b'other')
    history.remove(entry)
    history.discard(waiting)
    for _ in range(2):
        with monkeypatch.context() as patch:
            fill_disk(patch)
            with pytest.raises(DatasetError, match='no space left'):
                history.undo()
        history.undo()
    assert folder.read(entry) == b'one'
    assert waiting.read_bytes() == b'other'
    assert history.last == ''


def test_on_a_full_disk_no_undo_costs_a_picture(
    folder: CollectedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(folder)
    history.take(folder.keep('a.jpg', b'one'), LABEL, 'train')
    fill_disk(monkeypatch)
    with pytest.raises(DatasetError, match='no space left'):
        history.undo()
    assert [path.read_bytes() for path in folder.top.rglob('a.jpg')] == [b'one']
