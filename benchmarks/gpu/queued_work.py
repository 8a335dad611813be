# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a GPU takes for frames that are all on its streams before it begins with the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_NON_BLOCKING = 1
_FILL_BYTES = 256 << 20
_FILLS, _MOST_FILLS = 64, 1 << 14
"""Fills of memory that keep the GPU busy until the frames are queued; they double up to these."""


@dataclass(frozen=True, slots=True)
class Queued:
    """Frames of one network.

    Attributes:
        net: The network, on TensorRT.
        call: Runs one frame.
        count: How many frames, at least 1.
    """

    net: Any
    call: Callable[[], Any]
    count: int


def gpu_ms(works: Sequence[Queued]) -> float:
    """Return how long the GPU takes for frames of some networks, each on a stream of its own.

    No program waits in between, so it is the least time for them, by CUDA's events. The results
    are not those of the frames, since nothing waits for them.

    Raises:
        RuntimeError: The frames cannot be queued, since something waits for the GPU.
    """
    from pycuda import driver

    with works[0].net.engine._network.gpu.current():  # noqa: SLF001 - outside of our code
        gate, memory = driver.Stream(_NON_BLOCKING), driver.mem_alloc(_FILL_BYTES)
        fills = _FILLS
        try:
            while fills <= _MOST_FILLS:
                opened = driver.Event()
                for _ in range(fills):
                    driver.memset_d32_async(memory, 0, _FILL_BYTES // 4, gate)
                opened.record(gate)
                ends = [_queue(work, opened) for work in works]
                in_time = not opened.query()
                for end in ends:
                    end.synchronize()
                if in_time:
                    return max(float(opened.time_till(end)) for end in ends)
                fills *= 2
        finally:
            gate.synchronize()
            memory.free()
    msg = 'the GPU was done before the frames were queued: a call waits for it'
    raise RuntimeError(msg)


def _queue(work: Queued, opened: Any) -> Any:
    from pycuda import driver

    execution = work.net.engine._lanes[0].execution  # noqa: SLF001 - where the engine waits
    execution.stream.wait_for_event(opened)
    with _without_waiting(execution):
        for _ in range(work.count):
            work.call()
    end = driver.Event()
    end.record(execution.stream)
    return end


@contextmanager
def _without_waiting(execution: Any) -> Iterator[None]:
    execution.settle = lambda: None
    try:
        yield
    finally:
        del execution.settle
