# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Ultralytics: YOLOv3u to YOLO26 and RT-DETR, known by their metadata."""

from __future__ import annotations

import re

from ...cards.labels import labels_in_metadata
from ...errors import CardError
from ..conventions import is_ultralytics
from ..evidence import Evidence, Family, Finding
from ..usual import ANTIALIASED, LETTERBOX, STRETCH, UNIT

SIZE_WH = (640, 640)
_FINISHED = 6
"""Fields of a finished object: four of the box, score and class."""

_DETECTORS = ('detect', 'segment', 'pose')


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise by author, task, head, end2end and the number of names."""
    if not is_ultralytics(evidence.metadata):
        return None
    task = evidence.metadata.get('task', 'detect')
    by = f'metadata of Ultralytics, task {task}'
    name = next(iter(evidence.outputs))
    if task == 'classify':
        stated = UNIT | ANTIALIASED | {'resize': 'crop'}
        return Finding(by, 'classification', None, {'probabilities': name}, stated)
    if task == 'semantic':
        return Finding(by, 'segmentation', None, {'scores': name}, UNIT | LETTERBOX)
    if task not in _DETECTORS:
        msg = (
            f'{evidence.path} is made for {task!r} by the metadata of Ultralytics, which this '
            'package does not run; it runs detect, segment and pose (boxes only), classify and '
            'semantic'
        )
        raise CardError(msg)
    decoder, roles = _decoder(evidence, task, name)
    is_rtdetr = decoder.startswith('rtdetr_')
    if task != 'detect':
        by += ' (boxes only)'
    if head := evidence.metadata.get('head'):
        by += f', head {head}'
    return Finding(
        by, 'detection', decoder, roles, UNIT | (STRETCH if is_rtdetr else LETTERBOX), {}, SIZE_WH
    )


def _decoder(evidence: Evidence, task: str, name: str) -> tuple[str, dict[str, str]]:
    metadata, shapes = evidence.metadata, evidence.shapes
    classes = len(labels_in_metadata(metadata))
    predictions = {'predictions': name}
    shape = shapes[name] if len(shapes[name]) == 2 else (-1, -1)
    finished = metadata.get('end2end') == 'True' or "'nms': True" in metadata.get('args', '')
    # Rows first: a row an object. Else there is a plane for each of 4 + C fields.
    widths = [_FINISHED, 4 + classes] + [-1] * (task == 'detect' and classes > 0)
    by_rows = shape[0] > 0 and shape[0] != 4 + classes and shape[1] in widths
    if 'RTDETR' in metadata.get('head', ''):
        own = shape[1] == 4 + classes != _FINISHED
        return ('rtdetr_rows' if own else 'rtdetr_end_to_end'), predictions
    if by_rows and not finished and 'head' not in metadata:
        # Until 2026 only the description tells RT-DETR where fields are six, or open.
        described = re.search('rt-?detr', metadata.get('description', ''), re.IGNORECASE)
        told = shape[1] == 4 + classes != _FINISHED
        if told or (described and shape[1] in (-1, 4 + classes)):
            return 'rtdetr_rows', predictions
    if finished or (by_rows and (shape[1] == _FINISHED or shape[1] != 4 + classes)):
        return 'end_to_end', predictions
    if task == 'pose':
        return 'yolo_pose', predictions
    if task == 'segment':
        prototypes = [key for key, sizes in shapes.items() if len(sizes) == 3]
        if len(prototypes) == 1:
            return 'yolo_segment', predictions | {'prototypes': prototypes[0]}
    return 'yolov8', predictions


FAMILY = Family('Ultralytics', recognise)
