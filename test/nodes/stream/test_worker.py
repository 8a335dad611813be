# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the fair newest-wins mailbox and its worker."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any

import pytest

from ros_deep_learning.nodes.stream.worker import Mailbox, Spare, Worker

OWN = 'its own thread'


def test_an_empty_closed_box_gives_nothing() -> None:
    box: Mailbox[str, int] = Mailbox()
    box.close()
    assert box.take(3) == []
    assert box.claimed(3) == []
    assert box.claim('front', 1) == (False, False)


def test_a_newer_item_replaces_an_older_one_of_its_sender() -> None:
    box: Mailbox[str, int] = Mailbox()
    assert box.put('front', 1) is False
    assert box.put('front', 2) is True
    assert box.put('rear', 3) is False
    assert box.claim('rear', 4) == (True, True)
    assert box.claimed(5) == [('front', 2), ('rear', 4)]
    assert box.claim('front', 5) == (False, False)
    assert box.claim('front', 6) == (True, False)


def test_who_was_served_longest_ago_is_next() -> None:
    box: Mailbox[str, int] = Mailbox()
    served = []
    for turn in range(6):
        # The left and right camera send ten times as often as the rear one, and before it.
        for _ in range(10):
            box.put('left', turn)
            box.put('right', turn)
        box.put('rear', turn)
        ((sender, item),) = box.claimed(1)
        assert item == turn
        served.append(sender)
    assert served == ['left', 'right', 'rear'] * 2


def test_a_sender_that_comes_back_waits_for_nobody_and_starves_nobody() -> None:
    box: Mailbox[str, int] = Mailbox()
    for item in range(5):
        box.put('busy', item)
        assert box.claimed(1) == [('busy', item)]
    box.put('busy', 6)
    box.put('back', 7)
    assert box.claimed(1) == [('back', 7)]
    box.put('back', 8)
    assert box.claimed(1) == [('busy', 6)]


def test_a_batch_is_no_larger_than_asked_for_and_its_rest_comes_next() -> None:
    box: Mailbox[int, str] = Mailbox()
    for sender in range(5):
        box.put(sender, 'old')
    assert [sender for sender, _ in box.claimed(3)] == [0, 1, 2]
    for sender in range(5):
        box.put(sender, 'new')
    assert box.claimed(3) == [(3, 'new'), (4, 'new'), (0, 'new')]


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


def wait_until(reached: Callable[[], Any]) -> None:
    end_s = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < end_s
        time.sleep(0.002)


class Handled:
    """Items that were handled, with the thread of each; a thread may be held up."""

    def __init__(self) -> None:
        self.items: list[tuple[int, str]] = []
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()
        self.failing: set[int] = set()

    def __call__(self, items: Sequence[tuple[str, int]]) -> None:
        self.begun.set()
        assert self.go_on.wait(20)
        if self.failing & {item for _, item in items}:
            msg = 'as asked for'
            raise ValueError(msg)
        self.items += [(item, threading.current_thread().name) for _, item in items]


@pytest.fixture
def handled() -> Handled:
    return Handled()


@pytest.fixture
def worker(handled: Handled) -> Iterator[Worker[str, int]]:
    worker: Worker[str, int] = Worker(OWN, lambda: 1, handled)
    worker.start()
    yield worker
    handled.go_on.set()
    worker.stop()


def bring(worker: Worker[str, int], sender: str, item: int) -> Spare:
    """Bring an item with a thread that can do some work."""
    spare = Spare()
    worker.put(sender, item, spare)
    return spare


def test_who_brings_an_item_handles_it_himself(worker: Worker[str, int], handled: Handled) -> None:
    here = threading.current_thread().name
    for item in range(3):
        spare = bring(worker, 'front', item)
        assert handled.items == [(k, here) for k in range(item)]
        assert spare.work is not None
        spare.work()
    assert handled.items == [(k, here) for k in range(3)]
    worker.put('front', 3)
    wait_until(lambda: len(handled.items) == 4)
    assert handled.items[3] == (3, OWN)


def test_what_comes_while_one_is_in_hand_is_left_to_the_workers_own_thread(
    worker: Worker[str, int], handled: Handled
) -> None:
    handled.go_on.clear()
    spare = bring(worker, 'front', 1)
    assert spare.work is not None
    server = threading.Thread(target=spare.work, name='server')
    server.start()
    assert handled.begun.wait(20)
    assert bring(worker, 'rear', 2).work is None
    worker.put('left', 3)
    replacing = Spare()
    assert worker.put('rear', 4, replacing) is True
    assert replacing.work is None
    handled.go_on.set()
    server.join(20)
    wait_until(lambda: len(handled.items) == 3)
    # So who has brought an item is done with it, however many come.
    assert handled.items == [(1, 'server'), (4, OWN), (3, OWN)]


