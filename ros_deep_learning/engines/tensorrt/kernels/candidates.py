# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Detection candidates, from the device's outputs to sorted arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...on_device import DeviceCandidates
from .arguments import ElementType

CANDIDATE = np.dtype(
    [
        ('box', np.int32),
        ('class_id', np.int32),
        ('score', np.float32),
        ('coordinates', np.float32, (4,)),
        ('spare', np.int32),
    ]
)
"""One record of ``Kernels.gathering``: 32 bytes."""


@dataclass(frozen=True, slots=True)
class DeviceBoxes:
    """A detector's raw outputs in device memory, one batch entry; all distances in elements.

    Attributes:
        scores: Address of the score of box 0 and class 0.
        boxes: Address of the first coordinate of box 0.
        count: Boxes, at least 0.
        classes: Scores a box, at least 1.
        score_strides: From box to box, and from class to class.
        box_strides: From box to box, and from coordinate to coordinate.
        scores_dtype: ``float32`` or ``float16``.
        boxes_dtype: ``float32`` or ``float16``.
        objectness: Address of a factor on the scores of box 0, of ``scores_dtype``; 0 = none.
        objectness_stride: From box to box.
    """

    scores: int
    boxes: int
    count: int
    classes: int
    score_strides: tuple[int, int]
    box_strides: tuple[int, int] = (4, 1)
    scores_dtype: ElementType = 'float32'
    boxes_dtype: ElementType = 'float32'
    objectness: int = 0
    objectness_stride: int = 0


def found_count(records: NDArray[np.void]) -> int:
    """Return how many candidates reached the threshold, with those that had no room."""
    # Of 32 bits, and unsigned.
    return int(records['box'][0]) & 0xFFFFFFFF


def has_nan(records: NDArray[np.void]) -> bool:
    """Return whether a score, a factor on it or a coordinate of any box is NaN."""
    return bool(records['class_id'][0])


def read_candidates(records: NDArray[np.void]) -> DeviceCandidates:
    """Sort the records of ``Kernels.gathering`` after their copy to the host.

    Args:
        records: Shape (1 + capacity,), dtype ``CANDIDATE``.

    Returns:
        Best score first; equal ones by box, then by class.
    """
    kept = records[1 : 1 + found_count(records)]
    rows, class_ids, scores = kept['box'], kept['class_id'], kept['score']
    order = np.lexsort((class_ids, rows, -scores))
    return DeviceCandidates(
        rows=rows[order],
        class_ids=class_ids[order],
        scores=scores[order],
        coordinates=kept['coordinates'][order],
        has_nan=has_nan(records),
    )
