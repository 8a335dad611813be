# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Make an int8 network from a float one and frames of the kind that it will see."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from ..downloads.own_cards import refuse_foreign_card
from ..downloads.store import ModelStore
from ..errors import SettingsError
from ..evaluation.int8 import GOAL, HELD_OUT, Int8Network, make_int8
from ..networks.fit import read_labels
from ..onnx_tools.quantize import Method
from ..paths import user_path
from ..progress import Progress
from ..recognition.choice import choose_card
from .bar import progress_bar
from .logs import run_command
from .next_command import next_command
from .parser import Parser
from .quantize_frames import read_frames
from .vision_arguments import count, share


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: Arguments; None is the command line's.

    Returns:
        Exit code: 0 done, 1 failed or under ``--at-least``, 130 interrupted.
    """
    arguments = _parser().parse_args(argv)
    return run_command('rdl quantize', lambda: _run(arguments), interrupted='nothing was written')


def _run(arguments: argparse.Namespace) -> int:
    output = user_path(arguments.output)
    with progress_bar() as progress:
        made = _quantize(arguments, output, progress)
    print(f'{output}: {output.stat().st_size / 2**20:.1f} MiB')
    for line in made.describe():
        print(line)
    print(f'next: {next_command(made.card.task, output)}')
    if arguments.at_least and not made.report.share >= arguments.at_least:
        print(
            f'rdl quantize: that is less than {arguments.at_least:.1%}; to fix: more frames, or '
            '--method minmax',
            file=sys.stderr,
        )
        return 1
    return 0


def _quantize(arguments: argparse.Namespace, output: Path, progress: Progress) -> Int8Network:
    if output.suffix != '.onnx':
        msg = f'output: expected a name that ends in .onnx, got {output}'
        raise SettingsError(msg)
    store = ModelStore()
    # A size in the network file wins over the card, as in the nodes.
    card = store.complete(choose_card(arguments.model), progress)
    onnx_path = store.onnx_path(card, progress)
    _refuse_overwriting(output, onnx_path, arguments.model, force=arguments.force)
    progress('reading frames', None)
    frames = read_frames(user_path(arguments.frames), arguments.limit, arguments.topic)
    return make_int8(
        card,
        read_labels(card),
        onnx_path,
        frames,
        output,
        method=arguments.method,
        goal=arguments.goal,
        held_out=arguments.held_out,
        progress=progress,
    )


def _refuse_overwriting(output: Path, onnx_path: Path, model: str, *, force: bool) -> None:
    if output.exists() and output.samefile(onnx_path):
        msg = f'{output} is the float network that is read; to fix: another name for the output'
        raise SettingsError(msg)
    card, read = output.with_suffix('.yaml'), user_path(model)
    if card.exists() and read.exists() and card.samefile(read):
        msg = f'{card} is the card that is read; to fix: another name for the output'
        raise SettingsError(msg)
    refuse_foreign_card(output)
    there = [str(path) for path in (output, output.with_suffix('.yaml')) if path.exists()]
    if there and not force:
        msg = f'{" and ".join(there)} would be overwritten; to fix: another name, or --force'
        raise SettingsError(msg)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog='rdl quantize', description=__doc__)
    parser.add_argument(
        'model', help='name of a network, or path of its card (.yaml) or .onnx file'
    )
    parser.add_argument(
        'frames',
        help='folder of images, video, .npz of RGB images, or a rosbag2 (with rosbags installed)',
    )
    parser.add_argument('output', help='the .onnx file to write')
    parser.add_argument('--method', choices=get_args(Method), default='entropy')
    parser.add_argument('--limit', type=count, default=200, help='most frames to read')
    parser.add_argument(
        '--held-out', type=share, default=HELD_OUT, help='share kept to check with'
    )
    parser.add_argument(
        '--goal',
        type=share,
        default=GOAL,
        help='share of the answers that must stay the same on the frames it is calibrated with; '
        'the layers that int8 harms most stay float until they do (0: all become int8)',
    )
    parser.add_argument('--topic', help='image topic of a bag that has several')
    parser.add_argument(
        '--at-least', type=share, default=0.0, help='fail where less than this share agrees'
    )
    parser.add_argument('--force', action='store_true', help='overwrite files that are there')
    return parser


if __name__ == '__main__':
    sys.exit(main())
