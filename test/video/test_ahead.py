# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of reading a live source in a thread."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from ros_deep_learning.video import ahead
from ros_deep_learning.video.ahead import read_ahead


def test_a_fast_reader_misses_nothing_of_a_burst() -> None:
    assert list(read_ahead(iter_as_generator(range(ahead.MOST_KEPT)))) == list(
        range(ahead.MOST_KEPT)
    )


def iter_as_generator(items: range) -> Generator[int, None, None]:
    yield from items


def test_a_slow_reader_gets_the_newest_and_little_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, 'STALE_S', 0.0)
    sent = threading.Event()

    def many() -> Generator[int, None, None]:
        yield 0
        assert taken.wait(10.0)
        yield from range(1, 10_000)
        sent.set()
        assert done.wait(10.0)

    taken, done = threading.Event(), threading.Event()
    items = read_ahead(many())
    assert next(items) == 0
    taken.set()
    assert sent.wait(10.0)
    assert next(items) == 9_999
    done.set()
    assert list(items) == []


def test_an_error_comes_after_the_last_item() -> None:
    def breaks() -> Generator[int, None, None]:
        yield 1
        msg = 'gone'
        raise OSError(msg)

    items = read_ahead(breaks())
    assert next(items) == 1
    with pytest.raises(OSError, match='gone'):
        next(items)


def test_a_reader_that_stops_closes_the_source() -> None:
    closed = threading.Event()

    def endless() -> Generator[int, None, None]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    items = read_ahead(endless())
    next(items)
    items.close()
    assert closed.wait(10.0)
