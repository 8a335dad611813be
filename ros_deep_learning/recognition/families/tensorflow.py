# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""TensorFlow's detectors: the Object Detection API, TensorFlow Lite and google/automl."""

from __future__ import annotations

import re

from ..evidence import Evidence, Family, Finding
from ..usual import AS_IS, PLUS_MINUS_ONE, STRETCH

SIZE_WH = (640, 640)
_LITE = re.compile(r'StatefulPartitionedCall(_\d+)?:[0-3]$|TFLite_Detection_PostProcess(:[0-3])?$')
_PLACES = {3: 'boxes', 2: 'classes', 1: 'scores', 0: 'count'}
_OLD_PLACES = {0: 'boxes', 1: 'classes', 2: 'scores', 3: 'count'}


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise by the names of the outputs; boxes are shares except for google/automl's."""
    # A type of whole numbers means that the network normalises the images itself.
    whole = evidence.image.dtype is not None and evidence.image.dtype.kind in 'iu'
    stated, guessed = (AS_IS | STRETCH, {}) if whole else ({}, PLUS_MINUS_ONE | STRETCH)
    roles = evidence.named(
        boxes='^detection_boxes', classes='^detection_classes', scores='^detection_scores'
    )
    if roles is not None:
        count = evidence.named(count='^num_detections') or {}
        by = 'outputs named as by the TensorFlow Object Detection API'
        if not whole:
            stated, guessed = {}, AS_IS | STRETCH
        return Finding(by, 'detection', 'tensorflow_ssd', roles | count, stated, guessed, SIZE_WH)
    roles = _lite_roles(evidence)
    if roles is not None:
        by = 'outputs named as by the post-processing of TensorFlow Lite'
        return Finding(by, 'detection', 'tflite_ssd', roles, stated, guessed)
    ((name, tensor), *more) = evidence.outputs.items()
    if not more and evidence.from_tensorflow and tensor.shape[1:][1:] == (7,):
        by = 'rows of seven from tf2onnx, as of google/automl'
        roles = {'predictions': name}
        return Finding(by, 'detection', 'efficientdet', roles, stated, guessed, SIZE_WH)
    return None


def _lite_roles(evidence: Evidence) -> dict[str, str] | None:
    """Assign the four tensors by the number at the end of their names."""
    if len(evidence.outputs) != 4 or not all(map(_LITE.match, evidence.outputs)):
        return None
    roles = {}
    for name in evidence.outputs:
        place = int(name[-1]) if name[-2] == ':' else 0
        roles[(_OLD_PLACES if name.startswith('TFLite') else _PLACES)[place]] = name
    shapes = evidence.shapes
    fits = len(roles) == 4 and shapes[roles['boxes']][1:] == (4,)
    return roles if fits and len(shapes[roles['scores']]) == 1 else None


FAMILY = Family('TensorFlow detectors', recognise)
