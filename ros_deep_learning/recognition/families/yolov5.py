# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""YOLOv5's own export.py, known by its two metadata keys: stride and names."""

from __future__ import annotations

from ..evidence import Evidence, Family, Finding
from ..usual import IMAGENET, LETTERBOX, UNIT

SIZE_WH = (640, 640)


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise by metadata, and by the number of names: 5 + names fields."""
    metadata, labels = evidence.metadata, evidence.labels
    if not {'stride', 'names'} <= set(metadata) or 'task' in metadata:
        return None
    by = f'metadata of YOLOv5 with {len(labels)} names'
    name = next(iter(evidence.outputs))
    shape = evidence.shapes[name]
    if len(shape) == 1:
        stated = IMAGENET | {'resize': 'crop'}
        return Finding(by, 'classification', None, {'logits': name}, stated)
    if len(shape) != 2 or (shape[1] > 0 and shape[1] != 5 + len(labels)):
        return None
    roles = {'predictions': name}
    return Finding(by, 'detection', 'yolov5', roles, UNIT | LETTERBOX, {}, SIZE_WH)


FAMILY = Family('YOLOv5', recognise)
