# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Ultralytics: YOLOv3u to YOLO26 and RT-DETR, known by their metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...cards.labels import labels_in_metadata
from ...errors import CardError
from ..conventions import is_ultralytics
from ..evidence import Evidence, Family, Finding
from ..usual import LETTERBOX, STRETCH, UNIT

SIZE_WH = (640, 640)
_DETECTORS = ('detect', 'segment', 'pose')


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise by author, task, head, end2end and the number of names."""
    if not is_ultralytics(evidence.metadata):
        return None
    task = evidence.metadata.get('task', 'detect')
    by = f'metadata of Ultralytics, task {task}'
    name = next(iter(evidence.outputs))
    if task == 'classify':
        return Finding(
            by, 'classification', None, {'probabilities': name}, UNIT | {'resize': 'crop'}
        )
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
    is_rtdetr = decoder.startswith('rtdetr')
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
    is_rtdetr = 'RTDETR' in metadata.get('head', '') or (
        'head' not in metadata
        and shape[0] > 0
        and shape[1] == 4 + classes
        and _is_rtdetr_of_two(evidence, shape)
    )
    if is_rtdetr and 'head' not in metadata:
        return 'rtdetr_rows', predictions
    if _is_end_to_end(metadata, shape, classes):
        return ('rtdetr_end_to_end' if is_rtdetr else 'end_to_end'), predictions
    if is_rtdetr:
        return 'rtdetr_rows', predictions
    if task == 'pose':
        return 'yolo_pose', predictions
    if task == 'segment':
        prototypes = [key for key, sizes in shapes.items() if len(sizes) == 3]
        if len(prototypes) == 1:
            return 'yolo_segment', predictions | {'prototypes': prototypes[0]}
    return 'yolov8', predictions


def _is_rtdetr_of_two(evidence: Evidence, shape: tuple[int, ...]) -> bool:
    """Return whether rows are those of RT-DETR: six fields may also be finished boxes."""
    if evidence.metadata.get('end2end') == 'True' or "'nms': True" in evidence.metadata.get(
        'args', ''
    ):
        return False
    described = re.search('rt-?detr', evidence.metadata.get('description', ''), re.IGNORECASE)
    return shape[1] != 6 or described is not None


def _is_end_to_end(metadata: Mapping[str, str], shape: tuple[int, ...], classes: int) -> bool:
    if metadata.get('end2end') == 'True' or "'nms': True" in metadata.get('args', ''):
        return True
    return shape[1] == 6 and shape[0] != 4 + classes


FAMILY = Family('Ultralytics', recognise)
