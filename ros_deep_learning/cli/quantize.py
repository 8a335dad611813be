# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Make an int8 network from a float one and frames of the kind that it will see."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from ..cards.card import ModelCard
from ..cards.embedded_card import card_metadata
from ..downloads.own_cards import refuse_foreign_card, write_card_beside
from ..downloads.store import ModelStore
from ..engines.speed import Speed, compare_speed
from ..errors import SettingsError
from ..networks.fit import read_labels
from ..onnx_tools.facts import read_facts
from ..onnx_tools.quantize import Method, Quantised, judged, quantize, run_exactly
from ..paths import user_path
from ..progress import Progress
from ..recognition.choice import choose_card
from ..tasks.preprocess import placement, preprocess
from .bar import progress_bar
from .logs import run_command
from .next_command import next_command
from .quantize_frames import read_frames
from .quantize_report import Agreement, agreement, answers_kept

_LEAST_FRAMES = 2


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
        made, report, speed, card = _quantize(arguments, output, progress)
    print(f'{output}: {output.stat().st_size / 2**20:.1f} MiB')
    names = f': {", ".join(made.floats)}' if made.floats else ''
    print(f'{made.int8} layers in int8, {len(made.floats)} kept in float{names}')
    print(f'against the float network on frames it was not calibrated with: {report}')
    print(speed)
    print(f'next: {next_command(card.task, output)}')
    if arguments.at_least and not report.share >= arguments.at_least:
        print(
            f'rdl quantize: that is less than {arguments.at_least:.1%}; to fix: more frames, or '
            '--method minmax',
            file=sys.stderr,
        )
        return 1
    return 0


def _quantize(
    arguments: argparse.Namespace, output: Path, progress: Progress
) -> tuple[Quantised, Agreement, Speed, ModelCard]:
    if output.suffix != '.onnx':
        msg = f'output: expected a name that ends in .onnx, got {output}'
        raise SettingsError(msg)
    store = ModelStore()
    # A size in the network file wins over the card, as in the nodes.
    card = store.complete(choose_card(arguments.model), progress)
    refuse_foreign_card(output)
    # What was measured with the float network says nothing of this one.
    made_of = replace(
        card, accuracy=None, checked=None, family=None, notes=f'Int8, made of {card.name}.'
    )
    progress('reading frames', None)
    frames = read_frames(user_path(arguments.frames), arguments.limit, arguments.topic)
    if len(frames) < _LEAST_FRAMES:
        msg = f'{arguments.frames} has one frame, but calibration and check need one each'
        raise SettingsError(msg)
    onnx_path = store.onnx_path(card, progress)
    placements = [placement(frame.size_wh, card.input) for frame in frames]
    name = _input_name(card, onnx_path)
    feeds = [{name: preprocess([frame], card.input)} for frame in frames]
    held = _held_out(len(feeds), arguments.held_out)
    seen = [index for index in range(len(feeds)) if index not in held]
    goal = answers_kept(card, [placements[seen[i]] for i in judged(len(seen))], arguments.goal)
    made = quantize(
        onnx_path,
        output,
        [feeds[index] for index in seen],
        method=arguments.method,
        goal=goal if arguments.goal else None,
        metadata=card_metadata(made_of, read_labels(card)),
        progress=progress,
    )
    progress('comparing with the float network', None)
    check: list[dict[str, NDArray[Any]]] = [feeds[index] for index in sorted(held)]
    report = agreement(
        card,
        [placements[index] for index in sorted(held)],
        run_exactly(onnx_path, check),
        run_exactly(output, check),
    )
    progress('measuring the speed', None)
    speed = compare_speed(onnx_path, output, feeds[0])
    return made, report, speed, write_card_beside(made_of, output)


def _held_out(count: int, share: float) -> set[int]:
    """Return the indices of the frames to check with, evenly spread: at least one, never all."""
    wanted = min(max(round(count * share), 1), count - 1)
    return {int(i) for i in np.linspace(0, count - 1, wanted).round()}


def _input_name(card: ModelCard, onnx_path: Path) -> str:
    return card.input.name or next(iter(read_facts(onnx_path).inputs))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='rdl quantize', description=__doc__)
    parser.add_argument(
        'model', help='name of a network, or path of its card (.yaml) or .onnx file'
    )
    parser.add_argument(
        'frames',
        help='folder of images, video, .npz of RGB images, or a rosbag2 (with rosbags installed)',
    )
    parser.add_argument('output', help='the .onnx file to write')
    parser.add_argument('--method', choices=get_args(Method), default='entropy')
    parser.add_argument('--limit', type=int, default=200, help='most frames to read')
    parser.add_argument('--held-out', type=float, default=0.2, help='share kept to check with')
    parser.add_argument(
        '--goal',
        type=float,
        default=0.995,
        help='share of the answers that must stay the same on the frames it is calibrated with; '
        'the layers that int8 harms most stay float until they do (0: all become int8)',
    )
    parser.add_argument('--topic', help='image topic of a bag that has several')
    parser.add_argument(
        '--at-least', type=float, default=0.0, help='fail where less than this share agrees'
    )
    return parser


if __name__ == '__main__':
    sys.exit(main())
