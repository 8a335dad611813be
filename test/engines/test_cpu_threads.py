# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the threads that run a network on the CPU, with a clock of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from ros_deep_learning.engines import cpu_threads
from ros_deep_learning.engines.cpu_threads import (
    SPIN_US,
    CpuThreads,
    choose_threads,
    quickest,
    rivals,
    usable_cores,
)

SPINNING, SLEEPING, SINGLE = CpuThreads(2, SPIN_US), CpuThreads(2), CpuThreads(1)


class Machine:
    """Sessions that take the time they are told to, on a clock that only they move."""

    def __init__(self, monkeypatch, run_ms, open_ms=10, waited_share=0.0):
        self.now_s = self.waited_s = 0.0
        self.run_ms, self.open_ms, self.waited_share = run_ms, open_ms, waited_share
        self.opened, self.ran = [], []
        monkeypatch.setattr(cpu_threads, 'perf_counter', lambda: self.now_s)
        monkeypatch.setattr(cpu_threads, 'waited_s', lambda: self.waited_s)

    def open_session(self, threads):
        self.now_s += self.open_ms / 1e3
        self.opened.append(threads)
        return threads

    def run_of(self, threads):
        def run():
            self.ran.append(threads)
            took_s = self.run_ms[threads] / 1e3
            self.now_s += took_s
            self.waited_s += took_s * self.waited_share

        return run

    def choose(self, candidates=(SPINNING, SLEEPING, SINGLE)):
        return choose_threads(candidates, self.open_session, self.run_of)


@pytest.mark.parametrize(
    ('times_ms', 'chosen'),
    [
        ((10, 14, 18), SPINNING),
        ((14, 10, 18), SLEEPING),
        ((6, 5, 4), SINGLE),
        # Within a tenth: the usual ones.
        ((10, 9.2, 9.1), SPINNING),
        ((10, 8.9, 9.1), SLEEPING),
        ((10, 9.1, 8.9), SINGLE),
        ((10, 10, 10), SPINNING),
    ],
)
def test_the_quickest_is_taken_and_said(monkeypatch, times_ms, chosen):
    machine = Machine(monkeypatch, dict(zip((SPINNING, SLEEPING, SINGLE), times_ms, strict=True)))
    choice = machine.choose()
    assert (choice.threads, choice.session) == (chosen, chosen)
    assert choice.reason.startswith(f'{chosen}; measured: ')
    assert f'1 thread: {times_ms[2]:.1f} ms' in choice.reason


def test_one_thread_has_no_rival(monkeypatch):
    machine = Machine(monkeypatch, {})
    assert machine.choose([SINGLE]).reason == '1 thread'
    assert machine.ran == []


def test_a_slow_network_is_run_once(monkeypatch):
    machine = Machine(monkeypatch, {SPINNING: 50.0})
    assert machine.choose().reason == f'{SPINNING}; not compared, since a run took 50 ms'
    assert (machine.opened, machine.ran) == ([SPINNING], [SPINNING])


def test_a_network_that_opens_slowly_is_not_run(monkeypatch):
    machine = Machine(monkeypatch, {SPINNING: 1.0}, open_ms=300)
    assert machine.choose().reason.endswith('not compared, since opening it took 300 ms')
    assert machine.ran == []


@pytest.mark.parametrize('run_ms', [0.01, 1.0, 5.0, 13.0, 20.0, 40.0, 1000.0])
@pytest.mark.parametrize('open_ms', [1, 40, 80, 150, 500])
def test_the_measurement_is_bounded(monkeypatch, run_ms, open_ms):
    machine = Machine(monkeypatch, dict.fromkeys((SPINNING, SLEEPING, SINGLE), run_ms), open_ms)
    machine.choose()
    assert machine.now_s * 1e3 <= open_ms + run_ms + 400


def test_nothing_is_concluded_on_a_busy_machine(monkeypatch):
    times = {SPINNING: 10.0, SLEEPING: 5.0, SINGLE: 4.0}
    machine = Machine(monkeypatch, times, waited_share=0.2)
    choice = machine.choose()
    assert (choice.threads, choice.session) == (SPINNING, SPINNING)
    assert choice.reason == f'{SPINNING}; not compared, since the CPU was busy'
    assert machine.opened == [SPINNING]


def test_a_network_that_refuses_empty_images_is_loaded(monkeypatch):
    machine = Machine(monkeypatch, {})
    choice = machine.choose()
    assert choice.session == SPINNING
    assert choice.reason.endswith('not compared, since an empty image failed')


@pytest.mark.parametrize(
    ('cores', 'asked', 'wanted'),
    [
        (1, None, (SINGLE,)),
        (2, None, (SPINNING, SLEEPING, SINGLE)),
        (16, None, (CpuThreads(16, SPIN_US), CpuThreads(16), CpuThreads(8, SPIN_US))),
        (16, 2, (SPINNING, SLEEPING)),
        (16, 1, (SINGLE,)),
    ],
)
def test_what_is_compared(monkeypatch, cores, asked, wanted):
    monkeypatch.setattr(cpu_threads, 'usable_cores', lambda: cores)
    assert rivals(asked) == wanted
    assert quickest(dict.fromkeys(wanted, 1.0)) == wanted[0]


def entry(settings, name):
    try:
        return settings.get_session_config_entry(name)
    except RuntimeError:
        return None


@pytest.mark.parametrize('threads', [SPINNING, SLEEPING, SINGLE])
def test_no_thread_spins_between_runs(threads):
    settings = onnxruntime.SessionOptions()
    threads.configure(settings)
    assert settings.intra_op_num_threads == threads.count
    spins = entry(settings, 'session.intra_op.allow_spinning') == '1'
    assert spins == (threads == SPINNING)
    assert (entry(settings, 'session.force_spinning_stop') == '1') == spins
    assert (entry(settings, 'session.intra_op.spin_duration_us') == str(SPIN_US)) == spins


def test_waiting_for_a_cpu_is_counted():
    before = cpu_threads.waited_s()
    np.ones(1000).sum()
    assert cpu_threads.waited_s() >= before
    if Path('/proc/self/schedstat').exists():
        assert before > 0
    assert usable_cores() >= 1
