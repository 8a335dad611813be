# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the fair newest-wins mailbox and its worker."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from ros_deep_learning.nodes.stream.worker import Mailbox, Worker


def test_an_empty_closed_box_gives_nothing() -> None:
    box: Mailbox[str, int] = Mailbox()
    box.close()
    assert box.take(3) == []


def test_a_newer_item_replaces_an_older_one_of_its_sender() -> None:
    box: Mailbox[str, int] = Mailbox()
    assert box.put('front', 1) is False
    assert box.put('front', 2) is True
    assert box.put('rear', 3) is False
    assert box.take(5) == [('front', 2), ('rear', 3)]
    assert box.put('front', 4) is False


def test_who_was_served_longest_ago_is_next() -> None:
    box: Mailbox[str, int] = Mailbox()
    served = []
    for turn in range(6):
        # The left and right camera send ten times as often as the rear one, and before it.
        for _ in range(10):
            box.put('left', turn)
            box.put('right', turn)
        box.put('rear', turn)
        ((sender, item),) = box.take(1)
        assert item == turn
        served.append(sender)
    assert served == ['left', 'right', 'rear'] * 2


def test_a_sender_that_comes_back_waits_for_nobody_and_starves_nobody() -> None:
    box: Mailbox[str, int] = Mailbox()
    for item in range(5):
        box.put('busy', item)
        assert box.take(1) == [('busy', item)]
    box.put('busy', 6)
    box.put('back', 7)
    assert box.take(1) == [('back', 7)]
    box.put('back', 8)
    assert box.take(1) == [('busy', 6)]


def test_a_batch_is_no_larger_than_asked_for_and_its_rest_comes_next() -> None:
    box: Mailbox[int, str] = Mailbox()
    for sender in range(5):
        box.put(sender, 'old')
    assert [sender for sender, _ in box.take(3)] == [0, 1, 2]
    for sender in range(5):
        box.put(sender, 'new')
    assert box.take(3) == [(3, 'new'), (4, 'new'), (0, 'new')]


def test_closing_wakes_a_waiting_taker() -> None:
    box: Mailbox[str, int] = Mailbox()
    answers: list[list[tuple[str, int]]] = []
    taker = threading.Thread(target=lambda: answers.append(box.take(1)))
    taker.start()
    box.close()
    taker.join(5)
    assert answers == [[]]


def test_a_worker_skips_to_the_newest_and_finishes_the_item_in_hand() -> None:
    begun, go_on = threading.Event(), threading.Event()
    done: list[int] = []

    def handle(items: Sequence[tuple[str, int]]) -> None:
        begun.set()
        assert go_on.wait(60)
        done.extend(item for _, item in items)

    worker: Worker[str, int] = Worker('test', lambda: 1, handle)
    worker.start()
    worker.put('front', 1)
    assert begun.wait(60)
    replaced = [worker.put('front', item) for item in (2, 3, 4)]
    assert replaced == [False, True, True]
    go_on.set()
    end_s = time.monotonic() + 5
    while len(done) < 2 and time.monotonic() < end_s:
        time.sleep(0.005)
    assert done == [1, 4]
    begun.clear()
    go_on.clear()
    worker.put('front', 5)
    assert begun.wait(60)
    stopper = threading.Thread(target=worker.stop)
    stopper.start()
    worker.put('front', 6)
    go_on.set()
    stopper.join(5)
    assert not stopper.is_alive()
    assert done == [1, 4, 5]
