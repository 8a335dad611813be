# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""jetson-inference's train_ssd.py, known by input_0, scores and boxes."""

from __future__ import annotations

from ..evidence import Evidence, Family, Finding
from ..usual import PLUS_MINUS_ONE, STRETCH


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise by the names that its onnx_export.py gives the tensors."""
    shapes = evidence.shapes
    if evidence.input_name != 'input_0' or set(shapes) != {'scores', 'boxes'}:
        return None
    scores, boxes = shapes['scores'], shapes['boxes']
    if len(scores) != 2 or boxes[1:] != (4,) or scores[0] != boxes[0]:
        return None
    by = 'tensors named as by onnx_export.py of jetson-inference'
    roles = {'boxes': 'boxes', 'scores': 'scores'}
    return Finding(by, 'detection', 'pytorch_ssd', roles, PLUS_MINUS_ONE | STRETCH)


FAMILY = Family('train_ssd.py', recognise)
