# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Mean IoU and what belongs to it, of the masks of a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import nan

import numpy as np
from numpy.typing import NDArray

from ..imaging.palettes import UNLABELLED
from .class_match import NOT_JUDGED, ClassMatch
from .scores import Calibration, Scores


@dataclass(slots=True)
class MaskJudge:
    """Compares masks with labels, one picture after the other.

    Attributes:
        match: Which classes are which.
        common_only: Whether pixels of classes that the network lacks are left out.
        confusion: Shape (K, K + 1), int64, pixels of a true class by answer; the last column is
            for pixels without a class of the data set.
        unknown: Pixels whose label is no class of the data set.
    """

    match: ClassMatch
    common_only: bool = False
    confusion: NDArray[np.int64] = field(init=False)
    unknown: int = 0
    _calibration: Calibration = field(default_factory=Calibration)
    _accuracies: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        count = len(self.match.classes)
        self.confusion = np.zeros((count, count + 1), np.int64)
        self._judged = np.zeros(UNLABELLED + 1, np.bool_)
        for k, name in enumerate(self.match.classes):
            left_out = self.common_only and k in self.match.missing
            self._judged[k] = name.casefold() not in NOT_JUDGED and not left_out
        self._answer_of = np.full(UNLABELLED + 1, count, np.int64)
        known = np.where(self.match.to_dataset < 0, count, self.match.to_dataset)
        self._answer_of[: len(known)] = known

    _judged: NDArray[np.bool_] = field(init=False)
    _answer_of: NDArray[np.int64] = field(init=False)

    def add(
        self,
        class_mask: NDArray[np.uint8],
        confidence_mask: NDArray[np.floating],
        truth: NDArray[np.uint8],
    ) -> None:
        """Add a picture.

        Args:
            class_mask: The network's classes, shape (H, W), 255 where a pixel has none.
            confidence_mask: Their probabilities, shape (H, W).
            truth: The data set's classes, shape (H, W), 255 where a pixel is not labelled.
        """
        count = len(self.match.classes)
        self.unknown += int(((truth >= count) & (truth != UNLABELLED)).sum())
        judged = self._judged[truth]
        true, answers = truth[judged].astype(np.int64), self._answer_of[class_mask[judged]]
        cells = np.bincount(true * (count + 1) + answers, minlength=count * (count + 1))
        self.confusion += cells.reshape(count, count + 1)
        is_right = true == answers
        self._calibration.add(confidence_mask[judged], is_right)
        self._accuracies.append(float(is_right.mean()) if len(true) else nan)

    def scores(self) -> Scores:
        """Compute the figures of all pictures so far."""
        matrix, classes = self.confusion, self.match.classes
        hits = np.diagonal(matrix).astype(np.float64)
        true, answered = matrix.sum(axis=1), matrix.sum(axis=0)[:-1]
        union = true + answered - hits
        # Pixels of a class that is not judged may be anything: it has no IoU, and an answer of it
        # is a fault of the true class alone.
        shown = (union > 0) & self._judged[: len(classes)]
        rows = {
            classes[k]: {
                'pixels': float(true[k]),
                'IoU': hits[k] / union[k],
                'accuracy': hits[k] / true[k] if true[k] else nan,
                'precision': hits[k] / answered[k] if answered[k] else nan,
            }
            for k in np.flatnonzero(shown).tolist()
        }
        total = int(matrix.sum())
        metrics = {
            'mIoU': _mean([row['IoU'] for row in rows.values()]),
            'pixel_accuracy': float(hits.sum() / total) if total else nan,
            'mean_class_accuracy': _mean([row['accuracy'] for row in rows.values()]),
            'ECE': self._calibration.error(),
        }
        accuracies = np.array(self._accuracies)
        wrong = np.flatnonzero(accuracies < 1)
        worst = wrong[np.argsort(accuracies[wrong], kind='stable')]
        return Scores(
            metrics,
            rows,
            matrix,
            (classes, (*classes, 'other')),
            (self._calibration.curve(),),
            tuple(worst.tolist()),
        )


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else nan
