# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Measure a whole graph: a camera's process sends, the node answers, this process receives."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import rclpy
from rclpy.signals import SignalHandlerOptions

from ... import __version__
from ...benchmarking.machine import describe_machine, read_state
from ...benchmarking.plan import Plan, carry_out, span_around
from ...benchmarking.report import Subject
from ...benchmarking.search import Span
from ...cli.benchmark.arguments import benchmark_parser
from ...cli.benchmark.output import check_output, finish
from ...cli.logs import treat_sigterm_as_interrupt
from ...cli.next_command import PROGRAMS
from ...cli.serving.arguments import remote_options
from ...engines.device_readings import open_gauge
from ...errors import DeepLearningError
from ...recognition.choice import choose_card
from ...recognition.hints import Hints
from ..program.large_images import large_images_environment
from .measured_graph import MeasuredGraph
from .viewer import OUTPUTS

PROG = 'ros2 run ros_deep_learning benchmark'
_ROS_ARGUMENTS = '--ros-args'


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: Arguments; None is the command line's. Those from ``--ros-args`` on are the node's.

    Returns:
        Exit code: 0, 1 failed, 130 interrupted.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    cut = given.index(_ROS_ARGUMENTS) if _ROS_ARGUMENTS in given else len(given)
    arguments = _parser().parse_args(given[:cut])
    treat_sigterm_as_interrupt()
    if arguments.large_images:
        os.environ.update(large_images_environment())
    try:
        _run(arguments, given[cut + 1 :], [*PROG.split(), *given])
    except (DeepLearningError, OSError) as err:
        print(f'benchmark: {err}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('benchmark: interrupted; nothing was written', file=sys.stderr)
        return 130
    finally:
        rclpy.try_shutdown()
    return 0


def _remote(arguments: argparse.Namespace) -> dict[str, object]:
    """Return the parameters of the server that the options name."""
    remote = remote_options(arguments)
    if remote is None:
        return {}
    files = {'remote_token_file': remote.token_file, 'remote_ca_file': remote.ca_file}
    return {
        'remote_url': remote.url,
        'remote_deadline': remote.deadline_s,
        'remote_in_flight': remote.in_flight,
        **({'remote_model': remote.model} if remote.model else {}),
        **{name: path.absolute() for name, path in files.items() if path is not None},
    }


def _run(
    arguments: argparse.Namespace, node_arguments: Sequence[str], command: Sequence[str]
) -> None:
    output = check_output(arguments.output, force=arguments.force)
    program = arguments.node or PROGRAMS[choose_card(arguments.model, None, Hints()).task]
    parameters = {
        'model': arguments.model,
        'backend': arguments.backend,
        'precision': arguments.precision,
        **({'allow_downloads': 'never'} if arguments.offline else {}),
        **_remote(arguments),
    }
    given = [part for name, value in parameters.items() for part in ('-p', f'{name}:={value}')]
    before = read_state()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    say = partial(print, flush=True)
    # The user's own come last, and win.
    with MeasuredGraph(
        program, [*given, *node_arguments], arguments.input, arguments.size
    ) as graph:
        graph.wait_until_active(say)
        stats = graph.viewer.newest_stats
        _open_gauge(graph, stats)
        work_ms = list(graph.viewer.work_ms.values())
        span = span_around(1e3 / max(median(work_ms), 1e-3)) if work_ms else Span()
        plan = Plan(arguments.seconds, arguments.rate, replace(span, highest_hz=arguments.most_hz))
        measured = carry_out(plan, graph.run, say, own_rate=graph.is_live)
    subject = Subject(
        PROG,
        arguments.model,
        stats.backend if stats else arguments.backend,
        stats.precision if stats else arguments.precision,
        stats.device if stats else '-',
        arguments.input,
        graph.frame_wh,
    )
    finish(subject, measured, _machine(), before, output, command)


def _open_gauge(graph: MeasuredGraph, stats: Any) -> None:
    if stats is not None and stats.device != 'CPU':
        try:
            graph.gauge = open_gauge(stats.device)
        except LookupError as err:
            print(f'the GPU is not measured: {err}')


def _machine() -> dict[str, Any]:
    profile = [value for name, value in os.environ.items() if name.endswith('_PROFILES_FILE')]
    return {
        **describe_machine(__version__),
        'distribution': os.environ.get('ROS_DISTRO', ''),
        'rmw': rclpy.utilities.get_rmw_implementation_identifier(),
        'profile': Path(profile[0]).name if profile else '',
    }


def _parser() -> argparse.ArgumentParser:
    parser = benchmark_parser(PROG, __doc__)
    parser.add_argument(
        '--node', choices=OUTPUTS, help='the node, where MODEL alone does not tell its task'
    )
    parser.add_argument(
        '--large-images',
        action='store_true',
        help='give Fast DDS the buffers of config/fastdds_large_images.xml',
    )
    parser.epilog = (
        "Arguments from --ros-args on are the node's: --ros-args -p threshold:=0.3 "
        '--params-file robot.yaml'
    )
    return parser


if __name__ == '__main__':
    sys.exit(main())
