# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""How a launch ends: with an error if one of its nodes cannot work, with 0 after a file."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, NoReturn

from launch import LaunchContext
from launch.actions import LogInfo, OpaqueFunction, RegisterEventHandler, Shutdown
from launch.event_handlers import OnProcessExit
from launch_ros.actions import LifecycleNode, Node
from launch_ros.event_handlers import OnStateTransition

from ..errors import DeepLearningError
from ..nodes.rclpy_workarounds import InvalidHandle


def with_endings(node: Node, name: str, *, respawn: bool, ends_launch: bool = False) -> list[Any]:
    """Return the actions that start a process, and end the launch if it fails.

    Args:
        node: The process.
        name: Its name for people.
        respawn: Whether it is started again instead.
        ends_launch: Whether the launch ends when the process has done its work.
    """
    logging.getLogger('asyncio').addFilter(_tells_something)

    def ended(event: Any, context: LaunchContext) -> Sequence[Any]:
        if context.is_shutdown or respawn:
            return []
        if event.returncode:
            _fail(f'{name} ended with exit code {event.returncode}; its last lines say why')
        return [Shutdown(reason=f'{name} has ended')] if ends_launch else []

    return [RegisterEventHandler(OnProcessExit(target_action=node, on_exit=ended)), node]


def on_failed_start(
    node: LifecycleNode, name: str, *, ends_launch: bool, plays_file: bool
) -> list[Any]:
    """Return actions that follow when a node cannot be configured or activated.

    Args:
        node: The node.
        name: Its name for people.
        ends_launch: Whether the launch ends with an error; otherwise a hint is logged.
        plays_file: Whether it also ends when the node gives up, since its source would wait.
    """
    if ends_launch:
        text = f'{name} could not be started, or gave up; its last lines say why'
        entity: Any = OpaqueFunction(function=lambda c: [] if c.is_shutdown else _fail(text))
    else:
        entity = LogInfo(
            msg='the node stays unconfigured; fix the error above and configure it again'
        )
    failures = [('configuring', 'unconfigured'), ('errorprocessing', 'unconfigured')]
    if ends_launch:
        failures.append(('activating', 'inactive'))
    if ends_launch and plays_file:
        failures.append(('deactivating', 'inactive'))
    return [
        RegisterEventHandler(
            OnStateTransition(
                target_lifecycle_node=node,
                start_state=start_state,
                goal_state=goal_state,
                entities=[entity],
            )
        )
        for start_state, goal_state in failures
    ]


def _tells_something(record: logging.LogRecord) -> bool:
    """Return whether a record of a failed future is for people.

    When a launch ends, launch_ros destroys the clients of lifecycle nodes while a thread of its
    own waits for their services.
    """
    return not (record.exc_info and isinstance(record.exc_info[1], InvalidHandle))


def _fail(text: str) -> NoReturn:
    # An exception is the only way to an exit code of launch that is not 0.
    raise DeepLearningError(text)
