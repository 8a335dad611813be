# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A page about a training, in one file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from ..cards.card import ModelCard
from ..evaluation.report import page, runs_section
from .judging import Judged
from .outcome import Fitted
from .settings import TrainingSettings

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 560, 200, 48, 24
_COLORS = ('#00796b', '#c2185b')


def report_page(
    card: ModelCard,
    settings: TrainingSettings,
    lines: Sequence[str],
    fitted: Fitted,
    judged: Judged,
) -> str:
    """Return the page as HTML.

    Args:
        card: The network.
        settings: How it was trained.
        lines: What was done, for people.
        fitted: How it went.
        judged: What the networks reach.
    """
    rows = fitted.rows
    metrics = [name for name in rows[0] if name not in ('epoch', 'train_loss', 'val_loss')]
    curves = _curve('Loss', rows, {'train_loss': 'training', 'val_loss': 'validation'})
    for name in metrics:
        curves += _curve(name.capitalize(), rows, {name: 'validation'}, most=1.0)
    summary = f'{card.accuracy}. {len(rows)} epochs.'
    if fitted.stopped_early:
        summary += f' Stopped after {settings.patience} epochs without a lower validation loss.'
    if fitted.parts > 1:
        summary += f' Memory ran out: each batch was divided into {fitted.parts} parts.'
    parts = [
        f'<p>{escape(summary)}</p>',
        _list(judged.describe()),
        f'<div class="charts">{curves}</div>',
        _runs(judged),
        '<h2>What was done</h2>',
        _list(lines),
        '<h2>Settings</h2>',
        '<table>',
        *(
            f'<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>'
            for name, value in settings.to_dict().items()
        ),
        '</table>',
    ]
    return page(card.name, parts)


def _runs(judged: Judged) -> str:
    if not judged.runs:
        return ''
    count = len(judged.runs[0].seen.samples)
    heading = f'<h2>On {count} validation pictures, as the package runs it</h2>'
    return heading + runs_section(judged.runs, {})


def _list(lines: Sequence[str]) -> str:
    entries = ''.join(f'<li>{escape(line.strip())}</li>' for line in lines)
    return f'<ul>{entries}</ul>' if entries else ''


def _curve(
    title: str,
    rows: Sequence[Mapping[str, float]],
    names: Mapping[str, str],
    most: float | None = None,
) -> str:
    """Draw numbers over the epochs as SVG.

    Args:
        title: Above the curves.
        rows: The numbers of each epoch.
        names: Of each curve, its name in the rows and for people.
        most: Upper end of the axis; None is the highest number.
    """
    top = most or max((row[name] for row in rows for name in names), default=1.0) or 1.0
    last = max(rows[-1]['epoch'], 2.0)

    def point(row: Mapping[str, float], name: str) -> str:
        x = _LEFT + (row['epoch'] - 1) / (last - 1) * (_WIDTH - _LEFT - 8)
        y = 8 + (1 - min(row[name] / top, 1.0)) * (_HEIGHT - _BOTTOM - 8)
        return f'{x:.1f},{y:.1f}'

    shapes = [
        f'<path d="M{_LEFT},8V{_HEIGHT - _BOTTOM}H{_WIDTH}" fill="none" stroke="#888"/>',
        f'<text x="0" y="16">{top:.3g}</text>',
        f'<text x="0" y="{_HEIGHT - _BOTTOM}">0</text>',
        f'<text x="{_LEFT}" y="{_HEIGHT - 6}">epoch 1</text>',
        f'<text x="{_WIDTH - 60}" y="{_HEIGHT - 6}">epoch {last:.0f}</text>',
    ]
    for number, (name, text) in enumerate(names.items()):
        color = _COLORS[number]
        points = ' '.join(point(row, name) for row in rows)
        shapes.append(f'<polyline points="{points}" fill="none" stroke="{color}"/>')
        shapes.append(
            f'<text x="{140 + 100 * number}" y="{_HEIGHT - 6}" style="fill:{color}">{text}</text>'
        )
    return (
        f'<figure><figcaption>{escape(title)}</figcaption>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}">{"".join(shapes)}</svg></figure>'
    )
