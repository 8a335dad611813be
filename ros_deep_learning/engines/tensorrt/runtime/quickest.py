# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The quickest of several ways to do the same, by measurement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TypeVar

WORTH_CHOOSING = 1 << 18
"""Bytes of a frame or of a result from which its way makes a difference."""
_TRIES = 5
_GAIN_S = 5e-5
_WayT = TypeVar('_WayT')


def quickest(
    tries: Sequence[tuple[_WayT, Callable[[], None]]], lean: _WayT | None = None
) -> _WayT:
    """Choose the way that takes the least time.

    Args:
        tries: The ways, each with a function that takes it once.
        lean: The one of them that makes fewer calls of the driver. Another one must gain 50 us: a
            call costs more in a node, whose frames come one by one, than in a loop like this.
            ``benchmarks/NOTES.md`` has 130 to 180 us for the upload of a frame.
    """
    times = []
    for way, run in tries:
        run()
        taken = []
        for _ in range(_TRIES):
            started = perf_counter()
            run()
            taken.append(perf_counter() - started)
        times.append((min(taken), way))
    return min(times, key=lambda one: one[0] - (_GAIN_S if one[1] is lean else 0.0))[1]
