# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run nodes as a process."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Protocol

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future

from ...errors import DeepLearningError, UsageError
from ...text import printable
from ..parameters.known_names import known_names, unknown_names
from ..parameters.typed_arguments import TypedArguments, parameter_kinds
from ..rclpy_workarounds import NodeExecutor, given_parameters, wake
from .end_watch import ENDING, EndWatch
from .heap import keep_freed_images
from .library_log import library_log
from .usage import chosen_nodes, help_text, wants_help


class RunnableNode(Protocol):
    """What a node needs to be run as a process.

    Attributes:
        finished: A future that the node resolves with the exit code when its work is done.
    """

    finished: Any

    def abandon(self) -> None:
        """Cancel long work soon; called before ``release``."""

    def release(self) -> None:
        """Free everything that the node owns."""

    def destroy_node(self) -> None:
        """Take the node off the graph."""


def run_node(node_type: Any, *, threads: int = 1) -> int:
    """Spin a node as ``run_nodes`` does."""
    return run_nodes([node_type], threads=threads)


def run_nodes(node_types: Sequence[Any], *, threads: int = 1, choosable: bool = False) -> int:
    """Spin nodes until a signal ends them or one has finished.

    To be called from the main thread. SIGINT and SIGTERM end the nodes in order: work in hand is
    finished while publishers still work, then the context is shut down. If work or the creation of
    a node takes more than 5 s after the signal, the process says where each thread is, and ends
    with 1. Where the middleware or the interpreter takes as long after the work is done, it says
    so too, and ends with the exit code of the work.
    A library that keeps Python's lock while it creates a node is not noticed: no Python runs then,
    and only SIGKILL ends the process, which launch sends after 10 s.

    Args:
        node_types: Classes of the nodes, each a ``RunnableNode`` that is a ``DescribedNode``.
        threads: Executor threads for each node; a lifecycle node takes two, so that diagnostics
            and state queries are answered during a long transition.
        choosable: Whether names on the command line choose among the nodes.

    Returns:
        Exit code: 0 when a signal ended the nodes or they have done their work, 2 when the command
        line is invalid, 1 when a node could not be created or released, or its work has failed.
    """
    if wants_help(sys.argv):
        print(help_text(Path(sys.argv[0]).name, node_types, choosable=choosable), end='')
        return 0
    # SimpleQueue.put may be called in signal handlers.
    ends: SimpleQueue[int] = SimpleQueue()
    for number in ENDING:
        signal.signal(number, lambda *_: ends.put(0))
    try:
        with ExitStack() as cleanup:
            watch = EndWatch()
            watch.start_at_signals()
            # Called last, when everything is free.
            cleanup.callback(watch.all_is_free)
            kinds = parameter_kinds(node_type.settings_type for node_type in node_types)
            with TypedArguments(sys.argv, kinds) as typed:
                chosen = chosen_nodes(typed.argv, node_types, choosable=choosable)
                keep_freed_images()
                _init_rclpy(typed.argv)
            cleanup.callback(rclpy.try_shutdown)
            cleanup.enter_context(library_log())
            nodes: list[RunnableNode] = []
            with ExitStack() as owned:
                for make in chosen:
                    nodes.append(make())
                    cleanup.callback(nodes[-1].destroy_node)
                    owned.callback(nodes[-1].release)
                _warn_of_unknown_parameters(nodes, chosen)
                exit_code = _spin(nodes, threads * len(nodes), ends, watch)
            # After Ctrl-C in a terminal, which reached the process too, launch sends a second one.
            # It would kill the interpreter while that ends.
            for number in ENDING:
                signal.signal(number, signal.SIG_IGN)
            watch.work_is_done(exit_code)
            return exit_code
    except DeepLearningError as err:
        print(f'error: {err}', file=sys.stderr)
        return 2 if isinstance(err, UsageError) else 1


def _init_rclpy(argv: Sequence[str]) -> None:
    try:
        # rclpy's own handlers shut the context down under workers that are about to publish.
        rclpy.init(args=argv, signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as err:
        msg = f'ROS does not start: {err}'
        raise UsageError(msg) from err


def _warn_of_unknown_parameters(nodes: Sequence[Any], types: Sequence[Any]) -> None:
    known = known_names(node_type.settings_type for node_type in types)
    for node in nodes:
        for name, near in unknown_names(given_parameters(node), known).items():
            hint = near or '; --help names all'
            node.get_logger().warning(f'no parameter {printable(name)}: it is ignored{hint}')


def _spin(
    nodes: Sequence[RunnableNode], threads: int, ends: SimpleQueue[int], watch: EndWatch
) -> int:
    executor: Any = SingleThreadedExecutor() if threads == 1 else NodeExecutor(threads)
    for node in nodes:
        executor.add_node(node)
        node.finished.add_done_callback(lambda done: ends.put(int(done.result())))
    stop = Future()
    # In a thread, because the main one handles signals only while it runs Python code.
    with ThreadPoolExecutor(1) as pool:
        spinning = pool.submit(executor.spin_until_future_complete, stop)
        spinning.add_done_callback(lambda _: ends.put(0))
        try:
            exit_code = _wait(ends)
        finally:
            watch.start()
            for node in nodes:
                node.abandon()
            stop.set_result(None)
            wake(executor)
            try:
                with suppress(ExternalShutdownException):
                    spinning.result()
            finally:
                executor.shutdown()
    return exit_code


def _wait(ends: SimpleQueue[int]) -> int:
    while True:
        # A signal that arrives just before the wait does not interrupt it.
        with suppress(Empty):
            return ends.get(timeout=1.0)
