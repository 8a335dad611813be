# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""YOLOv5's own export.py, known by metadata, or before that by the heads it exported too."""

from __future__ import annotations

from ..evidence import Evidence, Family, Finding
from ..usual import IMAGENET, LETTERBOX, UNIT

SIZE_WH = (640, 640)


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise by metadata, and by the number of names: 5 + names fields."""
    metadata, labels = evidence.metadata, evidence.labels
    if heads := _with_heads(evidence):
        return heads
    if not {'stride', 'names'} <= set(metadata) or 'task' in metadata:
        return None
    by = f'metadata of YOLOv5 with {len(labels)} names'
    name = next(iter(evidence.outputs))
    shape = evidence.shapes[name]
    if len(shape) == 1:
        stated = IMAGENET | {'resize': 'crop'}
        return Finding(by, 'classification', None, {'logits': name}, stated)
    masks = [key for key, sizes in evidence.shapes.items() if len(sizes) == 3]
    if len(masks) == 1 and len(shape) == 2:
        roles = {'predictions': name, 'prototypes': masks[0]}
        by += ' (boxes only)'
        return Finding(by, 'detection', 'yolov5_segment', roles, UNIT | LETTERBOX, {}, SIZE_WH)
    # YOLOv9's export.py writes the same metadata, for planes of 4 + C.
    if len(shape) != 2 or shape[1] != 5 + len(labels):
        return None
    roles = {'predictions': name}
    return Finding(by, 'detection', 'yolov5', roles, UNIT | LETTERBOX, {}, SIZE_WH)


def _with_heads(evidence: Evidence) -> Finding | None:
    """Recognise the first versions, whose raw heads are outputs beside the finished rows."""
    (name, shape), *more = evidence.shapes.items()
    if not more or len(shape) != 2 or any(len(other) != 4 for _, other in more):
        return None
    if any(other[0] != 3 or other[-1] != shape[1] for _, other in more):
        return None
    by = 'rows beside the heads of three anchors, as of the first versions of YOLOv5'
    return Finding(by, 'detection', 'yolov5', {'predictions': name}, UNIT | LETTERBOX)


FAMILY = Family('YOLOv5', recognise)
