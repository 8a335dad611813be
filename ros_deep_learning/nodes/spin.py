# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run one node as a process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Protocol

import rclpy
from rclpy.executors import (
    ExternalShutdownException,
    MultiThreadedExecutor,
    SingleThreadedExecutor,
)

from ..errors import DeepLearningError


class RunnableNode(Protocol):
    """What a node needs to be run as a process.

    Attributes:
        finished: A future that the node resolves with the exit code when its work is done.
    """

    finished: Any

    def abandon(self) -> None:
        """Make long work give up soon; called before ``release``."""

    def release(self) -> None:
        """Give back all that the node holds."""

    def destroy_node(self) -> None:
        """Take the node off the graph."""


def run_node(make_node: Callable[[], RunnableNode], *, threads: int = 1) -> int:
    """Spin a node until it is told to end or has finished; answers the process's exit code.

    Args:
        make_node: Makes the node, once rclpy is initialised.
        threads: Executor threads; a lifecycle node takes two, so that diagnostics and state
            queries are answered during a long transition.
    """
    rclpy.init(args=sys.argv)
    try:
        try:
            node = make_node()
        except DeepLearningError as err:
            print(f'error: {err}', file=sys.stderr)
            return 1
        executor: Any = (
            SingleThreadedExecutor() if threads == 1 else MultiThreadedExecutor(threads)
        )
        executor.add_node(node)
        try:
            executor.spin_until_future_complete(node.finished)
        except (KeyboardInterrupt, ExternalShutdownException):
            pass
        finally:
            node.abandon()
            executor.shutdown()
            node.release()
            node.destroy_node()
        return int(node.finished.result()) if node.finished.done() else 0
    finally:
        rclpy.try_shutdown()
