# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of files and folders that no other user can write."""

from __future__ import annotations

import os

import pytest

from ros_deep_learning.errors import PlanError
from ros_deep_learning.files import write_whole
from ros_deep_learning.private_files import (
    check_private_folder,
    read_private,
)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / 'engines'
    path.mkdir(mode=0o700)
    return path


def test_accepts_its_own_private_folder(folder):
    check_private_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_closes_a_folder_that_others_may_only_read(folder):
    folder.chmod(0o755)
    check_private_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize('mode', [0o770, 0o702, 0o777, 0o1777])
def test_refuses_a_folder_that_others_can_write(folder, mode):
    folder.chmod(mode)
    with pytest.raises(PlanError, match='group- or world-writable'):
        check_private_folder(folder)
    assert folder.stat().st_mode & 0o7777 == mode


def test_refuses_a_missing_folder(tmp_path):
    with pytest.raises(PlanError, match='No such file'):
        check_private_folder(tmp_path / 'none')


def test_refuses_a_linked_folder(folder, tmp_path):
    link = tmp_path / 'link'
    link.symlink_to(folder)
    with pytest.raises(PlanError, match='a link or a file'):
        check_private_folder(link)


def test_refuses_a_folder_in_a_world_writable_one(tmp_path):
    open_to_all = tmp_path / 'open'
    inner = open_to_all / 'engines'
    inner.mkdir(parents=True, mode=0o700)
    open_to_all.chmod(0o777)
    with pytest.raises(PlanError, match='without the sticky bit'):
        check_private_folder(inner)
    open_to_all.chmod(0o1777)
    check_private_folder(inner)


def test_refuses_what_another_user_owns(folder, monkeypatch):
    path = folder / 'a.plan'
    write_whole(path, b'plan')
    monkeypatch.setattr(os, 'geteuid', lambda: path.stat().st_uid + 1)
    with pytest.raises(PlanError, match='owned by user'):
        check_private_folder(folder)
    with pytest.raises(PlanError, match='owned by user'):
        read_private(path)


def test_reads_an_empty_file(folder):
    write_whole(folder / 'empty', b'')
    assert read_private(folder / 'empty') == b''


def test_a_missing_file_is_told_apart(folder):
    with pytest.raises(FileNotFoundError):
        read_private(folder / 'none')


def test_refuses_a_file_that_others_can_write(folder):
    path = folder / 'a.plan'
    write_whole(path, b'plan')
    path.chmod(0o660)
    with pytest.raises(PlanError, match='writable'):
        read_private(path)


def test_refuses_a_link(folder):
    write_whole(folder / 'a.plan', b'plan')
    (folder / 'b.plan').symlink_to(folder / 'a.plan')
    with pytest.raises(PlanError, match='it is a link'):
        read_private(folder / 'b.plan')


def test_refuses_a_pipe_without_waiting_for_it(folder):
    os.mkfifo(folder / 'pipe', 0o600)
    with pytest.raises(PlanError, match='not a regular file'):
        read_private(folder / 'pipe')
