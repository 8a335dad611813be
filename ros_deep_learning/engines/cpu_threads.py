# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""How many threads run a network on the CPU and how they wait, chosen by measurement."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from ..cpus import usable_cpus

SPIN_US = 100
"""How long a thread spins: longer than most gaps within a run, and cheap on a busy CPU."""

_ROUNDS, _MOST_S = 3, 0.4
# Others than the usual threads are chosen only if they are faster by this: what a machine does in
# these milliseconds may pass, and the choice stays.
_GAIN = 0.9
_BUSY = 0.05

Run = Callable[[], object]


@dataclass(frozen=True, slots=True)
class CpuThreads:
    """Threads of one session of ONNX Runtime.

    Attributes:
        count: How many, with the one that calls; at least 1.
        spin_us: Microseconds for which a thread waits actively for more work, within a run only;
            0 = it sleeps at once.
    """

    count: int
    spin_us: int = 0

    def __str__(self) -> str:
        if self.count == 1:
            return '1 thread'
        waits = f'spinning up to {self.spin_us} us within a run' if self.spin_us else 'sleeping'
        return f'{self.count} threads, {waits}'

    def configure(self, settings: Any) -> None:
        """Write this to the SessionOptions of ONNX Runtime."""
        settings.intra_op_num_threads = self.count
        spins = self.spin_us > 0 and self.count > 1
        settings.add_session_config_entry('session.intra_op.allow_spinning', str(int(spins)))
        if spins:
            # Without this the threads spin on after a run, at the cost of the rest of the robot.
            settings.add_session_config_entry('session.force_spinning_stop', '1')
            settings.add_session_config_entry(
                'session.intra_op.spin_duration_us', str(self.spin_us)
            )


@dataclass(frozen=True, slots=True)
class Choice:
    """Threads that were chosen.

    Attributes:
        threads: The choice.
        session: A session with them.
        reason: Line for the log and the engine's info.
    """

    threads: CpuThreads
    session: Any
    reason: str


def usable_cores() -> int:
    """Return how many physical cores the affinity and the quota of this process leave."""
    allowed, most = os.sched_getaffinity(0), usable_cpus()
    siblings = set()
    for cpu in allowed:
        path = Path(f'/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list')
        try:
            siblings.add(path.read_text(encoding='ascii').strip())
        except OSError:
            return most
    return min(len(siblings), most)


def rivals(threads: int | None) -> tuple[CpuThreads, ...]:
    """List what is compared, the usual choice first.

    Args:
        threads: How many the user asked for; None compares numbers too.
    """
    count = threads or usable_cores()
    if count == 1:
        return (CpuThreads(1),)
    usual, sleeping = CpuThreads(count, SPIN_US), CpuThreads(count)
    if threads is not None:
        return usual, sleeping
    half = count // 2
    return usual, sleeping, CpuThreads(half, SPIN_US if half > 1 else 0)


def choose_threads(
    candidates: Sequence[CpuThreads],
    open_session: Callable[[CpuThreads], Any],
    run_of: Callable[[Any], Run],
) -> Choice:
    """Measure which threads run a network quickest; takes no more than about 0.4 s.

    The usual choice, which comes first, is taken without a comparison if that would take longer,
    if other processes keep the CPU busy, or if the network does not run on empty images.

    Args:
        candidates: What is compared, from ``rivals``.
        open_session: Opens a session with some threads.
        run_of: Makes the function that runs a session once.
    """
    usual, *others = candidates
    began = perf_counter()
    first = open_session(usual)
    opened_s = perf_counter() - began
    if not others:
        return Choice(usual, first, str(usual))
    if opened_s * len(others) > _MOST_S:
        why = f'opening it took {opened_s * 1e3:.0f} ms'
        return Choice(usual, first, f'{usual}; not compared, since {why}')
    try:
        alone_s = _times([run_of(first)], rounds=1)
        if alone_s is None:
            return Choice(usual, first, f'{usual}; not compared, since the CPU was busy')
        rounds_s = alone_s[0] * (_ROUNDS + 1)
        if (opened_s + rounds_s) * len(others) + rounds_s > _MOST_S:
            why = f'a run took {alone_s[0] * 1e3:.0f} ms'
            return Choice(usual, first, f'{usual}; not compared, since {why}')
        sessions = [first, *map(open_session, others)]
        runs = [run_of(session) for session in sessions]
        _times(runs, rounds=1)
        times_s = _times(runs, _ROUNDS)
    except Exception:  # noqa: BLE001
        # Networks may refuse an empty image; what is wrong with a real one is said then.
        return Choice(usual, first, f'{usual}; not compared, since an empty image failed')
    if times_s is None:
        return Choice(usual, first, f'{usual}; not compared, since the CPU was busy')
    measured = dict(zip(candidates, times_s, strict=True))
    threads = quickest(measured)
    session = sessions[list(candidates).index(threads)]
    texts = [f'{one}: {seconds * 1e3:.1f} ms' for one, seconds in measured.items()]
    return Choice(threads, session, f'{threads}; measured: {"; ".join(texts)}')


def quickest(times_s: dict[CpuThreads, float]) -> CpuThreads:
    """Choose the quickest, if it is quicker than the usual choice, the first, by a tenth."""
    usual = next(iter(times_s))
    best = min(times_s, key=times_s.__getitem__)
    return best if times_s[best] <= _GAIN * times_s[usual] else usual


def _times(runs: Sequence[Run], rounds: int) -> list[float] | None:
    """Return the least time of each, run in turns; None if other processes took the CPU."""
    before_s, began = waited_s(), perf_counter()
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for run, taken in zip(runs, times, strict=True):
            started = perf_counter()
            run()
            taken.append(perf_counter() - started)
    if waited_s() - before_s > _BUSY * (perf_counter() - began):
        return None
    return [min(taken) for taken in times]


def waited_s(process: int | str = 'self') -> float:
    """Return how long the threads of a process were ready but had no CPU; 0 if unknown."""
    waited_ns = 0
    for path in Path(f'/proc/{process}/task').glob('*/schedstat'):
        try:
            waited_ns += int(path.read_text(encoding='ascii').split()[1])
        except (OSError, IndexError):
            continue
    return waited_ns * 1e-9
