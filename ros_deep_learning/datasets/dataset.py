# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a data set is once it has been read, whatever its format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..cards.card import Task
from ..errors import DatasetError
from ..text import printable
from .drawn_mask import DrawnMask

_MOST_CHARACTERS = 1000

ProblemKind = Literal[
    'missing picture',
    'broken picture',
    'missing label',
    'broken label',
    'empty label',
    'box outside',
    'unknown class',
    'duplicate',
    'classes differ',
    'left out',
]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a data set.

    Attributes:
        kind: What it is.
        path: The file.
        text: One line with the details; may be empty.
    """

    kind: ProblemKind
    path: Path
    text: str = ''

    def __str__(self) -> str:
        """Return it as one line, whatever the names in it are."""
        text = printable(f'{self.kind}: {self.path}' + (f': {self.text}' if self.text else ''))
        return text if len(text) <= _MOST_CHARACTERS else f'{text[:_MOST_CHARACTERS]}...'


def counted(problems: Sequence[Problem]) -> str:
    """Return how many problems there are of each kind, as in ``2 missing picture``."""
    counts = Counter(problem.kind for problem in problems)
    return ', '.join(f'{count} {kind}' for kind, count in counts.most_common())


def spread(count: int, limit: int) -> list[int]:
    """Return at most ``limit`` of ``count`` indices, evenly spread and rising."""
    if count <= limit:
        return list(range(count))
    return [int(i) for i in np.linspace(0, count - 1, limit).round()]


def class_numbers(classes: Sequence[str]) -> dict[str, int]:
    """Return the number of each class by its name: the first one, where a name comes twice."""
    return {name: number for number, name in reversed(tuple(enumerate(classes)))}


@dataclass(frozen=True, slots=True, eq=False)
class LabelledBoxes:
    """The boxes that people drew into one picture.

    Attributes:
        boxes_xyxy: Shape (N, 4), float64, left, top, right and bottom edge: in pixels, or as
            shares of the picture's width and height.
        class_ids: Shape (N,), int64, index into the classes.
        is_crowd: Shape (N,), bool: whether a box holds a group or is too difficult, so that a
            detection in it is neither right nor wrong, and none is needed.
        areas: Shape (N,), float64, area in square pixels, which need not be the box's; NaN where
            it is the box's.
        in_shares: Whether the edges are shares.
        label_wh: Size of the picture in pixels as the label has it; None if it has none.
    """

    boxes_xyxy: NDArray[np.float64]
    class_ids: NDArray[np.int64]
    is_crowd: NDArray[np.bool_]
    areas: NDArray[np.float64]
    in_shares: bool = False
    label_wh: tuple[float, float] | None = None

    def __len__(self) -> int:
        """Count the boxes."""
        return len(self.class_ids)

    def check_size(self, size_wh: tuple[int, int]) -> None:
        """Check that edges in pixels are those of a picture of a size.

        A picture that was made smaller, or turned by its EXIF data, is not where its boxes are.

        Raises:
            DatasetError: The label is of a picture of another size.
        """
        stated = self.label_wh
        if stated is None or all(abs(a - b) <= 1 for a, b in zip(stated, size_wh, strict=True)):
            return
        msg = (
            f'its label is of a picture of {stated[0]:g}x{stated[1]:g}, but it has '
            f'{size_wh[0]}x{size_wh[1]}'
        )
        raise DatasetError(msg)

    def in_pixels(self, size_wh: tuple[int, int]) -> NDArray[np.float64]:
        """Return the edges in pixels of a picture of a size, shape (N, 4)."""
        return self.boxes_xyxy * (size_wh * 2) if self.in_shares else self.boxes_xyxy

    def areas_in_pixels(self, size_wh: tuple[int, int]) -> NDArray[np.float64]:
        """Return the areas in square pixels of a picture of a size, shape (N,)."""
        sides = self.in_pixels(size_wh).reshape(-1, 2, 2)
        return np.where(np.isnan(self.areas), (sides[:, 1] - sides[:, 0]).prod(axis=1), self.areas)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A picture with its label, of which one field is set, as its task has it.

    Attributes:
        picture: Path of the picture; the file may be broken.
        class_id: Class of the whole picture.
        boxes: The objects in it.
        mask: Path of the picture of class numbers, or what is drawn into one.
    """

    picture: Path
    class_id: int | None = None
    boxes: LabelledBoxes | None = None
    mask: Path | DrawnMask | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The pictures of one split.

    Attributes:
        classes: Name of each class.
        samples: The pictures, in the order of their names.
        problems: What was wrong; the pictures and boxes that it names are not in the samples.
    """

    classes: tuple[str, ...]
    samples: tuple[Sample, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """A data set in memory, without its pictures.

    Attributes:
        folder: Where it is.
        format: Name of its format.
        task: What its labels are for.
        classes: Name of each class; the same for all splits.
        splits: The samples by the name of their split: ``train``, ``val``, ``test``, or ``all``
            where there is no division.
        problems: What was wrong with what was read.
        others: Names of further splits, which were not read.
    """

    folder: Path
    format: str
    task: Task
    classes: tuple[str, ...]
    splits: dict[str, tuple[Sample, ...]]
    problems: tuple[Problem, ...] = ()
    others: tuple[str, ...] = field(default=())

    @property
    def samples(self) -> tuple[Sample, ...]:
        """All pictures that were read."""
        return tuple(sample for samples in self.splits.values() for sample in samples)
