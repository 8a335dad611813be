# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Evaluate networks on a labelled data set: accuracy, speed and memory."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from ...datasets.dataset import Dataset, counted, spread
from ...datasets.opening import FORMATS, PICTURES_BELOW, open_dataset
from ...downloads.store import ModelStore
from ...engines.base import Precision
from ...engines.loader import EngineLoader
from ...errors import DatasetError, DeepLearningError, FleetError, SettingsError
from ...evaluation.answers import Rules
from ...evaluation.cost import MemoryGauge
from ...evaluation.goals import missed_goals, parse_goals
from ...evaluation.run import Run, Wish, check_task, evaluate, evaluate_network, open_network
from ...fleet.job import Outcome
from ...paths import user_path
from ...progress import Progress, silent
from ...recognition.choice import choose_card
from ...recognition.hints import Hints
from ..bar import progress_bar
from ..fleet.many_inputs import MANY, add_fleet_options, is_fleet, run_fleet
from ..fleet.network_facts import engine_facts, fingerprint
from ..logs import run_command
from ..parser import Parser
from ..serving.arguments import add_remote_options, remote_options
from ..vision_arguments import add_input_options, given_values, share
from .output import check_folder, print_results, print_start, write_results

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
    if is_fleet(arguments, [arguments.dataset], arguments.output or ''):
        if arguments.output is None or goals:
            msg = 'many data sets need a folder for their reports (-o FOLDER), and no --at-least'
            raise FleetError(msg)
        return run_fleet(
            'evaluate',
            arguments,
            [arguments.dataset],
            arguments.output,
            open_work,
            of=('dataset', 'output'),
        )
    dataset = _open_dataset(arguments, arguments.dataset, wishes)
    folder = user_path(arguments.output) if arguments.output else None
    if folder is not None:
        check_folder(folder)
    print_start(dataset)
    rules = Rules(arguments.threshold, arguments.common_classes)
    loader = _loader(arguments)
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
    if folder is not None:
        command = ' '.join(['rdl evaluate', *given])
        write_results(folder, dataset, runs, failed, command)
        print(f'wrote {folder / "report.html"}, results.json and results.csv')
    for line in missed:
        print(f'rdl evaluate: {line}', file=sys.stderr)
    return 1 if missed or failed else 0


class EvaluationWork:
    """Evaluates the same networks on one data set after the other.

    Args:
        arguments: Those of the program.
        networks: Each with its wish, and the gauge that was made before it was opened.
    """

    def __init__(
        self, arguments: argparse.Namespace, networks: Sequence[tuple[Wish, Any, MemoryGauge]]
    ) -> None:
        self._arguments = arguments
        self._networks = networks
        self.models = [fingerprint(network) for _, network, _ in networks]
        self.engines = [engine_facts(network) for _, network, _ in networks]

    def do(self, source: Path, output: Path, progress: Progress) -> Outcome:
        """See ``Work`` of the fleet."""
        arguments = self._arguments
        wishes = [wish for wish, _, _ in self._networks]
        dataset = _open_dataset(arguments, source, wishes)
        rules = Rules(arguments.threshold, arguments.common_classes)
        renamed = dict(map(_pair, arguments.rename))
        runs = [
            evaluate_network(
                wish,
                network,
                gauge,
                dataset,
                rules,
                renamed=renamed,
                draw=_DRAWN,
                progress=progress,
            )
            for wish, network, gauge in self._networks
        ]
        command = f'rdl evaluate {" ".join(arguments.models)} {source}'
        write_results(output, dataset, runs, {}, command)
        text = '; '.join(f'{one.name}: {_first_figure(one)}' for one in runs)
        problems = [*dataset.problems, *(p for run in runs for p in run.seen.problems)]
        notes = (f'problems: {counted(problems)}',) if problems else ()
        figures = {'images': sum(len(run.seen.samples) for run in runs)}
        return Outcome(text, (), figures, notes)


@contextmanager
def open_work(arguments: argparse.Namespace) -> Iterator[EvaluationWork]:
    """Load the networks of the program, and close them at the end.

    Raises:
        DeepLearningError: One cannot be loaded.
    """
    loader = _loader(arguments)
    with ExitStack() as stack:
        networks = []
        for wish in _wishes(arguments):
            gauge = MemoryGauge()
            network = stack.enter_context(open_network(wish, loader, silent))
            networks.append((wish, network, gauge))
        yield EvaluationWork(arguments, networks)


def _first_figure(run: Run) -> str:
    """Return the first figure of a run, such as mAP, with its name."""
    name, value = next(iter(run.seen.scores.metrics.items()))
    return f'{name} {value:.3f}'


def _loader(arguments: argparse.Namespace) -> EngineLoader:
    return EngineLoader(ModelStore(offline=True if arguments.offline else None))


def _open_dataset(
    arguments: argparse.Namespace, path: str | Path, wishes: Sequence[Wish]
) -> Dataset:
    dataset = open_dataset(
        path,
        format_name=arguments.format,
        task=wishes[0].card.task,
        split=arguments.split,
        pictures_below=arguments.pictures_below,
    )
    dataset = _limited(dataset, arguments.limit)
    for wish in wishes:
        check_task(wish.card, dataset)
    return dataset


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
    parser = Parser(prog='rdl evaluate', description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add('models', nargs='+', metavar='MODEL', help='name of a network, or path of a card or file')
    add('dataset', metavar='DATASET', help=f'folder, COCO .json or YOLO .yaml; {MANY}')
    add('-o', '--output', metavar='FOLDER', help='write report.html, .json and .csv')
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
    add_fleet_options(parser)
    return parser


if __name__ == '__main__':
    sys.exit(main())
