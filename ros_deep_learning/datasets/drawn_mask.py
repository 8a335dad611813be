# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Masks that are drawn from outlines and run lengths, as programs for labelling keep them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..imaging.palettes import UNLABELLED

_MOST_WORK = 2**31
"""Pixels that are set for one mask: half a minute at most, or 250 masks of a picture of 4K."""
_PIXELS_A_CUT = 512
"""How many pixels are set in the time that one row between two edges takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """What lies within outlines.

    Attributes:
        class_id: Its class.
        outlines_xy: Each of shape (N, 2), float64, corners in pixels; a pixel within two of
            them is outside again.
    """

    class_id: int
    outlines_xy: tuple[NDArray[np.float64], ...]

    def work(self, size_wh: tuple[int, int]) -> int:
        """Return what it costs to draw it, in pixels that are set one after the other."""
        _, first, last = self._edges(size_wh[1])
        return int((last - first).sum()) * _PIXELS_A_CUT

    def draw(self, mask: NDArray[np.uint8]) -> None:
        """Set the pixels whose centre is inside to its class, in a mask of shape (H, W)."""
        height, width = mask.shape
        edges, first, last = self._edges(height)
        counts = last - first
        edges = np.repeat(edges, counts, axis=0)
        # Each edge cuts the rows from its first to its last.
        begins = np.cumsum(counts) - counts
        rows = np.arange(len(edges)) + np.repeat(first - begins, counts)
        (x1, y1), (x2, y2) = edges[:, 0].T, edges[:, 1].T
        cuts = x1 + (rows + 0.5 - y1) * (x2 - x1) / (y2 - y1)
        order = np.lexsort((cuts, rows))
        bounds = np.clip(np.ceil(cuts[order] - 0.5), 0, width).astype(int).tolist()
        # As many edges go down through a row as up.
        starts = rows[order].tolist()[::2]
        for row, left, right in zip(starts, bounds[::2], bounds[1::2], strict=True):
            mask[row, left:right] = self.class_id

    def _edges(
        self, height: int
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the edges, shape (N, 2, 2), and the rows of a mask that each cuts: from, to."""
        pairs = [np.stack([one, np.roll(one, -1, axis=0)], axis=1) for one in self.outlines_xy]
        edges = np.concatenate(pairs) if pairs else np.empty((0, 2, 2))
        ends = np.clip(np.ceil(edges[:, :, 1] - 0.5), 0, height).astype(np.int64)
        return edges, ends.min(axis=1), ends.max(axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Pixels by run lengths.

    Attributes:
        class_id: Their class.
        counts: How many pixels are outside, inside, outside and so on.
        box_xywh: Left, top, width and height of the part of the picture that they fill.
        by_columns: Whether they go down the columns, as COCO's, not along the rows.
    """

    class_id: int
    counts: tuple[int, ...]
    box_xywh: tuple[int, int, int, int]
    by_columns: bool = False

    def work(self, size_wh: tuple[int, int]) -> int:
        """Return what it costs to draw it, in pixels that are set one after the other."""
        return self.box_xywh[2] * self.box_xywh[3]

    def draw(self, mask: NDArray[np.uint8]) -> None:
        """Set the pixels inside to its class, in a mask of shape (H, W)."""
        left, top, width, height = self.box_xywh
        inside = np.arange(len(self.counts)) % 2 == 1
        shape = (width, height) if self.by_columns else (height, width)
        part = np.repeat(inside, self.counts).reshape(shape)
        target = mask[top : top + height, left : left + width]
        np.copyto(target.T if self.by_columns else target, self.class_id, where=part)


@dataclass(frozen=True, slots=True, eq=False)
class DrawnMask:
    """A mask.

    Attributes:
        label: The file that it comes from.
        size_wh: Of its picture in pixels.
        shapes: What is drawn, the last on top.
        ground: The class of all other pixels.
    """

    label: Path
    size_wh: tuple[int, int]
    shapes: tuple[Outline | Runs, ...]
    ground: int = UNLABELLED

    def draw(self) -> NDArray[np.uint8]:
        """Return the class of each pixel, shape (H, W), uint8."""
        width, height = self.size_wh
        mask = np.full((height, width), self.ground, np.uint8)
        for shape in self.shapes:
            shape.draw(mask)
        return mask


def drawn_mask(
    label: Path, size_wh: tuple[int, int], shapes: Sequence[Outline | Runs], ground: int
) -> DrawnMask:
    """Return a mask that can be drawn in seconds.

    Raises:
        ValueError: Its shapes take longer, as an outline of millions of corners does.
    """
    if sum(shape.work(size_wh) for shape in shapes) > _MOST_WORK:
        msg = f'{len(shapes)} shapes that would take minutes to draw'
        raise ValueError(msg)
    return DrawnMask(label, size_wh, tuple(shapes), ground)


def runs_of(
    class_id: int,
    counts: Sequence[int],
    box_xywh: tuple[int, int, int, int],
    size_wh: tuple[int, int],
    *,
    by_columns: bool = False,
) -> Runs:
    """Return checked run lengths.

    Raises:
        ValueError: They do not fill their box, or it lies outside of the picture.
    """
    left, top, width, height = box_xywh
    fits = min(left, top) >= 0 and min(width, height) > 0
    fits = fits and left + width <= size_wh[0] and top + height <= size_wh[1]
    if not fits or min(counts, default=-1) < 0 or sum(counts) != width * height:
        msg = f'run lengths that do not fill {width}x{height} pixels'
        raise ValueError(msg)
    return Runs(class_id, tuple(counts), box_xywh, by_columns)


def outline_of(numbers: Sequence[float]) -> NDArray[np.float64]:
    """Return an outline of the numbers x, y, x, y and so on.

    Raises:
        ValueError: They are no three corners or more.
    """
    corners = np.array(numbers, np.float64)
    if corners.size < 6 or corners.size % 2 or not (np.abs(corners) < 2**31).all():
        msg = f'an outline of {corners.size} numbers'
        raise ValueError(msg)
    return corners.reshape(-1, 2)


def turned_box(
    corner_xy: tuple[float, float],
    size_wh: tuple[float, float],
    degrees: float,
    pivot_xy: tuple[float, float],
) -> tuple[float, float, float, float]:
    """Return the edges of the smallest upright box around one that is turned.

    Args:
        corner_xy: Its left and top edge before.
        size_wh: Its size before.
        degrees: Clockwise.
        pivot_xy: What it is turned about.
    """
    x, y = corner_xy
    width, height = size_wh
    corners = np.array([(x, y), (x + width, y), (x, y + height), (x + width, y + height)])
    angle = np.deg2rad(degrees)
    # What is infinite becomes NaN, which is no box.
    with np.errstate(invalid='ignore', over='ignore'):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        turned = (corners - pivot_xy) @ turn.T + pivot_xy
    (x1, y1), (x2, y2) = turned.min(axis=0).tolist(), turned.max(axis=0).tolist()
    return x1, y1, x2, y2
