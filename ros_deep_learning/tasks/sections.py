# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Cut a resized grid into sections of rows, each of which is resized on its own."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import gcd

import numpy as np
from numpy.typing import NDArray

_PIXELS = 3 << 17
"""Pixels of a section, about: 1.5 MB of float32, which is written and read within the caches."""
_LEAST_PERIODS = 10
"""Periods of a section: one more at both ends is resized for nothing, up to a sixth of it all."""


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of a resized grid, and what they are interpolated from.

    Attributes:
        rows: Of the resized grid.
        cells: Rows and columns of the grid, with the rows above and below that have a part in it.
        height: Rows that the cells are resized to.
        inner: Which of these are ``rows``.
    """

    rows: slice
    cells: tuple[slice, slice]
    height: int
    inner: slice

    def spread(
        self, plane: NDArray[np.float32], scratch: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Interpolate the section of a plane, shape (h, w) of the grid.

        Args:
            plane: The plane.
            scratch: Shape (at least ``height``, width of the resized grid), C-contiguous.

        Returns:
            Shape (``rows``, width), a view of ``scratch``.
        """
        resized = scratch[: self.height]
        _resize(plane[self.cells], resized)
        return resized[self.inner]


@dataclass(frozen=True, slots=True)
class PartSpread:
    """Interpolates a part of a grid, bilinearly between the centres of its cells.

    Attributes:
        rows: Of the grid.
        columns: Of the grid.
    """

    rows: slice
    columns: slice

    def __call__(self, plane: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """Write the part of a plane, resized, to an array, shape (H, W), C-contiguous."""
        _resize(plane[self.rows, self.columns], out)

    def sections(self, shape: tuple[int, int], threads: int) -> list[Section]:
        """Cut the resized part where a row of it begins at the edge of a cell.

        Row r of H is interpolated at (r + 1/2) h/H - 1/2 of h cells. Where H and h have a common
        divisor g, each H/g rows lie over h/g cells in the same way: a period. Nothing of a
        section is interpolated from further than the periods beside it.

        Args:
            shape: H and the width of the resized part.
            threads: How many share the sections; each gets as many, where that can be.

        Returns:
            At least two sections, of nearly as many rows each, from top to bottom. None where the
            result is small, or the periods so long that too few or too small sections come of it.
        """
        height, width = shape
        periods = gcd(height, self.rows.stop - self.rows.start)
        wanted = height * width // _PIXELS
        count = min(-(-wanted // threads) * threads, periods // _LEAST_PERIODS)
        if wanted < 2 or count < 2 or 2 * count < wanted:
            return []
        edges = [k * periods // count for k in range(count + 1)]
        return [self._section(*ends, periods, height) for ends in pairwise(edges)]

    def _section(self, top: int, bottom: int, periods: int, height: int) -> Section:
        rows, cells = height // periods, (self.rows.stop - self.rows.start) // periods
        first, last = max(0, top - 1), min(periods, bottom + 1)
        above = self.rows.start
        return Section(
            slice(top * rows, bottom * rows),
            (slice(above + first * cells, above + last * cells), self.columns),
            (last - first) * rows,
            slice((top - first) * rows, (bottom - first) * rows),
        )


def _resize(plane: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    import cv2

    if plane.shape == out.shape:
        np.copyto(out, plane)
    else:
        cv2.resize(plane, out.shape[::-1], dst=out, interpolation=cv2.INTER_LINEAR)
