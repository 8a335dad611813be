# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""YOLOX of Megvii, raw or with --decode_in_inference."""

from __future__ import annotations

from ...tasks.decoders.arrays import cell_count
from ...tasks.decoders.yolox import STRIDES
from ..evidence import Evidence, Family, Finding
from ..usual import YOLOX


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise a row a cell, of more than five fields, between 'images' and 'output'."""
    ((name, tensor), *more) = evidence.outputs.items()
    shape = tensor.shape[1:]
    if more or len(shape) != 2 or (evidence.input_name, name) != ('images', 'output'):
        return None
    rows, fields = shape
    if rows != cell_count(evidence.size_wh, STRIDES) or fields < 6:
        return None
    if evidence.labels and fields != 5 + len(evidence.labels):
        return None
    # Exp turns the widths and heights into pixels; a raw export has none.
    decoded = 'Exp' in evidence.facts.ends.operators
    how = 'with Exp, so of --decode_in_inference' if decoded else 'without Exp, so raw'
    by = f"a row a cell from 'images' to 'output' as of YOLOX, {how}"
    decoder = 'yolov5' if decoded else 'yolox'
    return Finding(by, 'detection', decoder, {'predictions': name}, {}, YOLOX)


FAMILY = Family('YOLOX', recognise)
