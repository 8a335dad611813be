# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The results of an evaluation as one page of HTML that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import isnan

from ..datasets.dataset import Dataset, Problem, counted
from ..imaging.palettes import class_colors
from .charts import SVG_STYLE, confusion_table, curve_svg
from .run import Run
from .worst_pictures import WorstPicture

_MOST_PROBLEMS = 100
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem;
       padding: 0 1rem; color: #1d1d1f; background: #fff; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.3rem; margin-top: 2.5rem; }
h3 { font-size: 1.05rem; margin-top: 1.8rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; white-space: nowrap; }
.wide { overflow-x: auto; font-size: .8rem; } .wide th, .wide td { padding: .25rem .4rem; }
.confusion td, .confusion th { padding: .15rem .35rem; font-size: .8rem; border: 1px solid #eee; }
.confusion td { text-align: center; min-width: 1.9rem; }
.turned { vertical-align: bottom; }
.turned span { writing-mode: vertical-rl; transform: rotate(180deg); }
.charts, .pictures { display: flex; flex-wrap: wrap; gap: 1.5rem; }
figure { margin: 0; } figcaption { font-weight: 600; margin-bottom: .3rem; }
.pictures figcaption { font-weight: 400; font-size: .85rem; max-width: 60rem;
                       overflow-wrap: anywhere; }
.pictures img { max-width: 30rem; display: inline-block; margin-right: .3rem; }
.side { display: inline-block; font-size: .8rem; color: #666; }
.side img { display: block; }
.chart { display: flex; gap: .6rem; align-items: flex-start; }
.legend { list-style: none; margin: .5rem 0; padding: 0; font-size: .8rem; max-width: 12rem; }
.legend span { display: inline-block; width: .9em; height: .9em; margin-right: .4em; }
.note { color: #8a4b00; }
"""


def as_html(
    dataset: Dataset,
    runs: Sequence[Run],
    failed: Mapping[str, str],
    *,
    command: str,
    version: str,
) -> str:
    """Return the page: all runs in one table, then each with its classes, diagrams and pictures.

    Args:
        dataset: What was labelled.
        runs: What was evaluated.
        failed: Why a run failed, by its name.
        command: What was typed.
        version: Of this package.
    """
    splits = ', '.join(f'{name}: {len(found)} pictures' for name, found in dataset.splits.items())
    title = f'Evaluation on {dataset.folder.name}'
    parts = [
        f'<p>{escape(str(dataset.folder))} ({dataset.format}, {dataset.task}; {escape(splits)}; '
        f'{len(dataset.classes)} classes)</p>',
        f'<p><code>{escape(command)}</code></p>',
        runs_section(runs, failed, dataset.problems),
        f'<p>Made by ros_deep_learning {escape(version)}.</p>',
    ]
    return page(title, parts)


def page(title: str, parts: Sequence[str]) -> str:
    """Return a page that loads nothing.

    Args:
        title: Its title and heading.
        parts: HTML of what follows; empty ones are left out.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width">'
        f'<title>{escape(title)}</title><style>{_STYLE}{SVG_STYLE}</style></head><body>\n'
        + '\n'.join([f'<h1>{escape(title)}</h1>', *filter(None, parts)])
        + '\n</body></html>\n'
    )


def runs_section(
    runs: Sequence[Run], failed: Mapping[str, str], problems: Sequence[Problem] = ()
) -> str:
    """Return HTML of all runs in one table, then of each one."""
    parts = [
        _summary(runs),
        *(f'<p class="note">{escape(name)}: {escape(why)}</p>' for name, why in failed.items()),
        _problem_list(problems),
        *map(_run, runs),
    ]
    return '\n'.join(filter(None, parts))


def summary_rows(runs: Sequence[Run]) -> tuple[list[str], list[list[str]]]:
    """Return the heads and rows of the table of all runs, as text."""
    metrics = list(dict.fromkeys(name for run in runs for name in run.seen.scores.metrics))
    has_gpu = any(not isnan(run.cost.gpu_memory_mb) for run in runs)
    heads = ['model', 'backend', 'precision', 'pictures', *metrics, 'ms', 'p95 ms', 'fps', 'MiB']
    heads += ['GPU MiB'] * has_gpu
    rows = []
    for run in runs:
        figures, cost = run.seen.scores.metrics, run.cost
        row = [run.wish.model, run.backend, run.precision, str(len(run.seen.samples))]
        row += [number_text(figures.get(name, float('nan'))) for name in metrics]
        row += [number_text(value, 1) for value in (cost.ms, cost.p95_ms, cost.fps)]
        row += [number_text(cost.memory_mb, 0)]
        row += [number_text(cost.gpu_memory_mb, 0)] * has_gpu
        rows.append(row)
    return heads, rows


def class_rows(run: Run) -> tuple[list[str], list[list[str]]]:
    """Return the heads and rows of the table of a run's classes, as text."""
    rows = run.seen.scores.per_class
    keys = list(dict.fromkeys(key for row in rows.values() for key in row))
    counts = ('boxes', 'pictures', 'pixels')
    table = [
        [name, *(number_text(row[key], 0 if key in counts else 3) for key in keys)]
        for name, row in rows.items()
    ]
    return ['class', *(key.replace('_', ' ') for key in keys)], table


def number_text(value: float, digits: int = 3) -> str:
    """Return a number with so many digits behind the point, or a dash for NaN."""
    return '-' if isnan(value) else f'{value:.{digits}f}'


def _summary(runs: Sequence[Run]) -> str:
    return _table(*summary_rows(runs)) if runs else ''


def _run(run: Run) -> str:
    scores = run.seen.scores
    is_pixels = run.wish.card.task == 'segmentation'
    notes = [f'<p class="note">{escape(note)}</p>' for note in run.notes]
    pictures = [
        f'<figure><figcaption>{escape(_short(one))}: {escape(one.text)}</figcaption>'
        + ''.join(
            f'<span class="side">{escape(side)}<img src="{url}" alt="{escape(side)}"></span>'
            for side, url in one.sides
        )
        + '</figure>'
        for one in run.worst
    ]
    worst = f'<h3>Worst pictures</h3><div class="pictures">{"".join(pictures)}</div>'
    return '\n'.join(
        [
            f'<h2>{escape(run.name)}</h2>',
            f'<p>on {escape(run.device)}</p>',
            *notes,
            _problem_list(run.seen.problems),
            f'<div class="charts">{"".join(map(curve_svg, scores.curves))}</div>',
            '<h3>Classes</h3>',
            _table(*class_rows(run)),
            '<h3>Confusion matrix</h3>',
            confusion_table(scores.confusion, scores.confusion_names, as_shares=is_pixels),
            worst if pictures else '',
            _color_legend(scores.confusion_names[1]) if is_pixels and pictures else '',
        ]
    )


def _short(one: WorstPicture) -> str:
    """Return the name of a picture and of its folder, such as the camera's or the class's."""
    return '/'.join(one.sample.picture.parts[-2:])


def _color_legend(names: Sequence[str]) -> str:
    colors = class_colors(len(names)).tolist()
    entries = ''.join(
        f'<li><span style="background:rgb({red},{green},{blue})"></span>{escape(name)}</li>'
        for name, (red, green, blue) in zip(names, colors, strict=True)
    )
    return f'<ul class="legend">{entries}</ul>'


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    # Names such as AP_medium may take two lines, so that a row fits the page.
    head = ''.join(f'<th>{escape(text).replace("_", "_<wbr>")}</th>' for text in heads)
    body = ''.join(
        '<tr>' + ''.join(f'<td>{escape(text)}</td>' for text in row) + '</tr>' for row in rows
    )
    table = f'<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="wide">{table}</div>'


def _problem_list(problems: Sequence[Problem]) -> str:
    if not problems:
        return ''
    lines = ''.join(f'<li>{escape(str(one))}</li>' for one in problems[:_MOST_PROBLEMS])
    return (
        f'<details><summary class="note">{escape(counted(problems))}</summary>'
        f'<ul>{lines}</ul></details>'
    )
