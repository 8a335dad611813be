# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The way to a server, whose connections are made of nothing."""

from __future__ import annotations

import threading
import time

import pytest

from ros_deep_learning.engines.remote.link import Link
from ros_deep_learning.engines.remote.protocol import ServedModel
from ros_deep_learning.errors import ServerError

MODEL = ServedModel('test', '1', (), ())


class SlowToClose:
    """A connection to a server that hangs, so that closing it takes until ``ended``."""

    def __init__(self):
        self.ended = threading.Event()
        self.closed = False

    def close(self):
        self.closed = self.ended.wait(20)


def test_no_frame_waits_until_a_connection_is_closed():
    connections = [SlowToClose(), SlowToClose()]
    left = iter(connections)
    link = Link('place', lambda: (next(left), MODEL))
    first = link.connection()
    started_s = time.monotonic()
    assert 'place: no answer' in str(link.failed(first, 'no answer'))
    with pytest.raises(ServerError, match='no answer'):
        link.connection()
    assert time.monotonic() - started_s < 10
    first.ended.set()
    while True:
        try:
            assert link.connection() is connections[1]
        except ServerError:
            assert time.monotonic() - started_s < 20
            time.sleep(0.01)
        else:
            break
    assert first.closed
    connections[1].ended.set()
    link.close()


class Failing:
    """A connection that a library breaks at its end."""

    def close(self):
        msg = 'broken library'
        raise RuntimeError(msg)


def test_no_error_of_a_library_ends_the_attempts(caplog):
    tries = iter([Failing(), RuntimeError('no more threads'), ValueError('odd'), SlowToClose()])

    def open_connection():
        found = next(tries)
        if isinstance(found, Exception):
            raise found
        return found, MODEL

    link = Link('place', open_connection)
    link.failed(link.connection(), 'no answer')
    until_s = time.monotonic() + 20
    while True:
        try:
            found = link.connection()
        except ServerError:
            assert time.monotonic() < until_s
            time.sleep(0.01)
        else:
            break
    assert isinstance(found, SlowToClose)
    assert 'place: the lost connection is not closed: broken library' in caplog.text
    found.ended.set()
    link.close()
