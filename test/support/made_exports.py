# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Files of exporters for object detectors, each with one object of class 1."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ros_deep_learning.cards.labels import load_labels
from ros_deep_learning.cards.zoo import zoo_folder

SIZE = 320
SHARES = np.array([0.25, 0.25, 0.5, 0.625])
EDGES = SHARES * SIZE
CENTRE = np.array([0.375, 0.4375, 0.25, 0.375])
IMAGE = [1, 3, SIZE, SIZE]
CELLS = 40 * 40 + 20 * 20 + 10 * 10
OPEN = ['batch', 3, 'height', 'width']


def rows(count: int, row: NDArray[Any] | list[float], place: int = 7) -> NDArray[np.float32]:
    """Return a table of zeros with one row, with a batch axis."""
    table = np.zeros((1, count, len(row)), np.float32)
    table[0, place] = row
    return table


def scored(box: NDArray[Any], classes: int, best: int, *before: float) -> NDArray[np.float32]:
    """Return a row of a box, further numbers, and a score of 0.9 for one class."""
    scores = np.zeros(classes)
    scores[best] = 0.9
    return np.concatenate([box, before, scores]).astype(np.float32)


def ultralytics(names: object, **more: str) -> dict[str, str]:
    """Return the metadata of Ultralytics."""
    text = names if isinstance(names, str) else str(dict(enumerate(names)))
    base = {
        'author': 'Ultralytics',
        'task': 'detect',
        'stride': '32',
        'imgsz': f'[{SIZE}, {SIZE}]',
    }
    return base | {'names': text} | more


COCO80, COCO90 = (load_labels(zoo_folder() / 'labels' / f'coco{count}.txt') for count in (80, 90))
ABC = ['a', 'b', 'c']
PIXELS = CENTRE * SIZE
YOLO = rows(CELLS, scored(PIXELS, 3, 1)).transpose(0, 2, 1)
YOLOV5 = rows(3 * CELLS, scored(PIXELS, 3, 1, 1.0))
POSE = rows(CELLS, np.concatenate([scored(PIXELS, 1, 0), [300.0] * 51])).transpose(0, 2, 1)
MASKED = rows(CELLS, np.concatenate([scored(PIXELS, 3, 1), [9.0] * 32])).transpose(0, 2, 1)
PROTOTYPES = np.zeros((1, 32, 80, 80), np.float32)
LABELLED = {
    'boxes': rows(9, EDGES, 0),
    'scores': rows(9, [0.9], 0)[..., 0],
    'labels': rows(9, [1], 0)[..., 0].astype(np.int64),
}


@dataclass(frozen=True)
class Export:
    """A file of an exporter, with one object of class 1."""

    name: str
    decoder: str
    outputs: dict[str, NDArray[Any]]
    label: str = '1'
    inputs: dict[str, list[Any]] = field(default_factory=lambda: {'images': IMAGE})
    more: dict[str, Any] = field(default_factory=dict)
    spec: dict[str, Any] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    beside: dict[str, Any] = field(default_factory=dict)


def of_ultralytics(
    name: str, decoder: str, output: NDArray[Any], meta: dict[str, str], **more: Any
):
    """Return an export of Ultralytics."""
    label = more.pop('label', 'b')
    outputs = {'output0': output} | more.pop('outputs', {})
    inputs = {'images': more.pop('image', IMAGE)}
    return Export(name, decoder, outputs, label, inputs, {'metadata': meta} | more)


def finished(score: int, class_id: int, columns: list[int], width: int) -> NDArray[np.float32]:
    """Return a finished row."""
    row = np.zeros(width)
    row[columns], row[score], row[class_id] = EDGES, 0.9, 1
    return row.astype(np.float32)


END = rows(300, finished(4, 5, [0, 1, 2, 3], 6))
DETR_LOGITS = np.full((1, 300, 4), -9, np.float32)
DETR_LOGITS[0, 7, 1] = 2.1972246
DETR_BOXES = rows(300, CENTRE)
ONE_OF_TWO = rows(300, scored(CENTRE, 2, 1))
CUSTOM_VISION = np.zeros((1, 5, 7, 10, 10), np.float32)
CUSTOM_VISION[:, :, 4] = -9
# The third anchor has 3.34 x 5.47 cells of 32 pixels; the box has 2.5 x 3.75 around 3.75, 4.375.
CUSTOM_VISION[0, 2, :, 4, 3] = [
    0.75, 0.375, np.log(2.5 / 3.34), np.log(3.75 / 5.47), np.log(9), -20, 20]  # fmt: skip
CUSTOM_VISION = CUSTOM_VISION.reshape(1, 35, 10, 10)
DYNAMIC = {'declared': {'output0': ['batch', -1, 'anchors']}, 'image': OPEN}


def distances(bins: int) -> NDArray[np.float32]:
    """Return logits of distances of three strides to each edge."""
    logits = np.zeros((4, bins))
    logits[:, 3] = 30
    return logits.ravel().astype(np.float32)
