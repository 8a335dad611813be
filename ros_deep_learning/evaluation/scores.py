# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What an evaluation comes to, whatever the task; and figures that several tasks share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import nan

import numpy as np
from numpy.typing import NDArray

BINS = 15
"""Bins of confidence, as in Guo et al., On Calibration of Modern Neural Networks (2017)."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A diagram of one or more lines.

    Attributes:
        title: What it shows.
        x_label: What the horizontal axis is.
        y_label: What the vertical axis is.
        lines: Points of each line, x and y, by its name.
        x_end: Where the horizontal axis ends; it begins at 0.
        y_end: Where the vertical axis ends.
    """

    title: str
    x_label: str
    y_label: str
    lines: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
    x_end: float = 1.0
    y_end: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """How good the answers of one network are.

    Attributes:
        metrics: Figures of the whole data set by name, most important first; NaN where one is
            not defined, as for objects of a size that do not occur.
        per_class: For each class that occurs, its figures by name.
        confusion: Shape (rows, columns), int64: how often a true class (row) got an answer
            (column).
        confusion_names: Names of the rows and of the columns.
        curves: Diagrams.
        worst: Numbers of pictures, those first whose answers are worst; right ones are not in it.
    """

    metrics: Mapping[str, float]
    per_class: Mapping[str, Mapping[str, float]]
    confusion: NDArray[np.int64]
    confusion_names: tuple[tuple[str, ...], tuple[str, ...]]
    curves: tuple[Curve, ...] = ()
    worst: tuple[int, ...] = ()


@dataclass(slots=True)
class Calibration:
    """Counts how often answers of a confidence are right."""

    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))
    confidence: NDArray[np.float64] = field(default_factory=lambda: np.zeros(BINS))
    right: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))

    def add(self, confidence: NDArray[np.floating], is_right: NDArray[np.bool_]) -> None:
        """Add answers with their confidence 0..1, both of shape (N,)."""
        values = confidence.astype(np.float64)
        # Bin m holds (m / BINS, (m + 1) / BINS].
        bins = np.clip(np.ceil(values * BINS).astype(np.int64) - 1, 0, BINS - 1)
        self.counts += np.bincount(bins, minlength=BINS)
        self.confidence += np.bincount(bins, values, minlength=BINS)
        self.right += np.bincount(bins[is_right], minlength=BINS)

    def error(self) -> float:
        """Compute the expected calibration error 0..1 (Guo et al. 2017); NaN without answers."""
        total = int(self.counts.sum())
        return float(np.abs(self.right - self.confidence).sum() / total) if total else nan

    def curve(self) -> Curve:
        """Draw how often answers of a confidence are right."""
        used = self.counts > 0
        x = self.confidence[used] / self.counts[used]
        y = self.right[used] / self.counts[used]
        ends = np.array([0.0, 1.0])
        lines = {'answers': (x, y), 'as confident as right': (ends, ends)}
        return Curve('Calibration', 'confidence', 'share that is right', lines)


@dataclass(frozen=True, slots=True)
class BestThreshold:
    """The score threshold with the best F1.

    Attributes:
        threshold: Least score of what is kept, 0..1.
        f1: Harmonic mean of precision and recall with it.
        precision: Share of what is kept that is right.
        recall: Share of what is true that is kept.
    """

    threshold: float
    f1: float
    precision: float
    recall: float


def best_threshold(
    scores: NDArray[np.floating], is_right: NDArray[np.bool_], positives: int
) -> BestThreshold:
    """Find the threshold with the best F1; the highest of equally good ones.

    Args:
        scores: Of all answers, shape (N,).
        is_right: Whether they are right, shape (N,).
        positives: How many right answers there could be.

    Returns:
        The threshold; all values are NaN, and F1 is 0, if none is right.
    """
    order = np.argsort(-scores, kind='stable')
    ranked = scores[order]
    right = np.cumsum(is_right[order])
    if not positives or not len(right) or not right[-1]:
        return BestThreshold(nan, 0.0 if positives else nan, nan, 0.0 if positives else nan)
    # A threshold keeps all answers of the same score.
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    kept = ends + 1
    f1 = 2 * right[ends] / (kept + positives)
    best = int(f1.argmax())
    hits = right[ends[best]]
    return BestThreshold(
        float(ranked[ends[best]]),
        float(f1[best]),
        float(hits / kept[best]),
        float(hits / positives),
    )
