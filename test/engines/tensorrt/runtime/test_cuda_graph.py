# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of when a CUDA graph is captured and launched; the capturing itself needs a GPU."""

from __future__ import annotations

import pytest

from ros_deep_learning.engines.tensorrt.runtime.cuda_graph import GraphLauncher
from ros_deep_learning.errors import EngineError


class Graph:
    """Stands where a captured graph stands, and says what is done with it."""

    def __init__(self, log):
        self.log = log

    def launch(self):
        self.log.append('launch')

    def free(self):
        self.log.append('free')


@pytest.fixture
def log():
    return []


@pytest.fixture
def runner(log):
    def make(*, enabled=True, fails=False):
        def capture(stream, enqueue):
            assert stream == 7
            if fails:
                msg = 'cannot be captured'
                raise EngineError(msg)
            enqueue()
            return Graph(log)

        launcher = GraphLauncher(enabled=enabled, capture=capture)

        def run(shape):
            log.clear()
            launcher.run(shape, 7, lambda: log.append('plain'), lambda: log.append('capture'))
            return list(log)

        return launcher, run

    return make


def test_the_first_run_is_plain_the_second_captured_and_later_ones_launched(runner):
    launcher, run = runner()
    assert run('a') == ['plain']
    assert launcher.captured == 0
    assert run('a') == ['capture', 'launch']
    assert run('a') == run('a') == ['launch']
    assert run('b') == ['plain']
    assert launcher.captured == 1


def test_switched_off_nothing_is_captured(runner):
    launcher, run = runner(enabled=False)
    assert [run('a') for _ in range(3)] == [['plain']] * 3
    assert launcher.captured == 0


def test_a_failed_capture_costs_one_warning(runner, caplog):
    launcher, run = runner(fails=True)
    assert [run('a') for _ in range(4)] == [['plain']] * 4
    assert [run('b') for _ in range(2)] == [['plain']] * 2
    assert caplog.text.count('running without CUDA graphs: cannot be captured') == 1
    assert launcher.captured == 0


def test_many_shapes_have_no_more_than_eight_graphs(runner):
    launcher, run = runner()
    for shape in range(12):
        run(shape)
        run(shape)
    assert launcher.captured == 8
    assert run(11) == ['plain']
    assert run(0) == ['launch']


def test_freeing_takes_all_and_starts_anew(runner, log):
    launcher, run = runner()
    run('a'), run('a')
    log.clear()
    launcher.free()
    launcher.free()
    assert log == ['free']
    assert run('a') == ['plain']
