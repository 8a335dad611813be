# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Compare two reports of benchmarks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ...benchmarking.compare import differences, figures
from ...benchmarking.report import read_report
from ...errors import BenchmarkError, DeepLearningError
from ...paths import user_path
from ...text import one_line, printable
from ..models_tables import table
from ..parser import Parser


def main(argv: Sequence[str]) -> int:
    """Run the comparison.

    Args:
        argv: Arguments.

    Returns:
        Exit code: 0, 1 failed.
    """
    arguments = _parser().parse_args(argv)
    try:
        return _compare(user_path(arguments.first), user_path(arguments.second))
    except DeepLearningError as err:
        print(f'rdl benchmark compare: {err}', file=sys.stderr)
        return 1


def _compare(first: Path, second: Path) -> int:
    reports = read_report(first), read_report(second)
    try:
        notes = [f'differs: {line}' for line in differences(*reports)]
        rows = [
            [
                printable(one.name),
                f'{one.first:.4g}',
                f'{one.second:.4g}',
                '-' if one.ratio is None else f'{one.ratio:.2f}',
                one.verdict,
            ]
            for one in figures(*reports)
        ]
        for path, report in zip((first, second), reports, strict=True):
            notes += [f'WARNING: {path.name}: {text}' for text in report['warnings']]
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as err:
        msg = f'{first} or {second} lacks parts of a report ({one_line(err)}); measure it again'
        raise BenchmarkError(msg) from err
    for note in notes:
        print(printable(note))
    if not rows:
        print('the reports have no figure in common; measure both at the same --rate')
        return 1
    heads = ('FIGURE', first.name, second.name, 'RATIO', f'{second.name} IS')
    print(table(heads, rows))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog='rdl benchmark compare', description=__doc__)
    for name, metavar in (('first', 'A.json'), ('second', 'B.json')):
        parser.add_argument(name, type=Path, metavar=metavar, help='a report of rdl benchmark -o')
    return parser
