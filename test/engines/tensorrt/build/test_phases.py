# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the progress of a build."""

from __future__ import annotations

from ros_deep_learning.engines.tensorrt.build.phases import Phases


def test_a_flat_phase_counts_its_steps():
    phases = Phases()
    assert phases.report('start', 'build', 4) == 0.0
    assert [phases.report('step', 'build', i) for i in range(3)] == [0.25, 0.5, 0.75]
    assert phases.report('finish', 'build', None) == 1.0


def test_a_nested_phase_fills_its_parents_step():
    phases = Phases()
    phases.report('start', 'build', 2)
    phases.report('step', 'build', 0)
    assert phases.report('start', 'optimise', 2) == 0.5
    assert phases.report('step', 'optimise', 0) == 0.75
    assert phases.report('step', 'optimise', 1) == 1.0
    assert phases.report('finish', 'optimise', None) == 1.0


def test_the_share_never_goes_back():
    phases = Phases()
    phases.report('start', 'build', 2)
    phases.report('start', 'time', 1)
    assert phases.report('step', 'time', 0) == 0.5
    phases.report('finish', 'time', None)
    assert phases.report('start', 'time', 10) == 0.5
    assert phases.report('step', 'time', 0) == 0.5


def test_strange_reports_do_no_harm():
    phases = Phases()
    assert phases.report('step', 'unknown', 3) == 0.0
    assert phases.report('finish', 'unknown', None) == 0.0
    assert phases.report('start', 'empty', 0) == 0.0
    assert phases.report('step', 'empty', 99) == 1.0
