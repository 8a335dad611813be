# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""NanoDet and NanoDet-Plus, known by the names and sizes of their tensors."""

from __future__ import annotations

import re

from ...errors import CardError
from ...tasks.decoders.arrays import cell_count
from ...tasks.decoders.nanodet_plus import BINS, LEVELS
from ..evidence import Evidence, Family, Finding
from ..usual import NANODET

_FOUR = (8, 16, 32, 64)
_OLD = re.compile(r'nanodet[-_]?(m|g|t|efficientlite|repvgg)', re.IGNORECASE)


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise one table from 'data' to 'output', or three pairs of tables, one a grid."""
    if len(evidence.outputs) == 6:
        return _levels(evidence)
    ((name, tensor), *more) = evidence.outputs.items()
    shape = tensor.shape[1:]
    if more or len(shape) != 2 or (evidence.input_name, name) != ('data', 'output'):
        return None
    rows, fields = shape
    four = rows == cell_count(evidence.size_wh, _FOUR)
    if not four and rows != cell_count(evidence.size_wh, LEVELS):
        return None
    count = len(evidence.labels) or fields - 4 * BINS
    if not evidence.labels and count < 1:
        msg = (
            f'{evidence.path} seems to be NanoDet-Plus, by its tensors, but its {fields} fields '
            f'are too few for classes and the usual {BINS} logits an edge; to fix: --labels '
            '(parameter class_labels_path)'
        )
        raise CardError(msg)
    if count < 1 or (fields - count) % 4 or fields - count < 8:
        return None
    by = "a row a cell from 'data' to 'output', as of NanoDet-Plus"
    decoder = 'nanodet_plus'
    if not four and _OLD.search(evidence.stem):
        by, decoder = "a row a cell from 'data' to 'output', and the file's name", 'nanodet_raw'
    roles = {'predictions': name}
    # Without labels, the number of classes is what eight logits an edge leave.
    is_sure = four and bool(evidence.labels)
    return Finding(by, 'detection', decoder, roles, {}, NANODET, None, is_sure=is_sure)


def _levels(evidence: Evidence) -> Finding | None:
    shapes = evidence.shapes
    if any(len(shape) != 2 for shape in shapes.values()):
        return None
    roles: dict[str, str] = {}
    for stride in LEVELS:
        cells = cell_count(evidence.size_wh, (stride,))
        pair = [name for name, shape in shapes.items() if shape[0] == cells]
        if len(pair) != 2:
            return None
        # The scores come first; three tensors of them, then three of distances.
        roles[f'scores_{stride}'], roles[f'boxes_{stride}'] = pair
    if any(shapes[roles[f'boxes_{stride}']][1] % 4 for stride in LEVELS):
        return None
    by = 'scores and distances of three grids, as of the first versions of NanoDet'
    return Finding(by, 'detection', 'nanodet_levels', roles, {}, NANODET)


FAMILY = Family('NanoDet', recognise)
