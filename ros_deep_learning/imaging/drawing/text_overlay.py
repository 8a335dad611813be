# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write the classes of a picture on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import SettingsError
from .canvas import capital_px, check_canvas
from .lettering import label_plate, printable_ascii

_BLACK = (0, 0, 0)
_INK = 255
# Share of the picture that shines through the plate, tuned by eye: white text stays readable on
# a white picture.
_THROUGH = 0.35


def draw_classification(
    image_rgb: NDArray[np.uint8],
    class_ids: NDArray[Any],
    scores: NDArray[Any],
    *,
    labels: Sequence[str],
) -> None:
    """Write classes with their scores on a dark plate in the upper left corner, in place.

    Letters scale with the image size. Rows and letters that do not fit are left out.

    Args:
        image_rgb: Shape (H, W, 3), uint8, writable, C-contiguous, rgb or bgr.
        class_ids: Shape (N,), integers, index into ``labels``.
        scores: Shape (N,), 0..1; NaN is not written.
        labels: Names of the classes; a class without a name is called by its number.

    Raises:
        ImageError: The image cannot be modified in place.
        SettingsError: The numbers of classes and scores differ.
    """
    check_canvas(image_rgb)
    if class_ids.ndim != 1 or class_ids.shape != scores.shape:
        msg = f'expected as many scores as classes, got {scores.shape} and {class_ids.shape}'
        raise SettingsError(msg)
    height, width = image_rgb.shape[:2]
    letters = capital_px((width, height))
    margin = letters // 2
    texts = [_text(int(k), float(s), labels) for k, s in zip(class_ids, scores, strict=True)]
    plates = [label_plate(text, letters, _BLACK, _INK) for text in texts]
    room = (height - 2 * margin) // plates[0].shape[0] if plates else 0
    if room < 1:
        return
    plates = plates[:room]
    row_h, panel_w = plates[0].shape[0], max(plate.shape[1] for plate in plates)
    panel = np.zeros((len(plates) * row_h, panel_w, 3), np.uint8)
    for row, plate in enumerate(plates):
        panel[row * row_h : (row + 1) * row_h, : plate.shape[1]] = plate
    region = image_rgb[margin : margin + len(panel), margin : margin + panel_w]
    if not region.size:
        return
    dimmed = cv2.convertScaleAbs(region, alpha=_THROUGH)
    np.maximum(dimmed, panel[:, : region.shape[1]], out=region)


def _text(class_id: int, score: float, labels: Sequence[str]) -> str:
    name = printable_ascii(labels[class_id]) if 0 <= class_id < len(labels) else ''
    percent = '' if math.isnan(score) else f'{min(max(score, 0.0), 1.0):.1%} '
    return percent + (name or f'class {class_id}')
