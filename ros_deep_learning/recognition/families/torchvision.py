# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""torchvision's detectors: finished boxes, labels and scores without batch axis."""

from __future__ import annotations

from ..evidence import Evidence, Family, Finding
from ..usual import STRETCH, TORCHVISION, UNIT


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise by the ranks and types of the outputs; images are normalised inside."""
    boxes = [k for k, t in evidence.outputs.items() if len(t.shape) == 2 and t.shape[1] == 4]
    flat = {k: t for k, t in evidence.outputs.items() if len(t.shape) == 1}
    classes = [k for k, t in flat.items() if t.dtype is not None and t.dtype.kind in 'iu']
    scores = [k for k, t in flat.items() if t.dtype is not None and t.dtype.kind == 'f']
    if not len(boxes) == len(classes) == len(scores) == 1:
        return None
    by = 'boxes, labels and scores without batch axis, as of torchvision'
    # Its own networks begin with mean and std; one that reads no image tells nothing.
    first = evidence.facts.ends.first
    is_sure = not first or {'Sub', 'Div'} <= first
    roles = {'boxes': boxes[0], 'classes': classes[0], 'scores': scores[0]}
    if len(evidence.outputs) > len(roles):
        by += ' (boxes only)'
    # Of a stranger's network, the range of pixels is a guess too, which its first layer checks.
    stated, guessed = (UNIT, TORCHVISION) if is_sure else ({}, UNIT | TORCHVISION)
    operators = evidence.facts.ends.operators
    if 'Softmax' in operators and 'RoiAlign' not in operators:
        # The others of softmax pool regions; SSD's transform has a fixed_size of its own.
        by += ', with Softmax and without RoiAlign: an SSD, which stretches images'
        stated, guessed = UNIT | STRETCH, {}
    return Finding(
        by, 'detection', 'torchvision', roles, stated, guessed, (640, 640), is_sure=is_sure
    )


FAMILY = Family('torchvision detectors', recognise)
