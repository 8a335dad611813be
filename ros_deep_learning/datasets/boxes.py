# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Collect the boxes of one picture, and leave out what cannot be a box."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite, nan
from pathlib import Path

import numpy as np

from .dataset import LabelledBoxes, Problem

_MOST_PIXELS = 2.0**31
"""Edges above this are no pixels; NaN is neither above nor below it."""
_EDGE_SLACK = 1e-3
"""Share of a picture by which a box may stick out, which rounding does."""


@dataclass(slots=True)
class BoxCollector:
    """Takes the boxes of one picture, one after the other.

    Attributes:
        label: The label file, which problems name.
        size_wh: Size of the picture in pixels, (1, 1) for edges in shares; None if unknown.
    """

    label: Path
    size_wh: tuple[float, float] | None = None
    problems: list[Problem] = field(default_factory=list)
    _rows: list[tuple[float, float, float, float]] = field(default_factory=list)
    _class_ids: list[int] = field(default_factory=list)
    _crowd: list[bool] = field(default_factory=list)
    _areas: list[float] = field(default_factory=list)

    def add(
        self,
        box_xyxy: tuple[float, float, float, float],
        class_id: int,
        *,
        is_crowd: bool = False,
        area: float = nan,
    ) -> None:
        """Add a box; one that is empty or wholly outside its picture becomes a problem instead.

        One that sticks out of its picture becomes a problem too, and stays as it is.
        """
        x1, y1, x2, y2 = box_xyxy
        where = f'({x1:g}, {y1:g}) to ({x2:g}, {y2:g})'
        if not all(abs(edge) < _MOST_PIXELS for edge in box_xyxy) or x2 <= x1 or y2 <= y1:
            self.problems.append(
                Problem('broken label', self.label, f'{where} is no box; left out')
            )
            return
        if self.size_wh is not None:
            width, height = self.size_wh
            if x1 >= width or y1 >= height or x2 <= 0 or y2 <= 0:
                text = f'{where} lies outside the picture; left out'
                self.problems.append(Problem('box outside', self.label, text))
                return
            slack_x, slack_y = width * _EDGE_SLACK, height * _EDGE_SLACK
            if x1 < -slack_x or y1 < -slack_y or x2 > width + slack_x or y2 > height + slack_y:
                text = f'{where} sticks out of the picture'
                self.problems.append(Problem('box outside', self.label, text))
        self._rows.append(box_xyxy)
        self._class_ids.append(class_id)
        self._crowd.append(is_crowd)
        self._areas.append(area if isfinite(area) and area > 0 else nan)

    def boxes(self, *, in_shares: bool = False) -> LabelledBoxes:
        """Return what was added."""
        return LabelledBoxes(
            np.array(self._rows, np.float64).reshape(-1, 4),
            np.array(self._class_ids, np.int64),
            np.array(self._crowd, np.bool_),
            np.array(self._areas, np.float64),
            in_shares,
            None if in_shares else self.size_wh,
        )
