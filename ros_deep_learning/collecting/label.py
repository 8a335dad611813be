# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a person says about a picture: its class, boxes in it, or a class for each pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cards.card import Task
from ..errors import DatasetError
from ..imaging.palettes import UNLABELLED

_LEAST_SIDE = 1e-4
"""A box whose sides are a smaller share of the picture is a click by mistake."""


@dataclass(frozen=True, slots=True)
class DrawnBox:
    """A box.

    Attributes:
        class_id: Index into the classes.
        box_xyxy: Left, top, right and bottom edge as shares 0..1 of the picture's sides.
    """

    class_id: int
    box_xyxy: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """The label of a picture, of which one field is set, as its task has it.

    Attributes:
        class_id: Class of the whole picture.
        boxes: The objects in it; empty where there is none.
        mask: Shape (H, W) of the picture, uint8, class of each pixel, 255 for none.
    """

    class_id: int | None = None
    boxes: tuple[DrawnBox, ...] | None = None
    mask: NDArray[np.uint8] | None = None

    def class_ids(self) -> list[int]:
        """List the class of the picture, of each box, or each class that some pixel has."""
        if self.class_id is not None:
            return [self.class_id]
        if self.boxes is not None:
            return [box.class_id for box in self.boxes]
        assert self.mask is not None
        return [int(k) for k in np.unique(self.mask) if k != UNLABELLED]

    def renumbered(self, class_of: Sequence[int]) -> Label:
        """Return it with other class numbers.

        Args:
            class_of: The new number of each class.
        """
        if self.class_id is not None:
            return Label(class_id=class_of[self.class_id])
        if self.boxes is not None:
            return Label(
                boxes=tuple(replace(box, class_id=class_of[box.class_id]) for box in self.boxes)
            )
        assert self.mask is not None
        table = np.full(UNLABELLED + 1, UNLABELLED, np.uint8)
        table[: len(class_of)] = class_of
        return Label(mask=table[self.mask])

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data, as ``label_from_json`` reads it."""
        if self.class_id is not None:
            return {'class_id': self.class_id}
        if self.boxes is not None:
            return {'boxes': [[box.class_id, *box.box_xyxy] for box in self.boxes]}
        assert self.mask is not None
        return {'runs': mask_runs(self.mask)}


def label_from_json(given: Any, task: Task, class_count: int, size_wh: tuple[int, int]) -> Label:
    """Read what a page sent.

    Args:
        given: ``class_id``, ``boxes`` as rows of class and four shares, or ``runs`` of a mask.
        task: Which of them is expected.
        class_count: How many classes there are.
        size_wh: Of the picture in pixels.

    Raises:
        DatasetError: It is no such label.
    """
    try:
        if task == 'classification':
            return Label(class_id=_class(given['class_id'], class_count))
        if task == 'detection':
            return Label(boxes=tuple(_box(row, class_count) for row in given['boxes']))
        return Label(mask=_mask(given['runs'], class_count, size_wh))
    except (KeyError, TypeError, ValueError, OverflowError) as err:
        msg = f'no label of a picture for {task}: {str(given)[:80]}'
        raise DatasetError(msg) from err


def mask_runs(mask: NDArray[np.uint8]) -> list[int]:
    """Return a mask, row by row, as class and number of equal pixels, again and again."""
    flat = mask.ravel()
    starts = np.flatnonzero(np.diff(flat, prepend=-1 - int(flat[0])))
    counts = np.diff(starts, append=flat.size)
    return [int(n) for n in np.stack([flat[starts], counts], axis=1).ravel()]


def _class(value: Any, class_count: int) -> int:
    if type(value) is not int or not 0 <= value < class_count:
        msg = f'no class: {value}'
        raise ValueError(msg)
    return value


def _box(row: Any, class_count: int) -> DrawnBox:
    class_id, *edges = row
    x1, y1, x2, y2 = map(float, edges)
    if not all(map(isfinite, (x1, y1, x2, y2))):
        msg = f'no box: {row}'
        raise ValueError(msg)
    left, right = sorted((min(max(x1, 0.0), 1.0), min(max(x2, 0.0), 1.0)))
    top, bottom = sorted((min(max(y1, 0.0), 1.0), min(max(y2, 0.0), 1.0)))
    if min(right - left, bottom - top) < _LEAST_SIDE:
        msg = f'an empty box: {row}'
        raise ValueError(msg)
    return DrawnBox(_class(class_id, class_count), (left, top, right, bottom))


def _mask(given: Any, class_count: int, size_wh: tuple[int, int]) -> NDArray[np.uint8]:
    runs = np.array(given, np.int64).reshape(-1, 2)
    values, counts = runs[:, 0], runs[:, 1]
    width, height = size_wh
    known = (values == UNLABELLED) | ((values >= 0) & (values < class_count))
    pixels = width * height
    # The sum of large counts would overflow to the right one, and NumPy write past its array.
    possible = known.all() and ((counts >= 1) & (counts <= pixels)).all()
    if not possible or len(counts) > pixels or counts.sum() != pixels:
        msg = f'runs that are no mask of {width}x{height}'
        raise ValueError(msg)
    return np.repeat(values.astype(np.uint8), counts).reshape(height, width)
