# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""COCO's average precision and what belongs to it, of the boxes of a detector."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DatasetError
from ..tasks.boxes import areas, intersections, iou_matrix
from .scores import Calibration, Curve, Scores, best_threshold

_IOU = 0.5
"""Least overlap of two boxes of the same object, for all but the mean over COCO's ten IoUs."""
_STATS = ('mAP', 'AP50', 'AP75', 'AP_small', 'AP_medium', 'AP_large', 'AR1', 'AR10', 'AR100')
_SIZES = ('all', 'small', 'medium', 'large')
_CURVES = 12


@dataclass(frozen=True, slots=True, eq=False)
class BoxPicture:
    """One picture with its labels and with what a network found; classes are the data set's.

    Attributes:
        true_xyxy: Shape (N, 4), float64, pixel edges.
        true_ids: Shape (N,), int64.
        is_crowd: Shape (N,), bool: neither needed nor wrong.
        true_areas: Shape (N,), float64, square pixels, for the groups of sizes.
        found_xyxy: Shape (M, 4), pixel edges.
        scores: Shape (M,), 0..1.
        found_ids: Shape (M,), int64.
    """

    true_xyxy: NDArray[np.float64]
    true_ids: NDArray[np.int64]
    is_crowd: NDArray[np.bool_]
    true_areas: NDArray[np.float64]
    found_xyxy: NDArray[np.floating]
    scores: NDArray[np.floating]
    found_ids: NDArray[np.int64]


def check_coco_api() -> None:
    """Raise DatasetError if COCO's own evaluation is not installed."""
    try:
        import pycocotools.cocoeval  # noqa: F401
    except ImportError as err:
        msg = 'evaluating boxes needs the package pycocotools; to fix: pip install pycocotools'
        raise DatasetError(msg) from err


def detection_scores(
    pictures: Sequence[BoxPicture], classes: Sequence[str], threshold: float
) -> Scores:
    """Compare the boxes of a detector with the labels, by COCO's own evaluation.

    Args:
        pictures: All pictures; a detector's boxes have all scores, down to about 0.
        classes: Name of each class of the data set.
        threshold: Least score of boxes in the confusion matrix and for the worst pictures.

    Raises:
        DatasetError: No picture has a box, or pycocotools is not installed.
    """
    check_coco_api()
    if not any((~picture.is_crowd).any() for picture in pictures):
        msg = 'the labels have no box, so nothing can be found'
        raise DatasetError(msg)
    evaluator = _evaluate(pictures, classes)
    precision = evaluator.eval['precision']
    metrics = {
        name: float(value) if value > -1 else nan
        for name, value in zip(_STATS, evaluator.stats, strict=False)
    }
    calibration = Calibration()
    per_class = {}
    for k, name in enumerate(classes):
        scores, is_right, positives = _ranked(evaluator, k, len(pictures))
        calibration.add(scores, is_right)
        if not positives:
            continue
        best = best_threshold(scores, is_right, positives)
        sizes = [_known_mean(precision[:, :, k, size, 2]) for size in range(len(_SIZES))]
        per_class[name] = {
            'boxes': float(positives),
            'AP': sizes[0],
            'AP50': _known_mean(precision[0, :, k, 0, 2]),
            **{f'AP_{size}': sizes[index] for index, size in enumerate(_SIZES) if index},
            'best_threshold': best.threshold,
            'best_f1': best.f1,
            'precision': best.precision,
            'recall': best.recall,
        }
    metrics['ECE'] = calibration.error()
    metrics['mean_best_f1'] = float(np.mean([row['best_f1'] for row in per_class.values()]))
    confusion, faults = _confusion(pictures, len(classes), threshold)
    names = (*classes, 'nothing')
    worst = np.argsort(-faults, kind='stable')
    return Scores(
        metrics,
        per_class,
        confusion,
        (names, names),
        (_curves(evaluator, classes, per_class), calibration.curve()),
        tuple(worst[faults[worst] > 0].tolist()),
    )


