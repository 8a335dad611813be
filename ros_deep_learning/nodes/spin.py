# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run nodes as a process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import rclpy
from rclpy.executors import (
    ExternalShutdownException,
    MultiThreadedExecutor,
    SingleThreadedExecutor,
)
from rclpy.task import Future

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
    """Spin a node as ``run_nodes`` does."""
    return run_nodes([make_node], threads=threads)


def run_nodes(makers: Sequence[Callable[[], RunnableNode]], *, threads: int = 1) -> int:
    """Spin nodes until they are told to end or one has finished; answers the exit code.

    Args:
        makers: Make the nodes, once rclpy is initialised.
        threads: Executor threads; a lifecycle node takes two, so that diagnostics and state
            queries are answered during a long transition.
    """
    rclpy.init(args=sys.argv)
    nodes: list[RunnableNode] = []
    try:
        try:
            nodes += [make() for make in makers]
        except DeepLearningError as err:
            print(f'error: {err}', file=sys.stderr)
            return 1
        executor: Any = (
            SingleThreadedExecutor() if threads == 1 else MultiThreadedExecutor(threads)
        )
        finished = Future()
        for node in nodes:
            executor.add_node(node)
            node.finished.add_done_callback(
                lambda done: finished.done() or finished.set_result(done.result())
            )
        try:
            executor.spin_until_future_complete(finished)
        except (KeyboardInterrupt, ExternalShutdownException):
            pass
        finally:
            for node in nodes:
                node.abandon()
            executor.shutdown()
        return int(finished.result()) if finished.done() else 0
    finally:
        for node in nodes:
            node.release()
            node.destroy_node()
        rclpy.try_shutdown()
