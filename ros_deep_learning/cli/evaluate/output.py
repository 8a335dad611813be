# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What rdl evaluate prints and writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ... import __version__
from ...datasets.dataset import Dataset, Problem, counted
from ...errors import DatasetError
from ...evaluation.records import as_csv, as_json
from ...evaluation.report import as_html, class_rows, summary_rows
from ...evaluation.run import Run
from ...files import check_writable, write_output
from ...text import disk_cause, printable
from ..models_tables import table

_LISTED = 5


def print_start(dataset: Dataset) -> None:
    """Print what was found in the data set."""
    for split, samples in dataset.splits.items():
        print(
            f'{dataset.folder}: {dataset.format}, {dataset.task}, {split}: {len(samples)} '
            f'pictures, {len(dataset.classes)} classes'
        )
    if list(dataset.splits) == ['train']:
        print('note: a network that was trained with these pictures is better here than elsewhere')
    _print_problems(dataset.problems)


def print_results(runs: Sequence[Run], max_classes: int | None) -> None:
    """Print notes, the classes of each run, and all runs in one table.

    Args:
        runs: What was evaluated.
        max_classes: Most classes of a run, those that occur most; None is all of them.
    """
    for run in runs:
        print(f'\n{run.name}')
        for note in run.notes:
            print(f'  note: {printable(note)}')
        _print_problems(run.seen.problems)
        heads, rows = class_rows(run)
        # The second column counts boxes, pictures or pixels.
        rows.sort(key=lambda row: -float(row[1]))
        shown = rows if max_classes is None else rows[:max_classes]
        print(table(heads, [[printable(cell) for cell in row] for row in shown]))
        if left := len(rows) - len(shown):
            print(f'and {left} more classes (--all-classes)')
    if runs:
        print()
        print(table(*summary_rows(runs)))


def write_results(
    folder: Path, dataset: Dataset, runs: Sequence[Run], failed: Mapping[str, str], command: str
) -> None:
    """Write report.html, results.json and results.csv, each completely or not at all.

    Raises:
        DatasetError: They cannot be written.
    """
    contents = {
        'results.json': as_json(dataset, runs, failed),
        'results.csv': as_csv(runs),
        'report.html': as_html(dataset, runs, failed, command=command, version=__version__),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in contents.items():
            write_output(folder / name, text.encode())
    except OSError as err:
        raise _unwritable(folder, err) from err


def check_folder(folder: Path) -> None:
    """Check the folder of the results, before they are computed.

    Raises:
        DatasetError: Nothing can be written there.
    """
    try:
        check_writable(folder)
    except OSError as err:
        raise _unwritable(folder, err) from err


def _unwritable(folder: Path, err: OSError) -> DatasetError:
    return DatasetError(f'cannot write {folder}: {disk_cause(err)}')


def _print_problems(problems: Sequence[Problem]) -> None:
    if not problems:
        return
    print(f'  problems: {counted(problems)}')
    for problem in problems[:_LISTED]:
        print(f'    {printable(str(problem))}')
    if len(problems) > _LISTED:
        print(f'    and {len(problems) - _LISTED} more: rdl dataset check')
