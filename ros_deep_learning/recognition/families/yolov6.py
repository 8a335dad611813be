# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""YOLOv6 of Meituan, known by 'images' and 'outputs'."""

from __future__ import annotations

from ...tasks.decoders.arrays import cell_count
from ..evidence import Evidence, Family, Finding
from ..usual import LETTERBOX, UNIT

_STRIDES = ((8, 16, 32), (8, 16, 32, 64))


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise a row a cell; its boxes are in pixels, its objectness is always 1."""
    ((name, tensor), *more) = evidence.outputs.items()
    shape = tensor.shape[1:]
    if more or len(shape) != 2 or (evidence.input_name, name) != ('images', 'outputs'):
        return None
    counts = [cell_count(evidence.size_wh, strides) for strides in _STRIDES]
    if shape[0] not in counts or shape[1] < 6:
        return None
    by = "a row a cell from 'images' to 'outputs', as of YOLOv6"
    return Finding(by, 'detection', 'yolov5', {'predictions': name}, {}, UNIT | LETTERBOX)


FAMILY = Family('YOLOv6', recognise)
