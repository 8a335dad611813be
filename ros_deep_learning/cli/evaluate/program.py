# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Evaluate networks on a labelled data set: accuracy, speed and memory."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

from ...datasets.dataset import Dataset, spread
from ...datasets.opening import FORMATS, PICTURES_BELOW, open_dataset
from ...downloads.store import ModelStore
from ...engines.base import Precision
from ...engines.loader import EngineLoader
from ...errors import DatasetError, DeepLearningError, SettingsError
from ...evaluation.answers import Rules
from ...evaluation.goals import missed_goals, parse_goals
from ...evaluation.run import Run, Wish, check_task, evaluate
from ...recognition.choice import choose_card
from ...recognition.hints import Hints
from ..bar import progress_bar
from ..logs import run_command
from ..serving.arguments import add_remote_options, remote_options
from ..vision_arguments import add_input_options, given_values, share
from .output import print_results, print_start, write_results

_DRAWN = 12


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: Arguments; None is the command line's.

    Returns:
        Exit code: 0, 1 failed or under ``--at-least``, 130 interrupted.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    arguments = _parser().parse_args(given)
    return run_command(
        'rdl evaluate',
        lambda: _run(arguments, given),
        interrupted='nothing was written',
    )


def _run(arguments: argparse.Namespace, given: Sequence[str]) -> int:
    goals = parse_goals(arguments.at_least)
    renamed = dict(map(_pair, arguments.rename))
    wishes = _wishes(arguments)
    dataset = open_dataset(
        arguments.dataset,
        format_name=arguments.format,
        task=wishes[0].card.task,
        split=arguments.split,
        pictures_below=arguments.pictures_below,
    )
    dataset = _limited(dataset, arguments.limit)
    for wish in wishes:
        check_task(wish.card, dataset)
    print_start(dataset)
    rules = Rules(arguments.threshold, arguments.common_classes)
    loader = EngineLoader(ModelStore(offline=True if arguments.offline else None))
    runs: list[Run] = []
    failed: dict[str, str] = {}
    for wish in wishes:
        try:
            with progress_bar() as progress:
                run = evaluate(
                    wish,
                    dataset,
                    rules,
                    loader,
                    renamed=renamed,
                    draw=_DRAWN if arguments.output else 0,
                    progress=progress,
                )
        except DeepLearningError as err:
            # The others are still worth knowing.
            if len(wishes) == 1:
                raise
            print(f'rdl evaluate: {wish.name}: {err}', file=sys.stderr)
            failed[wish.name] = str(err)
        else:
            runs.append(run)
    if not runs:
        return 1
    missed = missed_goals(runs, goals)
    print_results(runs, max_classes=None if arguments.all_classes else 12)
    if arguments.output:
        command = ' '.join(['rdl evaluate', *given])
        write_results(arguments.output, dataset, runs, failed, command)
    for line in missed:
        print(f'rdl evaluate: {line}', file=sys.stderr)
    return 1 if missed or failed else 0


def _wishes(arguments: argparse.Namespace) -> list[Wish]:
    """Combine each network with each backend and precision."""
    hints = Hints(labels=arguments.labels, **given_values(arguments))
    precisions: list[Precision] = []
    for text in arguments.precision.split(','):
        known = next((one for one in get_args(Precision) if one == text.strip()), None)
        if known is None:
            choices = ', '.join(get_args(Precision))
            msg = f'--precision: expected one or more of {choices}, got {text!r}'
            raise SettingsError(msg)
        precisions.append(known)
    cards = [(model, choose_card(model, None, hints)) for model in arguments.models]
    remote = remote_options(arguments)
    wishes = [
        Wish(model, card, backend.strip(), precision, remote)
        for model, card in cards
        for backend in arguments.backend.split(',')
        for precision in precisions
    ]
    if len({card.task for _, card in cards}) > 1:
        tasks = ', '.join(f'{model} is for {card.task}' for model, card in cards)
        msg = f'networks of one task can be compared, but {tasks}'
        raise DatasetError(msg)
    return wishes


def _limited(dataset: Dataset, limit: int | None) -> Dataset:
    """Return a data set with some of its pictures, evenly spread."""
    if limit is None:
        return dataset
    if limit < 1:
        msg = f'--limit: expected 1 or more pictures, got {limit}'
        raise SettingsError(msg)
    splits = {
        name: tuple(samples[index] for index in spread(len(samples), limit))
        for name, samples in dataset.splits.items()
    }
    return replace(dataset, splits=splits)


def _pair(text: str) -> tuple[str, str]:
    ours, equals, theirs = text.partition('=')
    if not equals or not ours or not theirs:
        msg = f'--rename: expected CLASS=LABEL, got {text!r}'
        raise SettingsError(msg)
    return ours, theirs


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='rdl evaluate', description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add('models', nargs='+', metavar='MODEL', help='name of a network, or path of a card or file')
    add('dataset', metavar='DATASET', type=Path, help='folder, COCO .json or YOLO .yaml')
    add('-o', '--output', type=Path, metavar='FOLDER', help='write report.html, .json and .csv')
    add('--backend', default='auto', help='one or more of auto, tensorrt, onnxruntime, remote')
    add_remote_options(parser)
    add('--precision', default='auto', help='one or more of auto, fp32, fp16, int8: fp32,fp16')
    add('--split', default='best', help='train, val or test (val, or test or all without it)')
    add('--format', choices=FORMATS, help='of the data set, where it is not found by itself')
    add('--pictures-below', metavar='FOLDER', help=PICTURES_BELOW)
    add(
        '--at-least',
        action='append',
        default=[],
        metavar='METRIC=NUMBER',
        help='fail if a metric is lower, such as mAP=0.3',
    )
    add('--threshold', type=share, default=0.5, help='least score for the confusion matrix (0.5)')
    add('--common-classes', action='store_true', help='leave out classes that the network lacks')
    add(
        '--rename',
        action='append',
        default=[],
        metavar='CLASS=LABEL',
        help="the network's name of a class of the data set",
    )
    add('--limit', type=int, help='evaluate so many pictures, evenly spread')
    add('--all-classes', action='store_true', help='print all classes, not the first 12')
    add('--labels', type=Path, help='file of one label a line, of the network')
    add('--decoder', help="what reads a detector's outputs")
    add_input_options(parser)
    add('--offline', action='store_true', help='download nothing')
    return parser


if __name__ == '__main__':
    sys.exit(main())
