# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Check, show, convert and divide sets of labelled pictures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ...datasets.checking import check_dataset
from ...datasets.contact_sheet import contact_sheet
from ...datasets.dataset import Dataset, Problem, counted
from ...datasets.opening import FORMATS, PICTURES_BELOW, open_dataset
from ...datasets.splitting import split_dataset
from ...datasets.writing import USUAL, WRITERS, write_dataset
from ...errors import DatasetError
from ...paths import user_path
from ...text import printable
from ...video.sinks import write_picture
from ..bar import progress_bar
from ..logs import run_command
from ..parser import Parser

_LISTED, _NAMED = 20, 6


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: Arguments; None is the command line's.

    Returns:
        Exit code: 0, 1 failed or ``check`` found a fault, 130 interrupted.
    """
    arguments = _parser().parse_args(argv)
    return run_command('rdl dataset', lambda: _run(arguments), interrupted='nothing was written')


def _run(arguments: argparse.Namespace) -> int:
    dataset = open_dataset(
        arguments.folder,
        format_name=arguments.format,
        split=arguments.split,
        pictures_below=arguments.pictures_below,
    )
    return int(arguments.run(dataset, arguments))


def _check(dataset: Dataset, arguments: argparse.Namespace) -> int:
    with progress_bar() as progress:
        findings = check_dataset(dataset, progress)
    _print_head(dataset)
    print(f'pictures: {findings.size_text()}')
    if findings.box_sizes:
        sizes = [f'{findings.box_sizes[size]} {size}' for size in ('small', 'medium', 'large')]
        print(f'boxes: {", ".join(sizes)} (as COCO has it: under 32x32, under 96x96, above)')
    unit = 'boxes' if dataset.task == 'detection' else 'pictures'
    for name in dataset.classes:
        if count := findings.per_class[name]:
            print(f'  {printable(name)}: {count} {unit}')
    if absent := [printable(name) for name in dataset.classes if not findings.per_class[name]]:
        more = f' and {len(absent) - _NAMED} more classes' if len(absent) > _NAMED else ''
        print(f'  none: {", ".join(absent[:_NAMED])}{more}')
    _print_problems(findings.problems, None if arguments.all else _LISTED)
    # A picture without objects teaches too.
    return 1 if any(problem.kind != 'empty label' for problem in findings.problems) else 0


def _show(dataset: Dataset, arguments: argparse.Namespace) -> int:
    if arguments.count < 1:
        msg = f'--count: expected 1 or more pictures, got {arguments.count}'
        raise DatasetError(msg)
    path = user_path(arguments.output)
    if path.exists() and not arguments.force:
        msg = f'{path} exists; to fix: --force'
        raise DatasetError(msg)
    write_picture(path, contact_sheet(dataset, arguments.count)[..., ::-1])
    print(f'wrote {path}')
    return 0


def _convert(dataset: Dataset, arguments: argparse.Namespace) -> int:
    return _write(dataset, arguments.output, arguments.to or USUAL[dataset.task])


def _split(dataset: Dataset, arguments: argparse.Namespace) -> int:
    shares = {'val': arguments.val, 'test': arguments.test}
    if min(shares.values()) < 0 or not 0 < sum(shares.values()) < 1:
        msg = '--val and --test: expected shares from 0 on whose sum is above 0 and below 1'
        raise DatasetError(msg)
    wanted = {name: share for name, share in shares.items() if share}
    divided = split_dataset(dataset, wanted, arguments.seed)
    own = dataset.format if dataset.format in WRITERS else USUAL[dataset.task]
    return _write(divided, arguments.output, arguments.to or own)


def _write(dataset: Dataset, output: Path, format_name: str) -> int:
    with progress_bar() as progress:
        left_out = write_dataset(dataset, user_path(output), format_name, progress)
    _print_head(dataset)
    _print_problems([*dataset.problems, *left_out], _LISTED)
    print(f'wrote {output} ({format_name})')
    return 0


def _print_head(dataset: Dataset) -> None:
    splits = ', '.join(f'{name}: {len(found)}' for name, found in dataset.splits.items())
    print(
        f'{dataset.folder}: {dataset.format}, {dataset.task}, {len(dataset.classes)} classes, '
        f'pictures of {splits}'
    )


def _print_problems(problems: Sequence[Problem], limit: int | None) -> None:
    if not problems:
        print('no problems')
        return
    print(f'problems: {counted(problems)}')
    for problem in problems[:limit]:
        print(f'  {printable(str(problem))}')
    if limit is not None and len(problems) > limit:
        print(f'  and {len(problems) - limit} more (check --all)')


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog='rdl dataset', description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(dest='command', required=True)
    check = commands.add_parser(
        'check', help='read every picture and label, and say what is wrong'
    )
    check.add_argument('--all', action='store_true', help='print all problems')
    check.set_defaults(run=_check)
    show = commands.add_parser('show', help='draw pictures with their labels on one sheet')
    show.add_argument('-o', '--output', type=Path, default=Path('contact_sheet.jpg'))
    show.add_argument('--count', type=int, default=24, help='most pictures (24)')
    show.add_argument('--force', action='store_true', help='overwrite the file')
    show.set_defaults(run=_show)
    convert = commands.add_parser('convert', help='write it in another format')
    convert.set_defaults(run=_convert)
    split = commands.add_parser('split', help='divide it into train, val and test')
    split.add_argument('--val', type=float, default=0.2, help='share of the pictures (0.2)')
    split.add_argument('--test', type=float, default=0.0, help='share of the pictures (0)')
    split.add_argument('--seed', type=int, default=0, help='of the choice (0)')
    split.set_defaults(run=_split)
    for command in (check, show, convert, split):
        command.add_argument('folder', type=Path, help='folder, COCO .json or YOLO .yaml')
        command.add_argument('--format', choices=FORMATS, help='where it is not found by itself')
        command.add_argument('--split', help='only train, val or test')
        command.add_argument('--pictures-below', metavar='FOLDER', help=PICTURES_BELOW)
    for command in (convert, split):
        command.add_argument('output', type=Path, help='a new folder')
        command.add_argument('--to', choices=WRITERS, help='format of the new folder')
    return parser


if __name__ == '__main__':
    sys.exit(main())
