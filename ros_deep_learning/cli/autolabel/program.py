# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Label pictures by a network, without a person."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ...collecting.autolabel import autolabel
from ...collecting.folder import CollectedFolder
from ...collecting.layouts import LAYOUTS, SPLITS, task_of
from ...collecting.suggestions import open_suggester
from ...datasets.listing import UNLABELLED_FOLDER, pictures_below
from ...errors import DatasetError
from ...paths import user_path
from ...text import printable
from ..bar import progress_bar
from ..collect.arguments import read_classes
from ..logs import run_command

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
    folder = user_path(arguments.folder)
    collected = (folder / UNLABELLED_FOLDER).is_dir()
    pictures = pictures_below(folder / UNLABELLED_FOLDER if collected else folder)
    if not pictures:
        msg = f'no picture in {folder}'
        raise DatasetError(msg)
    output = arguments.output
    if output is None:
        output = folder if collected else folder.with_name(f'{folder.name}_labelled')
    output = user_path(output)
    classes = read_classes(arguments.classes)
    task = arguments.task or task_of(output)
    if task is not None:
        classes = LAYOUTS[task](output).read_classes() or classes
    with progress_bar() as progress:
        suggester = open_suggester(
            arguments.model, task, classes, threshold=arguments.threshold, progress=progress
        )
        try:
            data = CollectedFolder(output, suggester.task, classes)
            done = autolabel(data, pictures, suggester, arguments.val, progress)
        finally:
            suggester.close()
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='rdl autolabel', description=__doc__, allow_abbrev=False)
    parser.add_argument(
        'folder',
        type=Path,
        help='a data set, whose unlabelled/ is labelled and moved; or a folder of pictures, which '
        'are copied',
    )
    parser.add_argument(
        '--model', required=True, help='name of a network, or path of a card or network'
    )
    parser.add_argument(
        '-o', '--output', type=Path, help='the data set; default: FOLDER, or FOLDER_labelled'
    )
    parser.add_argument(
        '--classes', default='', help='such as cat,dog; default: those of the data set or network'
    )
    parser.add_argument('--task', choices=LAYOUTS, help='default: that of the data set or network')
    parser.add_argument(
        '--threshold', type=float, default=0.5, help='least score or confidence, 0 to 1 (0.5)'
    )
    parser.add_argument('--val', type=float, default=0.2, help='share for validation (0.2)')
    return parser


if __name__ == '__main__':
    sys.exit(main())
