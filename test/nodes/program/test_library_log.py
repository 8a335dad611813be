# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests that what the library logs is seen, by people and by machines."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from rcl_interfaces.msg import Log

from ros_deep_learning.nodes.program.library_log import library_log, logged_by

LOG = logging.getLogger('ros_deep_learning.somewhere')


class Logger:
    """What a node's logger was given, by level."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def __getattr__(self, level: str) -> Callable[[str], None]:
        return lambda text: self.lines.append((level, text))


def test_levels_are_those_of_rclpy() -> None:
    node = Logger()
    with library_log(), logged_by(node):
        for level in ('debug', 'info', 'warning', 'error', 'critical'):
            getattr(LOG, level)('%s of %d', level, 3)
    assert node.lines == [
        ('debug', 'debug of 3'),
        ('info', 'info of 3'),
        ('warning', 'warning of 3'),
        ('error', 'error of 3'),
        ('fatal', 'critical of 3'),
    ]
    LOG.error('after it')
    assert len(node.lines) == 5


@pytest.mark.parametrize(('level', 'told'), [('info', 1), ('warn', 0)])
def test_the_choice_of_a_backend_is_logged_by_the_node(
    start: Callable[..., Any], graph: Any, level: str, told: int
) -> None:
    rosout = graph.inbox('/rosout', Log, 1000)
    program = start('segnet', '--ros-args', '--log-level', level)
    graph.wait_until('the node', lambda: graph.node.count_publishers('/rosout'))
    assert graph.transition('segnet', 'configure')
    lines = [line for line in program.text().splitlines() if '[segnet]: backend ' in line]
    assert [line.startswith('[INFO]') for line in lines] == [True] * told

    def published() -> list[Log]:
        return [m for m in rosout.messages if m.msg.startswith('backend ')]

    graph.wait_until('the message', lambda: len(published()) == told)
    assert [m.name for m in published()] == ['segnet'] * told
