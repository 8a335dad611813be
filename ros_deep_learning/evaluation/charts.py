# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Diagrams and confusion matrices as SVG and HTML, without a library of plots."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from ..imaging.palettes import class_colors
from .scores import Curve

_SIDE, _LEFT, _TOP, _BOTTOM = 300, 46, 12, 40
_MOST_POINTS = 300
_MOST_CLASSES = 40
"""Classes that a confusion matrix on a page can have."""


def curve_svg(curve: Curve) -> str:
    """Draw a diagram with both axes from 0 to 1, as an SVG element with a legend."""
    names = list(curve.lines)
    colors = [f'#{r:02x}{g:02x}{b:02x}' for r, g, b in class_colors(len(names)).tolist()]
    parts = []
    for tick in range(6):
        at, text = tick / 5, f'{tick / 5:g}'
        x, y = _x(at), _y(at)
        parts.append(f'<path class="grid" d="M{x:g} {_TOP}V{_y(0):g}M{_LEFT} {y:g}H{_x(1):g}"/>')
        parts.append(f'<text x="{x:g}" y="{_y(0) + 14:g}" text-anchor="middle">{text}</text>')
        parts.append(f'<text x="{_LEFT - 5}" y="{y + 4:g}" text-anchor="end">{text}</text>')
    middle = _y(0.5)
    parts.append(
        f'<text x="{_x(0.5):g}" y="{_y(0) + 32:g}" text-anchor="middle">{escape(curve.x_label)}'
        f'</text><text transform="translate(12 {middle:g}) rotate(-90)" text-anchor="middle">'
        f'{escape(curve.y_label)}</text>'
    )
    for name, color in zip(names, colors, strict=True):
        if points := _points(*curve.lines[name]):
            parts.append(f'<polyline points="{points}" stroke="{color}"/>')
    width, height = _LEFT + _SIDE + 12, _TOP + _SIDE + _BOTTOM
    legend = ''.join(
        f'<li><span style="background:{color}"></span>{escape(name)}</li>'
        for name, color in zip(names, colors, strict=True)
    )
    return (
        f'<figure><figcaption>{escape(curve.title)}</figcaption><div class="chart">'
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(curve.title)}">{"".join(parts)}</svg>'
        f'<ul class="legend">{legend}</ul></div></figure>'
    )


def confusion_table(
    counts: NDArray[np.int64], names: tuple[Sequence[str], Sequence[str]], *, as_shares: bool
) -> str:
    """Draw a confusion matrix as a table, each row shaded by its shares.

    Where there are too many classes, only those that are confused most are shown.

    Args:
        counts: Shape (rows, columns).
        names: Of the rows and of the columns.
        as_shares: Whether cells have the share of their row in place of the count.
    """
    rows, columns, left_out = _shown(counts, len(names[0]))
    share = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    head = ''.join(f'<th class="turned"><span>{escape(names[1][k])}</span></th>' for k in columns)
    lines = []
    for row in rows:
        cells = []
        for column in columns:
            part, count = share[row, column], int(counts[row, column])
            is_same = names[0][row] == names[1][column]
            color = '38,120,60' if is_same else '190,40,40'
            text = (f'{part:.0%}' if as_shares else f'{count}') if count else ''
            cells.append(f'<td style="background:rgba({color},{part:.2f})">{text}</td>')
        lines.append(f'<tr><th>{escape(names[0][row])}</th>{"".join(cells)}</tr>')
    note = f'<p>{left_out} classes with fewer mistakes are not shown.</p>' if left_out else ''
    return (
        '<div class="wide"><table class="confusion"><thead><tr><th>truth \\ answer</th>'
        f'{head}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>{note}'
    )


def _shown(counts: NDArray[np.int64], classes: int) -> tuple[list[int], list[int], int]:
    """Return the rows and columns of classes that occur, and how many of them are left out."""
    last_row, last_column = counts.shape
    answered = counts.sum(axis=0)[:last_row]
    occurs = answered + counts.sum(axis=1)[: len(answered)]
    used = np.flatnonzero(occurs[:classes] > 0)
    left_out = max(0, len(used) - _MOST_CLASSES)
    if left_out:
        mistakes = occurs - 2 * np.diagonal(counts)
        used = np.sort(used[np.argsort(-mistakes[used], kind='stable')[:_MOST_CLASSES]])
    rows = used.tolist()
    columns = rows if last_column - 1 in rows else [*rows, last_column - 1]
    return rows, columns, left_out


def _points(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    good = np.isfinite(x) & np.isfinite(y) & (y >= 0)
    x, y = x[good], y[good]
    if len(x) > _MOST_POINTS:
        keep = np.unique(np.linspace(0, len(x) - 1, _MOST_POINTS).astype(int))
        x, y = x[keep], y[keep]
    return ' '.join(f'{_x(a):.1f},{_y(b):.1f}' for a, b in zip(x, y, strict=True))


def _x(share: float) -> float:
    return _LEFT + _SIDE * float(share)


def _y(share: float) -> float:
    return _TOP + _SIDE * (1 - float(share))
