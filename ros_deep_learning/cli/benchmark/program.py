# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Measure how fast a network is here: one frame after the other, and from a camera."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

from ... import __version__
from ...benchmarking.distribution import distribution_of
from ...benchmarking.frames import Input, open_input
from ...benchmarking.machine import describe_machine, read_state
from ...benchmarking.network_run import Infer, infer_with, run_at, time_frames
from ...benchmarking.plan import Plan, carry_out, span_around
from ...benchmarking.report import Subject
from ...downloads.store import ModelStore
from ...engines.device_readings import DeviceGauge, open_gauge
from ...engines.loader import EngineLoader
from ...evaluation.run import Wish, open_network
from ...recognition.choice import choose_card
from ...recognition.hints import Hints
from ...tasks.times import StageTimes
from ..bar import progress_bar
from ..logs import run_command
from ..serving.arguments import remote_options
from ..vision_arguments import add_input_options, given_values
from . import comparison
from .arguments import benchmark_parser
from .output import check_output, finish

_TRIED, _LEAST_RUNS, _MOST_RUNS = 3, 20, 300


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program, or with ``compare`` as the first argument the comparison.

    Args:
        argv: Arguments; None is the command line's.

    Returns:
        Exit code: 0, 1 failed, 130 interrupted.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    if given[:1] == ['compare']:
        return comparison.main(given[1:])
    arguments = _parser().parse_args(given)
    return run_command(
        'rdl benchmark',
        lambda: _run(arguments, ['rdl', 'benchmark', *given]),
        interrupted='nothing was written',
    )


def _run(arguments: argparse.Namespace, command: Sequence[str]) -> int:
    output = check_output(arguments.output, force=arguments.force)
    hints = Hints(labels=arguments.labels, **given_values(arguments))
    card = choose_card(arguments.model, None, hints)
    remote = remote_options(arguments)
    wish = Wish(arguments.model, card, arguments.backend, arguments.precision, remote)
    given = open_input(arguments.input, arguments.size)
    loader = EngineLoader(ModelStore(offline=True if arguments.offline else None))
    before = read_state()
    with progress_bar() as progress:
        network = open_network(wish, loader, progress)
    with network:
        info, infer = network.info, infer_with(network)
        print(f'{card.name}: {info.backend}, {info.precision} on {info.device}')
        times = _time_alone(infer, given, arguments.seconds)
        single_ms = {
            name: found
            for name, found in (
                ('engine', distribution_of(stages.inference_ms for _, stages in times)),
                ('frame to result', distribution_of(ms for ms, _ in times)),
            )
            if found is not None
        }
        for name, found in single_ms.items():
            print(f'{name}: {found.p50:.1f} ms (median of {found.count})', flush=True)
        span = span_around(1e3 / max(single_ms['frame to result'].p50, 1e-3))
        plan = Plan(arguments.seconds, arguments.rate, replace(span, highest_hz=arguments.most_hz))
        run = partial(run_at, infer, given, gauge=_gauge(info.device))
        measured = carry_out(
            plan, run, partial(print, flush=True), own_rate=given.camera is not None
        )
    subject = Subject(
        'rdl benchmark',
        arguments.model,
        f'{info.backend} {info.version}',
        info.precision,
        info.device,
        given.name,
        given.frame_wh,
        single_ms,
    )
    finish(subject, measured, describe_machine(__version__), before, output, command)
    return 0


def _time_alone(infer: Infer, given: Input, seconds: float) -> list[tuple[float, StageTimes]]:
    """Run the network on one frame after the other, for about so long."""
    first_ms = median(ms for ms, _ in time_frames(infer, given.frames, _TRIED))
    runs = round(seconds * 1e3 / max(first_ms, 1e-3))
    return time_frames(infer, given.frames, min(max(runs, _LEAST_RUNS), _MOST_RUNS))


def _gauge(device: str) -> DeviceGauge | None:
    if device != 'CPU':
        try:
            return open_gauge(device)
        except LookupError as err:
            print(f'the GPU is not measured: {err}')
    return None


def _parser() -> argparse.ArgumentParser:
    parser = benchmark_parser('rdl benchmark', __doc__)
    parser.epilog = 'rdl benchmark compare A.json B.json compares two reports.'
    parser.add_argument('--labels', type=Path, help='file of one label a line')
    parser.add_argument('--decoder', help="what reads a detector's outputs")
    add_input_options(parser)
    return parser
