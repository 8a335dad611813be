# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A page about a training, in one file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from ..cards.card import ModelCard
from .outcome import Fitted
from .settings import TrainingSettings

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 560, 200, 48, 24
_COLORS = ('#00796b', '#c2185b')

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto }}
table {{ border-collapse: collapse }}
td, th {{ padding: .1rem .8rem .1rem 0; text-align: left; vertical-align: top }}
svg {{ max-width: 100%; height: auto }} text {{ font-size: 12px }}
</style>
<h1>{title}</h1>
<p>{summary}</p>
{curves}
<h2>What was done</h2>
<ul>{lines}</ul>
<h2>Settings</h2>
<table>{settings}</table>
</html>
"""


def report_page(
    card: ModelCard, settings: TrainingSettings, lines: Sequence[str], fitted: Fitted
) -> str:
    """Return the page as HTML.

    Args:
        card: The network.
        settings: How it was trained.
        lines: What was done, for people.
        fitted: How it went.
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
    return _PAGE.format(
        title=escape(card.name),
        summary=escape(summary),
        curves=curves,
        lines=''.join(f'<li>{escape(line.strip())}</li>' for line in lines),
        settings=''.join(
            f'<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>'
            for name, value in settings.to_dict().items()
        ),
    )


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
            f'<text x="{140 + 100 * number}" y="{_HEIGHT - 6}" fill="{color}">{text}</text>'
        )
    return (
        f'<h2>{escape(title)}</h2>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}">{"".join(shapes)}</svg>'
    )
