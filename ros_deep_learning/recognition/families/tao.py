# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""NVIDIA TAO's detectors that end in TensorRT's BatchedNMS, and its DetectNet_v2."""

from __future__ import annotations

from ..evidence import Evidence, Family, Finding
from ..usual import CAFFE_MEAN, STRETCH, UNIT


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise by the names of the outputs."""
    roles = evidence.named(
        count='^BatchedNMS$', boxes='^BatchedNMS_1$', scores='^BatchedNMS_2$', classes='_3$'
    )
    if roles is not None:
        by = 'outputs named as by NVIDIA TAO'
        return Finding(by, 'detection', 'labelled_shares', roles, {}, CAFFE_MEAN | STRETCH)
    roles = evidence.named(coverage='output_cov', boxes='output_bbox')
    if roles is not None:
        by = 'outputs named as by NVIDIA TAO'
        return Finding(by, 'detection', 'detectnet_v2', roles, UNIT | STRETCH)
    return None


FAMILY = Family('NVIDIA TAO', recognise)
