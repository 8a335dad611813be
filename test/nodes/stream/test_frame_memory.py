# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the memory of frames: used again, but never while anybody refers to it."""

from __future__ import annotations

import gc
import random
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ros_deep_learning.nodes.stream.frame_memory import (
    MOST_KEPT,
    STEP_BYTES,
    WASTE,
    FrameMemory,
    ordinary_memory,
)


class Counted:
    """Allocates, and remembers the sizes."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, n_bytes: int) -> NDArray[np.uint8]:
        self.sizes.append(n_bytes)
        return np.empty(n_bytes, np.uint8)


def test_memory_that_nobody_has_any_more_is_used_again() -> None:
    allocate = Counted()
    memory = FrameMemory(lambda: allocate)
    for _ in range(10):
        piece = memory.take(1000)
        assert piece.size >= 1000
        assert piece.flags.writeable
        del piece
    assert allocate.sizes == [STEP_BYTES]


def test_a_view_of_any_kind_keeps_its_memory() -> None:
    memory = FrameMemory(lambda: ordinary_memory)
    piece = memory.take(STEP_BYTES)
    piece[:] = 7
    views: list[Any] = [
        piece[5:9].reshape(2, 2),
        memoryview(piece[5:9]),
        np.frombuffer(memoryview(piece)[5:9], np.uint16),
        np.asarray(piece.view(np.uint32)[2:3]),
        np.from_dlpack(piece[5:9]),
    ]
    del piece
    while views:
        for _ in range(3):
            memory.take(STEP_BYTES)[:] = 9
        for view in views:
            assert set(bytes(view)) == {7}
        views.pop()
        gc.collect()
    del view
    again = [memory.take(STEP_BYTES) for _ in range(2)]
    assert 7 in {int(piece[5]) for piece in again}


def test_larger_messages_get_larger_memory_and_little_is_kept() -> None:
    allocate = Counted()
    memory = FrameMemory(lambda: allocate)
    pieces = [memory.take(STEP_BYTES) for _ in range(MOST_KEPT + 3)]
    pieces.clear()
    assert memory.take(STEP_BYTES + 1).size == 2 * STEP_BYTES
    # The small ones were freed on the way, and after a huge one so is that.
    pieces = [memory.take(STEP_BYTES) for _ in range(2)]
    assert allocate.sizes[MOST_KEPT + 3 :] == [2 * STEP_BYTES, STEP_BYTES]
    pieces.clear()
    del pieces
    memory.take(100 * WASTE * STEP_BYTES)
    assert memory.take(1).size <= WASTE * STEP_BYTES


def test_memory_of_another_allocator_is_not_used_again() -> None:
    first, second = Counted(), Counted()
    now = [first]
    memory = FrameMemory(lambda: now[0])
    kept, returned = memory.take(1), memory.take(1)
    del returned
    now[0] = second
    piece = memory.take(1)
    del kept
    other = memory.take(1)
    assert (len(first.sizes), len(second.sizes)) == (2, 2)
    del piece, other
    for _ in range(3):
        memory.take(1)
    assert (len(first.sizes), len(second.sizes)) == (2, 2)


def test_threads_never_get_memory_that_another_one_has() -> None:
    memory = FrameMemory(lambda: ordinary_memory)
    wrong: list[int] = []

    def work(number: int) -> None:
        chance = random.Random(number)
        held: list[NDArray[np.uint8]] = []
        for _ in range(500):
            piece = memory.take(chance.choice((100, STEP_BYTES, 2 * STEP_BYTES)))
            piece[:8] = number
            held.append(piece[:8])
            if len(held) > chance.randint(0, 4):
                wrong.extend(int(v) for v in held.pop(0) if v != number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
