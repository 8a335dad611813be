# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""RF-DETR of Roboflow, known by the outputs dets and labels, both of numbers."""

from __future__ import annotations

from ...cards.coco_labels import leaves_out_none
from ..evidence import Evidence, Family, Finding
from ..usual import IMAGENET, STRETCH


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise by the outputs; a logit more than labels belongs to no class."""
    shapes = evidence.shapes
    dets, labels = shapes.get('dets', ()), shapes.get('labels', ())
    if dets[1:] != (4,) or len(labels) != 2:
        return None
    by = 'the outputs dets and labels of RF-DETR'
    if len(shapes) > 2:
        by += ' (boxes only)'
    decoder = 'rtdetr'
    if evidence.labels:
        by += f', {labels[1]} logits for {len(evidence.labels)} labels'
        if leaves_out_none(evidence.labels, labels[1]):
            decoder = 'rtdetr_coco'
        elif labels[1] == len(evidence.labels) + 1:
            decoder = 'rfdetr'
    roles = {'logits': 'labels', 'boxes': 'dets'}
    return Finding(by, 'detection', decoder, roles, IMAGENET | STRETCH)


FAMILY = Family('RF-DETR', recognise)
