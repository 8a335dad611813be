# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Train a network on pictures of your own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from ..cards.card import Resize
from ..datasets.opening import PICTURES_BELOW, open_dataset
from ..errors import UsageError
from ..paths import user_path
from ..progress import Progress
from ..text import one_line
from ..training.libraries import check_libraries
from ..training.run_folder import RunFolder
from ..training.settings import NETWORKS, Device, TrainingSettings
from ..training.usual_input import usual_input
from .bar import progress_bar
from .logs import run_command
from .next_command import next_command
from .parser import Parser

if TYPE_CHECKING:
    from ..training.training import Trained

_SETTINGS = frozenset(field.name for field in fields(TrainingSettings))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: Arguments; None is the command line's.

    Returns:
        Exit code: 0 done, 1 failed, 130 interrupted.
    """
    arguments = _parser().parse_args(argv)
    return run_command(
        'rdl train',
        lambda: _run(arguments),
        interrupted=f'to continue: --output {arguments.output} --resume',
    )


def _run(arguments: argparse.Namespace) -> int:
    trained = _train(arguments, user_path(arguments.output))
    run = trained.run
    why = ', stopped early' if trained.fitted.stopped_early else ''
    print(f'{trained.result} of {len(trained.fitted.rows)}{why}')
    for line in trained.judged.describe():
        print(line)
    print(f'{run.network}, {run.card}, {run.report}')
    print(f'next: {next_command(trained.card.task, run.card)}')
    return 0


def _train(arguments: argparse.Namespace, output: Path) -> Trained:
    watched = _watch(output) if arguments.watch else nullcontext
    check_libraries(getattr(arguments, 'network', ''))
    from ..training.training import train

    data = None if arguments.data is None else user_path(arguments.data)
    with progress_bar() as bar, watched(bar) as progress:
        return train(
            data,
            _settings(arguments, data, output),
            output,
            resume=arguments.resume,
            int8=arguments.int8,
            licence=arguments.licence,
            say=print,
            progress=progress,
        )


def _watch(output: Path) -> Callable[[Progress], AbstractContextManager[Progress]]:
    """Return what publishes progress.

    Raises:
        UsageError: ROS 2 is not there.
    """
    try:
        # ROS is looked for only here: all else of this program does without.
        watch = import_module('ros_deep_learning.nodes.training_watch')
    except ImportError as err:
        msg = (
            f'--watch publishes on /diagnostics of ROS 2, which is not there: {one_line(err)}; to '
            'fix: source its setup.bash, or leave out --watch'
        )
        raise UsageError(msg) from err
    return partial(watch.published_progress, output)


def _settings(
    arguments: argparse.Namespace, data: Path | None, output: Path
) -> TrainingSettings | None:
    given: dict[str, Any] = {
        name: value for name, value in vars(arguments).items() if name in _SETTINGS
    }
    if arguments.resume:
        begun = RunFolder(output).read_record()
        return replace(begun.settings, **given) if begun is not None and given else None
    if data is None:
        msg = 'expected the folder of a data set, or --resume'
        raise UsageError(msg)
    if 'task' not in given:
        given['task'] = open_dataset(data, pictures_below=given.get('pictures_below')).task
    task = given['task']
    network = given.get('network', NETWORKS[task])
    return TrainingSettings(**{'network': network, **usual_input(task, network), **given})


def _size(text: str) -> tuple[int, int]:
    sides = text.lower().split('x')
    if len(sides) > 2 or not all(side.isdecimal() for side in sides):
        msg = f'expected a number such as 224, or width and height such as 320x240, got {text!r}'
        raise argparse.ArgumentTypeError(msg)
    return int(sides[0]), int(sides[-1])


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog='rdl train', description=__doc__, argument_default=argparse.SUPPRESS)
    parser.add_argument(
        'data', nargs='?', default=None, help='folder of the data set; its format is found'
    )
    parser.add_argument(
        '--pictures-below',
        type=lambda text: str(user_path(text).absolute()),
        metavar='FOLDER',
        help=PICTURES_BELOW,
    )
    parser.add_argument('--output', '-o', required=True, help='folder for what is made')
    parser.add_argument(
        '--resume', action='store_true', default=False, help='continue the training in --output'
    )
    parser.add_argument(
        '--watch',
        action='store_true',
        default=False,
        help='publish progress on /diagnostics of ROS 2',
    )
    parser.add_argument('--task', choices=NETWORKS, help='default: what the labels are for')
    names = ', '.join(f'{name} ({task})' for task, name in NETWORKS.items())
    parser.add_argument(
        '--network',
        help=f'name in torchvision, timm:NAME, or dfine_n, dfine_s, dfine_m; default: {names}',
    )
    parser.add_argument(
        '--size',
        dest='size_wh',
        type=_size,
        help='input in pixels, as 224 or 320x240; default: 224, 320 for detection '
        'and masks, 640 for D-FINE, or as in timm',
    )
    parser.add_argument(
        '--resize', choices=get_args(Resize), help='default: stretch, or as in timm'
    )
    parser.add_argument('--epochs', type=int, help='default: 30')
    parser.add_argument('--batch', type=int, help='pictures in a step; default: 16')
    parser.add_argument(
        '--lr',
        dest='learning_rate',
        type=float,
        help='learning rate; default: 1e-3, or 3e-4 for weights that were trained before',
    )
    parser.add_argument(
        '--weights',
        help='to begin with: auto (published ones if they can be had), none, or a file',
    )
    parser.add_argument(
        '--patience', type=int, help='epochs without progress; default: 10, 0: all'
    )
    parser.add_argument('--held-out', type=float, help='share for validation; default: 0.2')
    parser.add_argument(
        '--no-flip', dest='flip', action='store_false', help='left and right are not the same'
    )
    parser.add_argument('--device', choices=get_args(Device), help='default: auto')
    parser.add_argument(
        '--devices',
        type=int,
        help='GPUs, or processes on a CPU, that share each batch; default: 1',
    )
    parser.add_argument('--seed', type=int, help='of everything random; default: 0')
    parser.add_argument(
        '--int8',
        action='store_true',
        default=False,
        help='make an int8 network too, calibrated with the training pictures',
    )
    parser.add_argument(
        '--licence', default=None, help='SPDX identifier of the weights, for the card'
    )
    return parser


if __name__ == '__main__':
    sys.exit(main())
