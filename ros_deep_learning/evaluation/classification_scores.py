# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Top-1, top-5 and what belongs to them, of the answers of a classifier."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .class_match import ClassMatch
from .scores import Calibration, Curve, Scores, best_threshold

_TOP = 5
_CURVES = 12
"""Classes that get a line of their own in a diagram."""


def classification_scores(
    probabilities: NDArray[np.floating], truth: NDArray[np.int64], match: ClassMatch
) -> Scores:
    """Compare the answers of a classifier with the labels.

    Args:
        probabilities: Shape (pictures, network's classes), 0..1.
        truth: Class of each picture in the data set, shape (pictures,).
        match: Which classes are which.
    """
    classes = match.classes
    order = np.argsort(-probabilities, axis=1, kind='stable')
    ranked = match.to_dataset[order]
    answers, confidence = ranked[:, 0], probabilities[np.arange(len(truth)), order[:, 0]]
    is_right = answers == truth
    calibration = Calibration()
    calibration.add(confidence, is_right)
    # Answers that the data set has no class for are in a column of their own.
    confusion = np.zeros((len(classes), len(classes) + 1), np.int64)
    np.add.at(confusion, (truth, np.where(answers < 0, len(classes), answers)), 1)
    per_class = _per_class(probabilities, truth, match, confusion)
    metrics = {'top1': float(is_right.mean())}
    if len(match.labels) > _TOP:
        metrics['top5'] = float((ranked[:, :_TOP] == truth[:, None]).any(axis=1).mean())
    metrics |= {
        'mean_class_accuracy': _mean(per_class, 'recall'),
        'macro_f1': _mean(per_class, 'f1'),
        'ECE': calibration.error(),
    }
    wrong = np.flatnonzero(~is_right)
    worst = wrong[np.argsort(-confidence[wrong], kind='stable')]
    return Scores(
        metrics,
        per_class,
        confusion,
        (classes, (*classes, 'other')),
        (_curves(probabilities, truth, match, per_class), calibration.curve()),
        tuple(worst.tolist()),
    )


def class_probabilities(
    probabilities: NDArray[np.floating], match: ClassMatch, class_id: int
) -> NDArray[np.float64]:
    """Return the probability of a class of the data set in each picture, shape (pictures,)."""
    columns = probabilities[:, match.to_dataset == class_id]
    total: NDArray[np.float64] = columns.sum(axis=1, dtype=np.float64)
    return total


def _per_class(
    probabilities: NDArray[np.floating],
    truth: NDArray[np.int64],
    match: ClassMatch,
    confusion: NDArray[np.int64],
) -> dict[str, dict[str, float]]:
    rows = {}
    for k, name in enumerate(match.classes):
        count = int(confusion[k].sum())
        if not count:
            continue
        hits, answered = int(confusion[k, k]), int(confusion[:, k].sum())
        best = best_threshold(class_probabilities(probabilities, match, k), truth == k, count)
        rows[name] = {
            'pictures': float(count),
            'precision': hits / answered if answered else 0.0,
            'recall': hits / count,
            'f1': 2 * hits / (answered + count),
            'best_threshold': best.threshold,
            'best_f1': best.f1,
        }
    return rows


def _mean(per_class: dict[str, dict[str, float]], key: str) -> float:
    return float(np.mean([row[key] for row in per_class.values()]))


def _curves(
    probabilities: NDArray[np.floating],
    truth: NDArray[np.int64],
    match: ClassMatch,
    names: Sequence[str] | dict[str, dict[str, float]],
) -> Curve:
    lines = {}
    # The classes with the lowest F1, where there are many.
    for name in list(names)[:_CURVES]:
        k = match.classes.index(name)
        scores = class_probabilities(probabilities, match, k)
        lines[name] = precision_recall(scores, truth == k, int((truth == k).sum()))
    return Curve('Precision and recall', 'recall', 'precision', lines)


def precision_recall(
    scores: NDArray[np.floating], is_right: NDArray[np.bool_], positives: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return recall and precision at each threshold, from the highest on."""
    order = np.argsort(-scores, kind='stable')
    right = np.cumsum(is_right[order])
    return right / max(1, positives), right / np.arange(1, len(right) + 1)
