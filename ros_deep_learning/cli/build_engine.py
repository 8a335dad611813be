# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Build a network's TensorRT engine ahead of time, into the cache that the nodes read."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from ..engines.backend import EngineOptions
from ..engines.base import Precision
from ..errors import CardError
from ..paths import user_path
from ..progress import Progress
from .bar import progress_bar
from .logs import run_command
from .next_command import next_command
from .parser import Parser

if TYPE_CHECKING:
    from ..cards.card import ModelCard
    from ..engines.tensorrt.build.plan_request import PlanRequest
    from ..engines.tensorrt.build.plan_source import Plan

_LOG = logging.getLogger('ros_deep_learning')


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: Arguments; None is the command line's.

    Returns:
        Exit code: 0 built or already there, 1 failed, 130 interrupted.
    """
    arguments = _parser().parse_args(argv)
    return run_command(
        'rdl build-engine',
        lambda: _run(arguments),
        interrupted='nothing was kept',
        level=logging.DEBUG if arguments.verbose else logging.WARNING,
    )


def _run(arguments: argparse.Namespace) -> int:
    with progress_bar() as bar:
        request, plan, card = _build(arguments, _without_clock(bar))
    record = plan.record
    verb = f'built in {record.build_seconds:g} s' if plan.built else 'already there'
    print(
        f'{request.network.path.name}: {request.effective_precision}, {verb}, '
        f'{record.plan_bytes / 2**20:.1f} MiB for {request.target.gpu} '
        f'({request.api.name} {request.api.version})'
    )
    if plan.built:
        print(f'because: {record.reason}')
    for note in record.notes:
        print(f'note: {note}')
    if card is not None:
        print(f'next: {next_command(card.task, arguments.model)}')
    print(plan.path if plan.path is not None else 'not kept, see the warning')
    return 0


def _build(
    arguments: argparse.Namespace, progress: Progress
) -> tuple[PlanRequest, Plan, ModelCard | None]:
    from ..engines.tensorrt.api import tensorrt
    from ..engines.tensorrt.backend import this_machine
    from ..engines.tensorrt.build.plan_request import request_plan
    from ..engines.tensorrt.build.plan_source import obtain_plan
    from ..engines.tensorrt.plans.plan_cache import PlanCache
    from ..engines.tensorrt.target import absent_target

    options = EngineOptions(
        device=arguments.device,
        workspace_mb=arguments.workspace_mb,
        dla_core=arguments.dla_core,
        optimization_level=arguments.optimization_level,
        max_batch=arguments.max_batch,
    )
    if arguments.target:
        api, target = tensorrt(), absent_target(arguments.target)
    else:
        api, target = this_machine(options.device)
    path, card = _network(arguments.model, progress)
    request = request_plan(
        path,
        api=api,
        target=target,
        input_spec=None if card is None else card.input,
        precision=arguments.precision,
        options=options,
    )
    refused = 'rebuild requested' if arguments.rebuild else ''
    return request, obtain_plan(request, PlanCache(), progress, refused=refused), card


def _network(model: str, progress: Progress) -> tuple[Path, ModelCard | None]:
    """Find a network's ONNX file, and its card, which an ONNX file need not have."""
    from ..downloads.store import ModelStore
    from ..recognition.choice import choose_card

    store = ModelStore()
    try:
        # A size in the network file wins over the card, as in the nodes.
        card = store.complete(choose_card(model), progress)
    except CardError as err:
        path = user_path(model)
        if path.suffix.lower() != '.onnx' or not path.is_file():
            raise
        _LOG.warning('%s; its engine is built for the sizes that the file has', err)
        return path, None
    return store.onnx_path(card, progress), card


def _without_clock(bar: Progress) -> Progress:
    """Leave the elapsed time to the bar, which has a clock of its own."""

    def report(stage: str, share: float | None) -> None:
        bar(stage.partition(', ')[0], share)

    return report


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog='rdl build-engine', description=__doc__)
    parser.add_argument('model', help='name of a network, path of a card (.yaml) or an .onnx file')
    parser.add_argument('--precision', choices=get_args(Precision), default='auto')
    parser.add_argument('--max-batch', type=int, default=1, help='most frames in one run')
    parser.add_argument('--workspace-mb', type=int, help='limit of scratch memory in MiB')
    parser.add_argument('--dla-core', type=int, help='deep learning accelerator of a Jetson')
    parser.add_argument('--optimization-level', type=int, help='0 (fast build) to 5')
    parser.add_argument('--device', type=int, default=0, help='index of the GPU')
    parser.add_argument(
        '--target',
        help='compute capability to build for with no GPU, such as 8.6 (TensorRT for RTX only)',
    )
    parser.add_argument('--rebuild', action='store_true', help='build even if it is cached')
    parser.add_argument('--verbose', action='store_true', help="show TensorRT's log")
    return parser


if __name__ == '__main__':
    sys.exit(main())
