# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run nodes as a process."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Protocol

import rclpy
from rclpy.executors import (
    ExternalShutdownException,
    InvalidHandle,
    MultiThreadedExecutor,
    SingleThreadedExecutor,
)
from rclpy.signals import SignalHandlerOptions
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


class NodeExecutor(MultiThreadedExecutor):  # type: ignore[misc]
    """Survives that a transition destroys a publisher or subscription in another thread.

    rclpy lists what it will wait for, then fails if the events of one of these are gone.
    """

    def wait_for_ready_callbacks(self, *args: Any, **kwargs: Any) -> Any:
        """Wait as rclpy does, again without what was destroyed meanwhile."""
        while True:
            try:
                return super().wait_for_ready_callbacks(*args, **kwargs)
            except InvalidHandle:
                continue

    def shutdown(self, *args: Any, **kwargs: Any) -> bool:
        """Stop as rclpy does, and wait for every callback: Jazzy forgets those not yet begun."""
        done: bool = super().shutdown(*args, **kwargs)
        self._executor.shutdown()
        return done


def run_node(make_node: Callable[[], RunnableNode], *, threads: int = 1) -> int:
    """Spin a node as ``run_nodes`` does."""
    return run_nodes([make_node], threads=threads)


def run_nodes(makers: Sequence[Callable[[], RunnableNode]], *, threads: int = 1) -> int:
    """Spin nodes until they are told to end or one has finished; answers the exit code.

    To be called from the main thread. SIGINT and SIGTERM end the nodes in order: work in hand is
    finished while publishers still work, then the context is shut down.

    Args:
        makers: Make the nodes, once rclpy is initialised.
        threads: Executor threads; a lifecycle node takes two, so that diagnostics and state
            queries are answered during a long transition.
    """
    # The put of a SimpleQueue is made for signal handlers too.
    ends: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ends.put(0))
    # rclpy's own handlers shut the context down under workers that are about to publish.
    rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
    nodes: list[RunnableNode] = []
    try:
        try:
            for make in makers:
                nodes.append(make())
        except DeepLearningError as err:
            print(f'error: {err}', file=sys.stderr)
            return 1
        return _spin(nodes, threads, ends)
    finally:
        for node in nodes:
            node.release()
            node.destroy_node()
        rclpy.try_shutdown()


def _spin(nodes: Sequence[RunnableNode], threads: int, ends: SimpleQueue[int]) -> int:
    executor: Any = SingleThreadedExecutor() if threads == 1 else NodeExecutor(threads)
    for node in nodes:
        executor.add_node(node)
        node.finished.add_done_callback(lambda done: ends.put(int(done.result())))
    stop = Future()
    # By a thread, because the main one handles signals only while it is in Python.
    with ThreadPoolExecutor(1) as pool:
        spinning = pool.submit(executor.spin_until_future_complete, stop)
        spinning.add_done_callback(lambda _: ends.put(0))
        try:
            exit_code = ends.get()
        finally:
            for node in nodes:
                node.abandon()
            stop.set_result(None)
            # A single-threaded executor of Humble looks at the future only after some work.
            executor.create_task(lambda: None)
            with suppress(ExternalShutdownException):
                spinning.result()
            executor.shutdown()
    return exit_code
