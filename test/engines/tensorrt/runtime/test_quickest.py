# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The quickest way is chosen, of the times that each takes at best."""

from __future__ import annotations

from functools import partial

import pytest

from ros_deep_learning.engines.tensorrt.runtime import quickest as module
from ros_deep_learning.engines.tensorrt.runtime.quickest import quickest


@pytest.fixture
def tries(monkeypatch):
    """Ways by what their runs take in microseconds, the first of which does not count."""

    def make(**times_us):
        now = [0.0]
        monkeypatch.setattr(module, 'perf_counter', lambda: now[0])

        def run(left):
            now[0] += next(left) * 1e-6

        return [(way, partial(run, iter([9999, *us]))) for way, us in times_us.items()]

    return make


def test_the_least_of_several_runs_counts(tries):
    ways = {'a': [30, 30, 30, 30, 30], 'b': [99, 99, 20, 99, 99], 'c': [25, 99, 99, 99, 99]}
    assert quickest(tries(**ways)) == 'b'


@pytest.mark.parametrize(('lean_us', 'chosen'), [(20, 'lean'), (65, 'lean'), (75, 'other')])
def test_others_than_the_lean_way_must_gain(tries, lean_us, chosen):
    ways = tries(slow=[90] * 5, lean=[lean_us] * 5, other=[20] * 5)
    assert quickest(ways, 'lean') == chosen
