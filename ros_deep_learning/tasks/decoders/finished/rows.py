# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tables of finished detections, whose columns each exporter orders in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ...detection import Candidates
from ..arrays import finished_candidates, whole_classes
from ..shapes import Pattern, take

SIX: dict[str, Pattern] = {'predictions': ('N', 6)}
SEVEN: dict[str, Pattern] = {'predictions': ('N', 7)}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a row has what.

    Attributes:
        decoder: Name of the decoder, for its errors.
        shapes: Shape of the table.
        box_xyxy: Columns of the left, top, right and bottom edge in pixels of the input.
        score: Column of the score, 0..1.
        class_id: Column of the class.
        image: Column of the image's number in the batch, which begins with 0; None where another
            axis has the images.
        first_class: The network's number of the first class, which becomes 0.
    """

    decoder: str
    shapes: Mapping[str, Pattern]
    box_xyxy: tuple[int, int, int, int]
    score: int
    class_id: int
    image: int | None = None
    first_class: int = 0


YOLOV7 = Columns('yolov7_end2end', SEVEN, (1, 2, 3, 4), score=6, class_id=5, image=0)
"""YOLOv7, ``export.py --grid --end2end --max-wh 640``: image, x1, y1, x2, y2, class, score."""

AUTOML = Columns('efficientdet', SEVEN, (2, 1, 4, 3), score=5, class_id=6, first_class=1)
"""google/automl, ``--mode saved_model``: image, y1, x1, y2, x2, score, class from 1."""

FLAT = Columns('yolo_nas_flat', SEVEN, (1, 2, 3, 4), score=5, class_id=6, image=0)
"""super-gradients' ``model.export()``, flat: image, x1, y1, x2, y2, score, class."""

PADDLE = Columns('paddle', SIX, (2, 3, 4, 5), score=1, class_id=0)
"""PaddleDetection's ``export_model.py``: class, score, x1, y1, x2, y2; -1 is no class."""


def decode(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
    *,
    columns: Columns,
) -> Candidates:
    """Read one image's outputs.

    Args:
        outputs: By tensor name: ``predictions`` of shape (N, 6) or (N, 7), a row an object. Only
            the first image's are read, where rows have the image.
        roles: The tensor name of ``predictions``.
        network_wh: Width and height of the network's input in pixels; not used.
        score_threshold: Least score, 0..1; NaN never reaches it.
        columns: Where a row has what.

    Raises:
        DecodeError: The array has another shape.
    """
    (rows,) = take(columns.decoder, columns.shapes, outputs, roles)
    if columns.image is not None:
        # A fixed batch is filled with the same image.
        rows = rows[rows[:, columns.image] == 0]
    classes = whole_classes(rows[:, columns.class_id], columns.first_class)
    boxes = rows[:, list(columns.box_xyxy)]
    return finished_candidates(boxes, rows[:, columns.score], classes, score_threshold)
