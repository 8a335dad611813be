# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the callback group whose callbacks may step aside."""

from __future__ import annotations

import threading

import pytest

from ros_deep_learning.nodes.parameters.parameter_group import ParameterGroup

pytestmark = pytest.mark.rclpy


def test_one_callback_at_a_time() -> None:
    group = ParameterGroup()
    assert group.can_execute('a')
    assert group.beginning_execution('a')
    assert not group.can_execute('b')
    assert not group.beginning_execution('b')
    group.ending_execution('a')
    assert group.beginning_execution('b')


def test_others_run_while_one_is_aside_and_are_waited_for() -> None:
    group = ParameterGroup()
    away, come_back, back = threading.Event(), threading.Event(), threading.Event()

    def long_one() -> None:
        assert group.beginning_execution('long')
        with group.aside():
            away.set()
            assert come_back.wait(60)
        back.set()
        group.ending_execution('long')

    thread = threading.Thread(target=long_one)
    thread.start()
    assert away.wait(60)
    for _ in range(3):
        assert group.beginning_execution('short')
        group.ending_execution('short')
    assert group.beginning_execution('short')
    come_back.set()
    assert not back.wait(0.1)
    # Whoever wants to come back goes before those that have not begun.
    assert not group.can_execute('another')
    group.ending_execution('short')
    assert back.wait(60)
    thread.join(10)
    assert group.can_execute('another')


def test_outside_of_its_callbacks_nothing_changes() -> None:
    group = ParameterGroup()
    with group.aside():
        assert group.beginning_execution('a')
    assert not group.can_execute('b')
