# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""YOLO-NAS of super-gradients, and DAMO-YOLO: finished boxes and scores a cell."""

from __future__ import annotations

import re

from ...tasks.decoders.arrays import cell_count
from ..evidence import Evidence, Family, Finding
from ..usual import AS_IS, LETTERBOX, STRETCH, UNIT

_STRIDES = (8, 16, 32)
_GIVEN = re.compile('box|score|pred|cls|class|conf', re.IGNORECASE)
"""Words in names that a user gave; ``convert_to_onnx`` and DAMO-YOLO give the second none."""
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
    if shapes[first][1] == shapes[second][1] == 4:
        # Four classes: the order tells, and the proof refuses scores that are read as boxes.
        boxes, scores = (second, first) if first == 'output' else (first, second)
    elif 4 in (shapes[first][1], shapes[second][1]):
        boxes, scores = (first, second) if shapes[first][1] == 4 else (second, first)
    else:
        return None
    if re.search('score|conf|cls|class|prob', boxes, re.IGNORECASE):
        return None
    roles = {'boxes': boxes, 'scores': scores}
    if boxes == first and not re.search(_GIVEN, first + second):
        by = 'boxes, then scores of all cells without names, as of YOLO-NAS'
        return Finding(by, 'detection', 'boxes_scores', roles, {}, guessed)
    if (evidence.input_name, scores) == ('images', 'output') and boxes.isdecimal():
        by = "scores of all cells from 'images' to 'output', then boxes, as of DAMO-YOLO"
        return Finding(by, 'detection', 'boxes_scores', roles, {}, _DAMO)
    by = f'a box ({boxes!r}) and scores ({scores!r}) for each cell'
    return Finding(
        by, 'detection', 'boxes_scores', roles, is_sure=False, alternatives=(guessed, _DAMO)
    )


FAMILY = Family('YOLO-NAS and DAMO-YOLO', recognise)
