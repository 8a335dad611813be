# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Make docs/performance.md and its plots from the results of the benchmarks.

Usage: python benchmarks/performance.py [--results FOLDER] [--page FILE]

Every results file with the key ``page`` gets a section: ``title``, ``about`` and the ``columns``
of its table, by the key in a row. The first column names the row. A row with ``ratio`` and
``target`` is a goal, which is met where the ratio is not above the target. ``goals`` names other
such pairs of columns; ``least``, by the first of such a pair, the column of what is needed
without our code.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / 'benchmarks' / 'results'
PAGE = ROOT / 'docs' / 'performance.md'
PLOTS = 'images/performance'

_TOP = """# Performance

`benchmarks/performance.py` writes this page from the files in `benchmarks/results`; a test
compares them. Each ratio is against a baseline of the same run on the same machine: 1 is the
baseline's own time, and lower is better. What was tried, and what became of it, is in
`benchmarks/NOTES.md`.

`make bench` runs every benchmark that a machine can run, says which it cannot and why, and writes
such a page for it into `.ros/bench`.
"""
_MISSES = """## Targets that are missed

`least` is what was measured on that machine with all left out that is not copies, the network or
the transport (of a node: in Python); the section of the figure says how. In bold that alone is
above the target.

| what | measured | target | least |
|---|---|---|---|"""
_BUSY = 0.05
_RATIO = 'ratio'
_GOALS = {_RATIO: 'target'}


def read_reports(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    """Read the results that the page shows, by the name of their file."""
    reports = [(path.stem, json.loads(path.read_text())) for path in sorted(folder.glob('*.json'))]
    return [(name, report) for name, report in reports if 'page' in report]


def page(reports: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Write the page."""
    if not reports:
        return f'{_TOP}\nNo results yet.\n'
    sections = [section(name, report) for name, report in reports]
    return '\n'.join([_TOP, *sections, misses([report for _, report in reports])])


def section(name: str, report: Mapping[str, Any]) -> str:
    """Write the section of one results file."""
    about, rows = report['page'], report['rows']
    columns: Mapping[str, str] = about['columns']
    lines = [f'## {about["title"]}', '', about['about'], '', machine_text(name, report), '']
    lines.append(f'| {" | ".join(columns.values())} |')
    lines.append('|' + '---|' * len(columns))
    goals = _goals(report)
    for row in rows:
        cells = [_cell(row, key, goals.get(key, '')) for key in columns]
        lines.append(f'| {" | ".join(cells)} |')
    if any(bars(report)):
        lines += ['', f'![{about["title"]}: figures and targets]({PLOTS}/{name}.png)']
    return '\n'.join(lines) + '\n'


def machine_text(name: str, report: Mapping[str, Any]) -> str:
    """Say on what it was measured, and what makes the figures doubtful."""
    machine = report['machine']
    facts = [f'{key} {value}' for key, value in machine.items() if key not in ('name', 'load')]
    text = f'Measured on {machine["name"]} ({", ".join(facts)}; `benchmarks/results/{name}.json`).'
    waited = max((row.get('waited_share', 0.0) for row in report['rows']), default=0.0)
    if waited > _BUSY:
        text += (
            f' **The machine was busy**: the program waited {waited:.2g} s a second '
            'for a CPU, all its threads together, so the figures are not those of a quiet one.'
        )
    return text


def misses(reports: Sequence[Mapping[str, Any]]) -> str:
    """List the targets that were not reached, and what any program would reach."""
    missed = []
    for report in reports:
        about = report['page']
        for key, target in _goals(report).items():
            what = '' if key == _RATIO else f', {about["columns"][key]}'
            for row in report['rows']:
                if _misses(row, key, target):
                    name = f'{about["title"]}: {_label(report, row)}{what}'
                    least = row.get(about.get('least', {}).get(key), '')
                    out_of_reach = least != '' and least > row[target]
                    shown = f'**{least:g}**' if out_of_reach else str(least)
                    missed.append(f'| {name} | {row[key]:g} | {row[target]:g} | {shown} |')
    return '\n'.join([_MISSES, *(missed or ['| none | | | |']), ''])


def bars(report: Mapping[str, Any]) -> list[list[Mapping[str, Any]]]:
    """Return the rows that are drawn, for each kind of goal: those with a target, or else all."""
    rows, kinds = report['rows'], _goals(report)
    of_goals = [[row for row in rows if target in row] for target in kinds.values()]
    if any(of_goals):
        return of_goals
    return [[row for row in rows if key in row] for key in kinds]


def draw(name: str, report: Mapping[str, Any], folder: Path) -> None:
    """Draw the ratios of one results file as bars, each with its target."""
    from matplotlib import pyplot as plt

    columns = report['page']['columns']
    drawn = [each for each in zip(_goals(report).items(), bars(report), strict=True) if each[1]]
    if not drawn:
        return
    heights = [1.2 + 0.45 * len(rows) for _, rows in drawn]
    figure, axes = plt.subplots(
        len(drawn),
        figsize=(8, sum(heights)),
        height_ratios=heights,
        layout='constrained',
        squeeze=False,
    )
    for ax, ((key, target), rows) in zip(axes[:, 0], drawn, strict=True):
        shown = rows[::-1]
        colors = [_color(row, key, target) for row in shown]
        chart = ax.barh(
            [_label(report, row) for row in shown], [row[key] for row in shown], color=colors
        )
        ax.bar_label(chart, fmt='%.2f', padding=3)
        for k, row in enumerate(shown):
            if target in row:
                ax.plot([row[target]] * 2, [k - 0.4, k + 0.4], color='black', linestyle=':')
        if key == _RATIO:
            ax.axvline(1, color='grey', linewidth=0.8)
        what = 'ratio to the baseline of the same run' if key == _RATIO else columns[key]
        ax.set_xlabel(f'{what}; dotted: target' if any(target in r for r in shown) else what)
        ax.margins(x=0.12)
    folder.mkdir(parents=True, exist_ok=True)
    # Without the version of matplotlib, so that equal results make equal files.
    figure.savefig(folder / f'{name}.png', dpi=90, metadata={'Software': None})
    plt.close(figure)


def _goals(report: Mapping[str, Any]) -> Mapping[str, str]:
    goals: Mapping[str, str] = report['page'].get('goals', _GOALS)
    return goals


def _misses(row: Mapping[str, Any], key: str, target: str) -> bool:
    return target in row and bool(row[key] > row[target])


def _color(row: Mapping[str, Any], key: str, target: str) -> str:
    if target not in row:
        return 'tab:blue'
    return 'tab:red' if _misses(row, key, target) else 'tab:green'


def _label(report: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    return str(row[next(iter(report['page']['columns']))])


def _cell(row: Mapping[str, Any], key: str, target: str) -> str:
    value = row.get(key, '')
    text = f'{value:g}' if isinstance(value, float) else str(value)
    return f'**{text}** (missed)' if _misses(row, key, target) else text


def main() -> int:
    """Write the page and its plots."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--results', type=Path, default=RESULTS, help='folder of the JSON files')
    parser.add_argument('--page', type=Path, default=PAGE, help='the page to write')
    arguments = parser.parse_args()
    reports = read_reports(arguments.results)
    arguments.page.write_text(page(reports))
    for name, report in reports:
        draw(name, report, arguments.page.parent / PLOTS)
    print(f'wrote {arguments.page}: {len(reports)} sections')
    return 0


if __name__ == '__main__':
    sys.exit(main())
