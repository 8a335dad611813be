# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Rows are copied once and in order, whoever copies them, and nobody writes afterwards."""

from __future__ import annotations

import threading
import time

import pytest

from ros_deep_learning.engines.tensorrt.runtime import row_copies
from ros_deep_learning.engines.tensorrt.runtime.row_copies import copied_rows


@pytest.mark.parametrize('helped', [False, True])
@pytest.mark.parametrize(('rows', 'row_bytes'), [(0, 5), (1, 1 << 22), (7, 1 << 20), (1080, 5760)])
def test_each_row_once_and_in_order(rows, row_bytes, helped):
    copied, users = [0] * rows, set()

    def copy(begin, end):
        users.add(threading.get_ident())
        for row in range(begin, end):
            copied[row] += 1

    seen = []
    for begin, end in copied_rows(copy, rows, row_bytes, helped):
        assert copied[begin:end] == [1] * (end - begin)
        seen += range(begin, end)
    assert seen == list(range(rows))
    assert (threading.get_ident() in users) is not helped


def test_an_error_is_raised_once_all_have_ended():
    running = []

    def copy(begin, end):
        running.append(begin)
        time.sleep(0.005)
        running.remove(begin)
        if begin == 0:
            msg = 'no memory'
            raise MemoryError(msg)

    for helped in (False, True):
        with pytest.raises(MemoryError):
            list(copied_rows(copy, 12, 1 << 20, helped))
        assert running == []


def test_without_more_threads_the_caller_copies(monkeypatch):
    def start(_):
        msg = "can't start new thread"
        raise RuntimeError(msg)

    monkeypatch.setattr(row_copies, 'helpers', row_copies.helpers.__wrapped__)
    monkeypatch.setattr(threading.Thread, 'start', start)
    used = []
    parts = list(copied_rows(lambda *_: used.append(threading.get_ident()), 4, 1 << 20, True))
    assert parts == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert set(used) == {threading.get_ident()}