def test_a_thread_works_for_one_at_a_time(worker: Worker[str, int], handled: Handled) -> None:
    spare = Spare()
    spare.work = print
    worker.put('front', 1, spare)
    wait_until(lambda: handled.items)
    assert handled.items == [(1, OWN)]
    assert spare.work is print


def test_a_stop_waits_for_who_has_an_item_in_hand(handled: Handled) -> None:
    worker: Worker[str, int] = Worker(OWN, lambda: 1, handled)
    worker.start()
    handled.go_on.clear()
    spare = bring(worker, 'front', 1)
    assert spare.work is not None
    server = threading.Thread(target=spare.work)
    server.start()
    assert handled.begun.wait(20)
    stopper = threading.Thread(target=worker.stop)
    stopper.start()
    stopper.join(0.05)
    assert stopper.is_alive()
    handled.go_on.set()
    stopper.join(20)
    assert not stopper.is_alive()
    assert [item for item, _ in handled.items] == [1]
    assert bring(worker, 'front', 2).work is None
    server.join(20)


def test_a_failure_leaves_the_next_items_to_the_others(
    worker: Worker[str, int], handled: Handled
) -> None:
    handled.failing = {1}
    handled.go_on.clear()
    spare = bring(worker, 'front', 1)
    assert spare.work is not None
    failures: list[BaseException] = []

    def serve() -> None:
        try:
            assert spare.work is not None
            spare.work()
        except ValueError as err:
            failures.append(err)

    server = threading.Thread(target=serve)
    server.start()
    assert handled.begun.wait(20)
    worker.put('rear', 2)
    handled.go_on.set()
    server.join(20)
    assert len(failures) == 1
    wait_until(lambda: handled.items)
    assert handled.items == [(2, OWN)]


def test_an_item_is_gone_once_it_was_handled() -> None:
    class Item:
        pass

    handled: list[int] = []
    worker: Worker[str, Item] = Worker(OWN, lambda: 1, lambda items: handled.append(len(items)))
    worker.start()
    items = [Item(), Item()]
    kept = [weakref.ref(item) for item in items]
    worker.put('front', items.pop(0))
    wait_until(lambda: kept[0]() is None)
    spare = Spare()
    worker.put('front', items.pop(0), spare)
    assert spare.work is not None
    spare.work()
    assert kept[1]() is None
    worker.stop()
    assert handled == [1, 1]


def test_it_works_in_the_context_of_its_creator(handled: Handled) -> None:
    seen: list[str] = []
    owner: ContextVar[str] = ContextVar('owner', default='nobody')
    owner.set('creator')
    worker: Worker[str, int] = Worker(OWN, lambda: 1, lambda _: seen.append(owner.get()))
    owner.set('somebody else')
    worker.start()
    spare = bring(worker, 'front', 1)
    assert spare.work is not None
    spare.work()
    worker.put('front', 2)
    wait_until(lambda: len(seen) == 2)
    worker.stop()
    assert seen == ['creator'] * 2


def test_the_next_may_serve_before_the_last_one_has_returned(
    worker: Worker[str, int], handled: Handled, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave = worker._mailbox.leave
    nexts: list[threading.Thread] = []

    def serve() -> None:
        spare = bring(worker, 'rear', 2)
        assert spare.work is not None
        spare.work()

    def interrupted() -> None:
        leave()
        if not nexts:
            nexts.append(threading.Thread(target=serve, name='next'))
            nexts[0].start()
            nexts[0].join(20)

    monkeypatch.setattr(worker._mailbox, 'leave', interrupted)
    spare = bring(worker, 'front', 1)
    assert spare.work is not None
    spare.work()
    assert handled.items[1:] == [(2, 'next')]


def test_every_newest_item_is_handled_once_whoever_brings_it() -> None:
    """Many threads bring items, with and without time to spare."""
    last: dict[str, int] = {}
    running = threading.Lock()
    handled = [0]

    def handle(items: Sequence[tuple[str, int]]) -> None:
        assert running.acquire(blocking=False)
        for sender, item in items:
            assert item > last.get(sender, 0)
            last[sender] = item
        handled[0] += len(items)
        running.release()

    worker: Worker[str, int] = Worker(OWN, lambda: 2, handle)
    worker.start()
    replaced = [0] * 6

    def send(number: int) -> None:
        for item in range(1, 2001):
            spare = Spare() if number % 3 else None
            replaced[number] += worker.put(f'camera {number}', item, spare)
            if spare is not None and spare.work is not None:
                spare.work()

    senders = [threading.Thread(target=send, args=(number,)) for number in range(6)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(60)
    wait_until(lambda: handled[0] + sum(replaced) == 6 * 2000)
    worker.stop()
    assert last == {f'camera {number}': 2000 for number in range(6)}
