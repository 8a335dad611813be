# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""TensorFlow's detectors: the Object Detection API, TensorFlow Lite and google/automl."""

from __future__ import annotations

import re

import numpy as np

from ..evidence import Evidence, Family, Finding
from ..usual import AS_IS, PLUS_MINUS_ONE, STRETCH

SIZE_WH = (640, 640)
_LITE = re.compile(r'(StatefulPartitionedCall(_\d+)?|TFLite_Detection_PostProcess)(:\d+)?$')
_ORDER = ('boxes', 'classes', 'scores', 'count')


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
        decoder = 'tensorflow_ssd'
        if evidence.outputs[roles['classes']].dtype == np.int32:
            # The API gives floats from 1; NVIDIA's samples end its graphs in EfficientNMS_TRT.
            by, decoder = f'{by}, with classes of type int32, as of EfficientNMS', 'tflite_ssd'
        return Finding(by, 'detection', decoder, roles | count, stated, guessed, SIZE_WH)
    roles = _lite_roles(evidence)
    if roles is not None:
        by = 'outputs named as by the post-processing of TensorFlow Lite'
        return Finding(by, 'detection', 'tflite_ssd', roles, stated, guessed)
    ((name, tensor), *more) = evidence.outputs.items()
    known = evidence.from_tensorflow or name.startswith('detections')
    if not more and known and tensor.shape[1:][1:] == (7,):
        by = 'rows of seven from TensorFlow, as of google/automl'
        roles = {'predictions': name}
        return Finding(by, 'detection', 'efficientdet', roles, stated, guessed, SIZE_WH)
    return None


def _place(name: str) -> int:
    number = name.rpartition(':')[2]
    return int(number) if number.isdecimal() else 0


def _lite_roles(evidence: Evidence) -> dict[str, str] | None:
    """Assign the four tensors by the numbers at the end of their names.

    They rise from the boxes to the count (0 to 3 of the old converter, such as 31 to 34 of the
    new one), or fall.
    """
    if len(evidence.outputs) != len(_ORDER) or not all(map(_LITE.match, evidence.outputs)):
        return None
    names = sorted(evidence.outputs, key=_place)
    if evidence.outputs[names[0]].shape[-1:] != (4,):
        names.reverse()
    if evidence.outputs[names[0]].shape[-1:] != (4,):
        return None
    return dict(zip(_ORDER, names, strict=True))


FAMILY = Family('TensorFlow detectors', recognise)