def _evaluate(pictures: Sequence[BoxPicture], classes: Sequence[str]) -> Any:
    """Run COCO's evaluation, which prints, and return it with its twelve figures."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    images = [{'id': number} for number in range(1, len(pictures) + 1)]
    categories = [{'id': k, 'name': name} for k, name in enumerate(classes, 1)]
    truth: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    for number, one in enumerate(pictures, 1):
        for box, k, is_crowd, area in zip(
            one.true_xyxy, one.true_ids, one.is_crowd, one.true_areas, strict=True
        ):
            entry = _annotation(len(truth) + 1, number, k, box)
            truth.append(entry | {'iscrowd': int(is_crowd), 'area': float(area)})
        for box, k, score in zip(one.found_xyxy, one.found_ids, one.scores, strict=True):
            entry = _annotation(len(found) + 1, number, k, box)
            width, height = entry['bbox'][2:]
            found.append(entry | {'score': float(score), 'area': width * height, 'iscrowd': 0})
    with redirect_stdout(io.StringIO()):
        sides = []
        for listed in (truth, found):
            # Its loadRes cannot take an empty list.
            side = COCO()
            side.dataset = {'images': images, 'categories': categories, 'annotations': listed}
            side.createIndex()
            sides.append(side)
        evaluator = COCOeval(*sides, 'bbox')
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    return evaluator


def _annotation(number: int, image: int, class_id: int, box: NDArray[Any]) -> dict[str, Any]:
    x1, y1, x2, y2 = map(float, box)
    return {
        'id': number,
        'image_id': image,
        'category_id': int(class_id) + 1,
        'bbox': [x1, y1, x2 - x1, y2 - y1],
    }


def _ranked(
    evaluator: Any, class_id: int, pictures: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_], int]:
    """Return a class's scores, which boxes are right at IoU 0.5, and how many could be."""
    start = class_id * len(_SIZES) * pictures
    entries = [e for e in evaluator.evalImgs[start : start + pictures] if e is not None]
    judged = [~e['dtIgnore'][0].astype(bool) for e in entries]
    scores = [
        np.array(e['dtScores'], float)[keep] for e, keep in zip(entries, judged, strict=True)
    ]
    right = [e['dtMatches'][0][keep] > 0 for e, keep in zip(entries, judged, strict=True)]
    positives = sum(int((np.asarray(e['gtIgnore']) == 0).sum()) for e in entries)
    return (
        np.concatenate([np.zeros(0), *scores]),
        np.concatenate([np.zeros(0, bool), *right]),
        positives,
    )


def _known_mean(values: NDArray[np.float64]) -> float:
    known = values[values > -1]
    return float(known.mean()) if known.size else nan


def _confusion(
    pictures: Sequence[BoxPicture], count: int, threshold: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair boxes whatever their class, those that overlap most first.

    Returns:
        The matrix, shape (count + 1, count + 1), with the row and the column "nothing" at the
        end; and the wrong and missed boxes of each picture.
    """
    matrix = np.zeros((count + 1, count + 1), np.int64)
    faults = []
    for one in pictures:
        kept, needed = one.scores >= threshold, ~one.is_crowd
        found, found_ids = one.found_xyxy[kept], one.found_ids[kept]
        true, true_ids = one.true_xyxy[needed], one.true_ids[needed]
        partner = _pairs(iou_matrix(true, found))
        before = int(np.trace(matrix[:count, :count])), int(matrix.sum())
        for row, column in partner.items():
            matrix[true_ids[row], found_ids[column]] += 1
        missed = [row for row in range(len(true)) if row not in partner]
        matrix[:, count] += np.bincount(true_ids[missed], minlength=count + 1)
        crowd = one.true_xyxy[one.is_crowd]
        paired = set(partner.values())
        for column in range(len(found)):
            if column in paired or _is_in(found[column], crowd):
                continue
            matrix[count, found_ids[column]] += 1
        right = int(np.trace(matrix[:count, :count])) - before[0]
        faults.append(int(matrix.sum()) - before[1] - right)
    return matrix, np.array(faults, np.int64)


def _pairs(ious: NDArray[np.float64]) -> dict[int, int]:
    """Pair rows and columns greedily, each once; return the column of each paired row."""
    left, partner = ious.copy(), {}
    while left.size and left.max() >= _IOU:
        row, column = (int(k) for k in np.unravel_index(left.argmax(), left.shape))
        partner[row] = column
        left[row, :] = left[:, column] = 0.0
    return partner


def _is_in(box: NDArray[Any], crowd: NDArray[np.float64]) -> bool:
    """Return whether at least half of a box lies in one of those that are not judged."""
    if not len(crowd):
        return False
    inside = intersections(box[None], crowd)[0].max()
    return bool(inside >= _IOU * areas(box[None])[0])


def _curves(
    evaluator: Any, classes: Sequence[str], per_class: dict[str, dict[str, float]]
) -> Curve:
    recalls = evaluator.params.recThrs
    precision = evaluator.eval['precision'][0, :, :, 0, 2]
    shown = [k for k, name in enumerate(classes) if name in per_class]
    lines = {'mean of all classes': (recalls, precision[:, shown].mean(axis=1))}
    lines |= {classes[k]: (recalls, precision[:, k]) for k in shown[:_CURVES]}
    return Curve('Precision and recall at IoU 0.5', 'recall', 'precision', lines)
