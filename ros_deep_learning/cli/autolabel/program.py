# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Label pictures by a network, without a person."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ...cards.card import Task
from ...collecting.autolabel import Autolabelled, autolabel
from ...collecting.folder import CollectedFolder
from ...collecting.layouts import LAYOUTS, SPLITS, task_of
from ...collecting.suggestions import Suggester, open_suggester
from ...datasets.listing import UNLABELLED_FOLDER, pictures_below
from ...errors import DatasetError, FleetError
from ...fleet.job import Outcome
from ...paths import user_path
from ...progress import Progress, silent
from ...text import printable
from ..bar import progress_bar
from ..collect.arguments import read_classes
from ..fleet.many_inputs import MANY, add_fleet_options, is_fleet, run_fleet
from ..fleet.network_facts import engine_facts, fingerprint
from ..logs import run_command
from ..parser import Parser

_LISTED = 20


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: Arguments; None is the command line's.

    Returns:
        Exit code: 0, 1 failed or no picture got a label, 130 interrupted.
    """
    arguments = _parser().parse_args(argv)
    return run_command(
        'rdl autolabel',
        lambda: _autolabel(arguments),
        interrupted='what is written is whole, and the same command goes on',
    )


def _autolabel(arguments: argparse.Namespace) -> int:
    if is_fleet(arguments, arguments.folders, arguments.output or ''):
        if arguments.output is None:
            msg = 'many folders need a folder for their data sets; to fix: -o FOLDER'
            raise FleetError(msg)
        return run_fleet(
            'autolabel',
            arguments,
            arguments.folders,
            arguments.output,
            open_work,
            of=('folders', 'output'),
        )
    folder = user_path(arguments.folders[0])
    output = arguments.output
    if output is None:
        collected = (folder / UNLABELLED_FOLDER).is_dir()
        output = folder if collected else folder.with_name(f'{folder.name}_labelled')
    output = user_path(output)
    pictures = _pictures(folder)
    task = arguments.task or task_of(output)
    classes = () if task is None else LAYOUTS[task](output).read_classes()
    with (
        progress_bar() as progress,
        _open_suggester(arguments, task, classes, progress) as suggester,
    ):
        data, done = _label(pictures, output, suggester, classes, arguments, progress)
    for text in done.left_out[:_LISTED]:
        print(f'left out {printable(text)}')
    counts = data.counts()
    for k, name in enumerate(data.classes):
        if count := sum(counts[split][k] for split in SPLITS):
            print(f'  {printable(name)}: in {count} pictures')
    print(
        f'{output}: {done.labelled} pictures labelled by {suggester.name}, {done.empty} of them '
        f'with nothing found; {done.there} were there, {len(done.left_out)} left out'
    )
    print(f'next: rdl collect {output}, to look at them and correct them')
    return 0 if done.labelled or done.there else 1


class LabellingWork:
    """Labels one folder after the other by the same network.

    Args:
        arguments: Those of the program.
        suggester: Its network.
    """

    def __init__(self, arguments: argparse.Namespace, suggester: Suggester) -> None:
        self._arguments = arguments
        self._suggester = suggester
        self.models = [fingerprint(suggester.network)]
        self.engines = [engine_facts(suggester.network)]

    def do(self, source: Path, output: Path, progress: Progress) -> Outcome:
        """See ``Work`` of the fleet."""
        pictures = _pictures(source)
        _, done = _label(pictures, output, self._suggester, (), self._arguments, progress)
        labelled = done.labelled + done.there
        if not labelled:
            msg = f'no picture could be labelled: {done.left_out[0]}'
            raise DatasetError(msg)
        text = f'{labelled} of {len(pictures)} pictures labelled'
        figures = {'images': len(pictures), 'pictures': labelled}
        left_out = tuple(f'left out {text}' for text in done.left_out[:_LISTED])
        return Outcome(text, (), figures, left_out)


@contextmanager
def open_work(arguments: argparse.Namespace) -> Iterator[LabellingWork]:
    """Load the network of the program, and close it at the end.

    Raises:
        DeepLearningError: It cannot be loaded.
    """
    with _open_suggester(arguments, arguments.task, (), silent) as suggester:
        yield LabellingWork(arguments, suggester)


@contextmanager
def _open_suggester(
    arguments: argparse.Namespace, task: Task | None, classes: Sequence[str], progress: Progress
) -> Iterator[Suggester]:
    suggester = open_suggester(
        arguments.model,
        task,
        read_classes(arguments.classes) or classes,
        threshold=arguments.threshold,
        progress=progress,
    )
    try:
        yield suggester
    finally:
        suggester.close()


def _pictures(folder: Path) -> list[Path]:
    waiting = folder / UNLABELLED_FOLDER
    place = waiting if waiting.is_dir() else folder
    pictures = pictures_below(place)
    if not pictures:
        msg = f'no picture in {place}'
        raise DatasetError(msg)
    return pictures


def _label(
    pictures: Sequence[Path],
    output: Path,
    suggester: Suggester,
    classes: Sequence[str],
    arguments: argparse.Namespace,
    progress: Progress,
) -> tuple[CollectedFolder, Autolabelled]:
    classes = read_classes(arguments.classes) or classes
    data = CollectedFolder(output, suggester.task, classes)
    return data, autolabel(data, pictures, suggester, arguments.val, progress)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog='rdl autolabel', description=__doc__, allow_abbrev=False)
    parser.add_argument(
        'folders',
        nargs='+',
        metavar='FOLDER',
        help='a data set, whose unlabelled/ is labelled and moved; or a folder of pictures, which '
        f'are copied; {MANY}',
    )
    parser.add_argument(
        '--model', required=True, help='name of a network, or path of a card or network'
    )
    parser.add_argument(
        *('-o', '--output'),
        help='the data set; default: FOLDER, or FOLDER_labelled; of many folders one for theirs',
    )
    parser.add_argument(
        '--classes', default='', help='such as cat,dog; default: those of the data set or network'
    )
    parser.add_argument('--task', choices=LAYOUTS, help='default: that of the data set or network')
    parser.add_argument(
        '--threshold', type=float, default=0.5, help='least score or confidence, 0 to 1 (0.5)'
    )
    parser.add_argument('--val', type=float, default=0.2, help='share for validation (0.2)')
    add_fleet_options(parser)
    return parser


if __name__ == '__main__':
    sys.exit(main())
