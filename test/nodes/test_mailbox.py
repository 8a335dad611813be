# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the newest-wins mailbox and its worker."""

from __future__ import annotations

import threading
import time

from ros_deep_learning.nodes.mailbox import Mailbox
from ros_deep_learning.nodes.worker import Worker


def test_an_empty_closed_box_gives_nothing() -> None:
    box: Mailbox[int] = Mailbox()
    box.close()
    assert box.take() is None


def test_a_newer_item_replaces_an_older_one() -> None:
    box: Mailbox[int] = Mailbox()
    assert box.put(1) is False
    assert box.put(2) is True
    assert box.take() == 2
    assert box.put(3) is False


def test_closing_wakes_a_waiting_taker() -> None:
    box: Mailbox[int] = Mailbox()
    answers: list[int | None] = []
    taker = threading.Thread(target=lambda: answers.append(box.take()))
    taker.start()
    box.close()
    taker.join(5)
    assert answers == [None]


def test_a_worker_skips_to_the_newest_and_finishes_the_item_in_hand() -> None:
    begun, go_on = threading.Event(), threading.Event()
    done: list[int] = []

    def handle(item: int) -> None:
        begun.set()
        assert go_on.wait(5)
        done.append(item)

    worker = Worker('test', handle)
    worker.start()
    worker.put(1)
    assert begun.wait(5)
    replaced = [worker.put(item) for item in (2, 3, 4)]
    assert replaced == [False, True, True]
    go_on.set()
    end_s = time.monotonic() + 5
    while len(done) < 2 and time.monotonic() < end_s:
        time.sleep(0.005)
    assert done == [1, 4]
    begun.clear()
    go_on.clear()
    worker.put(5)
    assert begun.wait(5)
    stopper = threading.Thread(target=worker.stop)
    stopper.start()
    worker.put(6)
    go_on.set()
    stopper.join(5)
    assert not stopper.is_alive()
    assert done == [1, 4, 5]
