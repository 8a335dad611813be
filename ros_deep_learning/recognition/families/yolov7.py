# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""YOLOv7's end-to-end exports, and others that end in TensorRT's EfficientNMS."""

from __future__ import annotations

from ..evidence import Evidence, Family, Finding
from ..usual import LETTERBOX, UNIT

COLUMNS = 7


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise rows of seven without batch axis, or the outputs of EfficientNMS."""
    guessed = UNIT | LETTERBOX
    roles = evidence.named(
        count='^num_det',
        boxes='^(det_)?b?boxes$',
        scores='^(det_)?scores$',
        classes='^(det_)?(classes|labels)$',
    )
    if roles is not None:
        by = 'outputs named as those of EfficientNMS'
        return Finding(by, 'detection', 'labelled_boxes', roles, {}, guessed)
    ((name, tensor), *more) = evidence.outputs.items()
    if more or len(tensor.shape) != 2 or tensor.shape[1] != COLUMNS:
        return None
    if evidence.input_name != 'images' or not name.startswith('output'):
        return None
    if not evidence.counts_objects(tensor):
        return None
    by = "rows of seven from 'images', as of YOLOv7 --end2end --max-wh"
    return Finding(by, 'detection', 'yolov7_end2end', {'predictions': name}, {}, guessed)


FAMILY = Family('YOLOv7', recognise)
