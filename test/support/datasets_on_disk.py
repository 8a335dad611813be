# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write the same few labelled pictures in each format of data sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

SIZE_WH = (80, 40)
CLASSES = ('cat', 'dog')
# Pictures by name: boxes of (class, x1, y1, x2, y2) in pixels.
BOXES = {
    'a': [(0, 10, 5, 30, 25), (1, 40, 0, 80, 40)],
    'b': [(1, 0, 0, 20, 20)],
}


def write_picture(path: Path, value: int = 90, size_wh: tuple[int, int] = SIZE_WH) -> Path:
    """Write a picture of one grey, or of the end of a name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((*size_wh[::-1], 3), value, np.uint8))
    return path


def write_coco(folder: Path, split: str = 'val') -> dict[str, Any]:
    """Write COCO's layout, with its categories numbered 3 and 17."""
    content: dict[str, Any] = {
        'images': [],
        'annotations': [],
        'categories': [{'id': 17, 'name': 'dog'}, {'id': 3, 'name': 'cat'}],
    }
    for number, (name, boxes) in enumerate(BOXES.items(), 50):
        write_picture(folder / f'{split}2017' / f'{name}.jpg', number)
        image = {'id': number, 'file_name': f'{name}.jpg', 'width': 80, 'height': 40}
        content['images'].append(image)
        for class_id, x1, y1, x2, y2 in boxes:
            one = {
                'id': len(content['annotations']) + 1,
                'image_id': number,
                'category_id': (3, 17)[class_id],
                'bbox': [x1, y1, x2 - x1, y2 - y1],
                'area': (x2 - x1) * (y2 - y1),
                'iscrowd': 0,
            }
            content['annotations'].append(one)
    save_coco(folder, content, split)
    return content


def save_coco(folder: Path, content: object, split: str = 'val') -> Path:
    """Write the JSON file of a split."""
    path = folder / 'annotations' / f'instances_{split}2017.json'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def voc_object(name: str, box: tuple[int, ...], extra: str = '') -> str:
    """Return an object of an annotation."""
    edges = zip(('xmin', 'ymin', 'xmax', 'ymax'), box, strict=True)
    inner = ''.join(f'<{key}>{value}</{key}>' for key, value in edges)
    return f'<object><name>{name}</name>{extra}<bndbox>{inner}</bndbox></object>'


def voc_text(objects: str) -> str:
    """Return an annotation of a picture of SIZE_WH."""
    width, height = SIZE_WH
    size = f'<size><width>{width}</width><height>{height}</height><depth>3</depth></size>'
    return f'<annotation>{size}{objects}</annotation>'


def write_voc(folder: Path) -> None:
    """Write Pascal VOC's layout, with its list of val."""
    for number, (name, boxes) in enumerate(BOXES.items(), 50):
        write_picture(folder / 'JPEGImages' / f'{name}.jpg', number)
        label = folder / 'Annotations' / f'{name}.xml'
        label.parent.mkdir(exist_ok=True)
        objects = ''.join(voc_object(CLASSES[k], tuple(box)) for k, *box in boxes)
        label.write_text(voc_text(objects))
    lists = folder / 'ImageSets' / 'Main'
    lists.mkdir(parents=True)
    (lists / 'val.txt').write_text(''.join(f'{name}\n' for name in BOXES))


def write_yolo(folder: Path) -> None:
    """Write YOLO's layout."""
    for number, (name, boxes) in enumerate(BOXES.items(), 50):
        write_picture(folder / 'images' / 'val' / f'{name}.jpg', number)
        lines = []
        for class_id, x1, y1, x2, y2 in boxes:
            centre = ((x1 + x2) / 160, (y1 + y2) / 80, (x2 - x1) / 80, (y2 - y1) / 40)
            lines.append(f'{class_id} {" ".join(map(str, centre))}\n')
        label = folder / 'labels' / 'val' / f'{name}.txt'
        label.parent.mkdir(parents=True, exist_ok=True)
        label.write_text(''.join(lines))
    (folder / 'data.yaml').write_text('path: .\nval: images/val\nnames: {0: cat, 1: dog}\n')


def write_folders(folder: Path) -> None:
    """Write one folder a class, in the split val."""
    for class_id, name in enumerate(CLASSES):
        for number in range(2):
            write_picture(folder / 'val' / name / f'{number}.png', 50 * class_id + number)


def write_masks(folder: Path) -> None:
    """Write pictures with masks: class 0 left, class 1 right, and a column without a class."""
    mask = np.zeros(SIZE_WH[::-1], np.uint8)
    mask[:, 40:] = 1
    mask[:, -1] = 255
    for number, name in enumerate('ab'):
        write_picture(folder / 'images' / 'val' / f'{name}.jpg', number)
        path = folder / 'masks' / 'val' / f'{name}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), mask)
    (folder / 'classes.txt').write_text('cat\ndog\n')
