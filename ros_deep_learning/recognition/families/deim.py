# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""RT-DETR, D-FINE and DEIM from their own repositories, known by orig_target_sizes."""

from __future__ import annotations

from ..evidence import Evidence, Family, Finding
from ..usual import STRETCH, UNIT


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise by the second input, and by the names of the outputs."""
    if 'orig_target_sizes' not in evidence.facts.inputs:
        return None
    roles = evidence.named(boxes='boxes', classes='labels', scores='scores')
    if roles is None:
        return None
    by = 'the input orig_target_sizes of RT-DETR, D-FINE and DEIM'
    return Finding(by, 'detection', 'labelled_boxes', roles, UNIT | STRETCH, {}, (640, 640))


FAMILY = Family('RT-DETR, D-FINE, DEIM', recognise)
