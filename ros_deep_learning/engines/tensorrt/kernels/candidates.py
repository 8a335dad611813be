# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Detection candidates, from the device's outputs to sorted arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
"""One record of ``Kernels.gather_candidates``: 32 bytes."""


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


@dataclass(frozen=True, slots=True)
class GatheredBoxes:
    """What ``Kernels.gather_candidates`` left, in a stable order.

    Attributes:
        found: How many reached the threshold; more than are here = the capacity was too small.
        box_ids: Shape (N,), int32, index of the box.
        class_ids: Shape (N,), int32.
        scores: Shape (N,), float32, best first; equal ones by box, then by class.
        boxes: Shape (N, 4), float32, coordinates as the network gives them.
    """

    found: int
    box_ids: NDArray[np.int32]
    class_ids: NDArray[np.int32]
    scores: NDArray[np.float32]
    boxes: NDArray[np.float32]

    @property
    def is_complete(self) -> bool:
        """Whether none was left out for lack of room; which ones were is a matter of chance."""
        return self.found == len(self.scores)


def read_candidates(records: NDArray[np.void]) -> GatheredBoxes:
    """Sort the records of ``Kernels.gather_candidates`` after their copy to the host.

    Args:
        records: Shape (1 + capacity,), dtype ``CANDIDATE``.
    """
    found = int(records['box'][:1].view(np.uint32)[0])
    kept = records[1 : 1 + found]
    kept = kept[np.lexsort((kept['class_id'], kept['box'], -kept['score']))]
    return GatheredBoxes(
        found=found,
        box_ids=np.ascontiguousarray(kept['box']),
        class_ids=np.ascontiguousarray(kept['class_id']),
        scores=np.ascontiguousarray(kept['score']),
        boxes=np.ascontiguousarray(kept['coordinates']),
    )
