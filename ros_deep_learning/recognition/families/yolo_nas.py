# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""YOLO-NAS of super-gradients, and DAMO-YOLO: finished boxes and scores a cell."""

from __future__ import annotations

from ...tasks.decoders.arrays import cell_count
from ..evidence import Evidence, Family, Finding
from ..usual import AS_IS, LETTERBOX, STRETCH, UNIT

_STRIDES = (8, 16, 32)
_DAMO = AS_IS | STRETCH
"""As DAMO-YOLO's ``damo/config/augmentations.py``: mean 0, std 1, and ``keep_ratio: False``.

With ``keep_ratio``, as in its first versions, ``tools/demo.py`` pads right and below with 0, and
``Resize.get_size_ratio`` rounds down.
"""


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise the named outputs of model.export(), or a box and scores a cell."""
    guessed = UNIT | LETTERBOX
    roles = evidence.named(
        count='num_predictions', boxes='pred_boxes', scores='pred_scores', classes='pred_classes'
    )
    if roles is not None:
        by = 'outputs named as those of super-gradients'
        return Finding(by, 'detection', 'labelled_boxes', roles, {}, guessed)
    flat = evidence.named(predictions='flat_predictions')
    if flat is not None:
        by = 'output named as that of super-gradients'
        return Finding(by, 'detection', 'yolo_nas_flat', flat, {}, guessed)
    if len(evidence.outputs) != 2:
        return None
    first, second = evidence.outputs
    shapes = evidence.shapes
    if any(len(shape) != 2 for shape in shapes.values()):
        return None
    cells = cell_count(evidence.size_wh, _STRIDES)
    if shapes[first][0] != cells or shapes[second][0] != cells:
        return None
    if shapes[first][1] == 4 and shapes[second][1] != 4:
        by = 'boxes, then scores of all cells, as of YOLO-NAS'
        roles = {'boxes': first, 'scores': second}
        return Finding(by, 'detection', 'boxes_scores', roles, {}, guessed)
    if shapes[second][1] == 4 and shapes[first][1] != 4:
        by = 'scores, then boxes of all cells, as of DAMO-YOLO'
        roles = {'boxes': second, 'scores': first}
        return Finding(by, 'detection', 'boxes_scores', roles, {}, _DAMO)
    return None


FAMILY = Family('YOLO-NAS and DAMO-YOLO', recognise)
