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


SVG_STYLE = """
svg text { font: 11px system-ui, sans-serif; fill: #555; }
svg .grid { stroke: #e4e4e4; fill: none; } svg polyline { fill: none; stroke-width: 1.8; }
"""
"""What diagrams need of the style of their page."""


def curve_svg(curve: Curve) -> str:
    """Draw a diagram as an element of a page, with a legend."""
    legend = ''.join(
        f'<li><span style="background:{color}"></span>{escape(name)}</li>'
        for name, color in _colors(curve).items()
    )
    width, height = _LEFT + _SIDE + 12, _TOP + _SIDE + _BOTTOM
    return (
        f'<figure><figcaption>{escape(curve.title)}</figcaption><div class="chart">'
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(curve.title)}">{_drawn(curve)}</svg>'
        f'<ul class="legend">{legend}</ul></div></figure>'
    )


def svg_file(curves: Sequence[Curve]) -> str:
    """Draw diagrams side by side as an SVG file, each with its title and its legend."""
    most = max((len(curve.lines) for curve in curves), default=0)
    wide, high = _LEFT + _SIDE + 30, _TOP + _SIDE + _BOTTOM + 20
    width, height = wide * len(curves), high + 16 * most + 8
    parts = []
    for number, curve in enumerate(curves):
        names = ''.join(
            f'<polyline points="{_LEFT},{high + 16 * row:g} {_LEFT + 14},{high + 16 * row:g}" '
            f'stroke="{color}"/><text x="{_LEFT + 20}" y="{high + 16 * row + 4:g}">'
            f'{escape(name)}</text>'
            for row, (name, color) in enumerate(_colors(curve).items())
        )
        parts.append(
            f'<g transform="translate({number * wide})"><text x="{_x(0.5):g}" y="16" '
            f'text-anchor="middle">{escape(curve.title)}</text>'
            f'<g transform="translate(0 20)">{_drawn(curve)}</g>{names}</g>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}"><style>{SVG_STYLE}</style><rect width="100%" '
        f'height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _colors(curve: Curve) -> dict[str, str]:
    rgb = class_colors(len(curve.lines)).tolist()
    return {
        name: f'#{r:02x}{g:02x}{b:02x}' for name, (r, g, b) in zip(curve.lines, rgb, strict=True)
    }


def _drawn(curve: Curve) -> str:
    """Return the grid, the labels and the lines."""
    parts = []
    for tick in range(6):
        at = tick / 5
        x, y = _x(at), _y(at)
        parts.append(
            f'<path class="grid" d="M{x:g} {_TOP}V{_y(0):g}M{_LEFT} {y:g}H{_x(1):g}"/>'
            f'<text x="{x:g}" y="{_y(0) + 14:g}" text-anchor="middle">{at * curve.x_end:g}</text>'
            f'<text x="{_LEFT - 5}" y="{y + 4:g}" text-anchor="end">{at * curve.y_end:g}</text>'
        )
    middle = _y(0.5)
    parts.append(
        f'<text x="{_x(0.5):g}" y="{_y(0) + 32:g}" text-anchor="middle">{escape(curve.x_label)}'
        f'</text><text transform="translate(12 {middle:g}) rotate(-90)" text-anchor="middle">'
        f'{escape(curve.y_label)}</text>'
    )
    for name, color in _colors(curve).items():
        x_values, y_values = curve.lines[name]
        if points := _points(x_values / curve.x_end, y_values / curve.y_end):
            parts.append(f'<polyline points="{points}" stroke="{color}"/>')
    return ''.join(parts)


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
