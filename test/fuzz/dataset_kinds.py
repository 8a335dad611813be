# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Labels of data sets: whole ones, small, and what reads them beside a picture."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from ros_deep_learning.datasets.mask_files import read_mask
from ros_deep_learning.datasets.opening import open_dataset
from ros_deep_learning.errors import DatasetError

_DATA_YAML = 'names: [cat, dog]\nval: .\n'


def coco() -> list[bytes]:
    """Return COCO's JSON of one picture."""
    boxes = [
        {'id': k, 'image_id': 5, 'category_id': k, 'bbox': [1, 2, 3, 4], 'area': 12, 'iscrowd': 0}
        for k in (1, 2)
    ]
    boxes[0]['segmentation'] = [[1, 1, 9, 1, 9, 9]]
    boxes[1]['segmentation'] = {'size': [30, 40], 'counts': [100, 50, 1050]}
    content = {
        'images': [{'id': 5, 'file_name': 'file.png', 'width': 40, 'height': 30}],
        'categories': [{'id': 1, 'name': 'cat'}, {'id': 2, 'name': 'dog'}],
        'annotations': boxes,
    }
    return [json.dumps(content).encode()]


def voc() -> list[bytes]:
    """Return an annotation of VOC with two objects."""
    box = '<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>9</xmax><ymax>8</ymax></bndbox>'
    objects = ''.join(f'<object><name>{name}</name>{box}</object>' for name in ('cat', 'dog'))
    size = '<size><width>40</width><height>30</height></size>'
    return [f'<annotation>{size}{objects}</annotation>'.encode()]


def cvat() -> list[bytes]:
    """Return an export of CVAT with a box, and one with a polygon and runs."""
    labels = '<meta><labels><label><name>cat</name></label></labels></meta>'
    box = '<box label="cat" xtl="1" ytl="2" xbr="9" ybr="8" rotation="10"/>'
    area = '<polygon label="cat" points="1,1;9,1;9,9" z_order="1"/>'
    area += '<mask label="cat" rle="2,3,7" left="1" top="1" width="4" height="3"/>'
    head, end = '<image name="file.png" width="40" height="30">', '</image></annotations>'
    return [f'<annotations>{labels}{head}{one}{end}'.encode() for one in (box, area)]


def label_studio() -> list[bytes]:
    """Return an export of Label Studio with a box, and one with a polygon."""
    exports = []
    for kind, value in (
        ('rectanglelabels', {'x': 20, 'y': 10, 'width': 30, 'height': 40, 'rotation': 5}),
        ('polygonlabels', {'points': [[1, 1], [50, 1], [50, 50]]}),
    ):
        one = {'type': kind, 'original_width': 40, 'original_height': 30}
        one['value'] = {**value, kind: ['cat']}
        task = {'data': {'image': '/data/upload/file.png'}, 'annotations': [{'result': [one]}]}
        exports.append(json.dumps([task]).encode())
    return exports


def yolo_labels() -> list[bytes]:
    """Return a box a line, and a polygon."""
    return [b'0 0.5 0.5 0.25 0.5\n1 0.2 0.2 0.1 0.1\n', b'1 0.1 0.1 0.9 0.1 0.9 0.9\n']


def yolo_configurations() -> list[bytes]:
    """Return files data.yaml."""
    return [_DATA_YAML.encode(), b'path: .\nnc: 2\nnames:\n  0: cat\n  1: dog\nval: [.]\n']


def masks() -> list[bytes]:
    """Return PNGs of class numbers, and one of a palette of 16 colours."""
    numbers = np.random.default_rng(0).integers(0, 2, (30, 40), np.uint8)
    grey = cv2.imencode('.png', numbers)[1].tobytes()
    two = cv2.imencode('.png', numbers * 255, [cv2.IMWRITE_PNG_BILEVEL, 1])[1].tobytes()
    # Only the header's kind of colour is another; the palette follows it.
    palette = b'\0\0\0\x06PLTE\0\0\0\xff\xff\xff\0\0\0\0'
    return [grey, two, two[:25] + b'\3' + two[26:33] + palette + two[33:]]


def read_as_data_set(path: Path) -> None:
    """Read a JSON or YAML file, or a label beside a picture of its name."""
    _write_picture(path)
    top = path if path.suffix in ('.json', '.yaml') else path.parent
    if path.suffix == '.txt':
        top = path.with_suffix('.yaml')
        top.write_text(_DATA_YAML)
    elif path.suffix == '.yaml':
        path.with_suffix('.txt').write_bytes(yolo_labels()[0])
    _read(top, None)


def read_outlines(path: Path) -> None:
    """Read a file of COCO as outlines, and draw them."""
    _write_picture(path)
    _read(path, 'coco-masks')


def read_cvat(path: Path) -> None:
    """Read an export of CVAT."""
    _write_picture(path)
    _read(path, None)


def _write_picture(path: Path) -> None:
    picture = path.with_suffix('.png')
    if not picture.exists():
        assert cv2.imwrite(str(picture), np.zeros((30, 40, 3), np.uint8))


def _read(top: Path, format_name: str | None) -> None:
    found = open_dataset(top, split=None, format_name=format_name)
    for name in found.classes:
        assert name.isprintable()
    for sample in found.samples:
        if sample.boxes is not None:
            assert np.isfinite(sample.boxes.areas_in_pixels((40, 30))).all()
        elif sample.mask is not None:
            assert read_mask(sample.mask).ndim == 2
    if found.problems:
        raise DatasetError(str(found.problems[0]))


def read_as_mask(path: Path) -> None:
    """Read class numbers."""
    assert read_mask(path).ndim == 2
