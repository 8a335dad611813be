# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of detectors whose class numbers, grids or inputs are unlike those of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported import write_exported
from made_exports import (
    ABC,
    COCO80,
    COCO90,
    DETR_BOXES,
    EDGES,
    IMAGE,
    PROTOTYPES,
    SHARES,
    SIZE,
    YOLO,
    distances,
    rows,
    ultralytics,
)
from numpy.typing import NDArray

from ros_deep_learning import DetectNet, EngineOptions
from ros_deep_learning.errors import CardError
from ros_deep_learning.recognition.custom import card_from_file
from ros_deep_learning.recognition.hints import Hints


@pytest.mark.parametrize(
    ('strides', 'bins', 'labels', 'stem', 'box'),
    [
        ((8, 16, 32, 64), 8, (), 'net', (16, 0, 64, 48)),
        ((8, 16, 32), 8, (), 'net', (16, 0, 64, 48)),
        ((8, 16, 32), 8, (), 'nanodet-m', (20, 4, 68, 52)),
        ((8, 16, 32), 11, tuple(ABC), 'net', (16, 0, 64, 48)),
    ],
)
def test_nanodets_grids_and_distributions(
    tmp_path: Path,
    strides: tuple[int, ...],
    bins: int,
    labels: tuple[str, ...],
    stem: str,
    box: Any,
) -> None:
    cells = sum((SIZE // stride) ** 2 for stride in strides)
    # The cell of column 5 and row 3 of the first grid.
    row = np.concatenate([[0, 0.9, 0], distances(bins)])
    table = rows(cells, row, 3 * (SIZE // 8) + 5)
    path = tmp_path / f'{stem}.onnx'
    write_exported(path, {'output': table}, inputs={'data': IMAGE})
    names = tmp_path / 'labels.txt'
    names.write_text('\n'.join(labels))
    card = card_from_file(path, None, Hints(labels=names if labels else None))
    with DetectNet(card, threshold=0.5) as net:
        (found,) = net.detect(np.zeros((SIZE, SIZE, 3), np.uint8))
    assert found.class_id == 1
    assert found.box_xyxy == pytest.approx(box, abs=0.01)


def test_nanodets_first_form(tmp_path: Path) -> None:
    outputs = {}
    for stride in (8, 16, 32):
        outputs[f'cls_pred_stride_{stride}'] = rows((SIZE // stride) ** 2, [0, 0, 0])
    for stride in (8, 16, 32):
        outputs[f'dis_pred_stride_{stride}'] = rows((SIZE // stride) ** 2, distances(8), 25)
    outputs['cls_pred_stride_16'][0, 25, 1] = 0.9
    numbered = {str(700 + k): array for k, array in enumerate(outputs.values())}
    for tensors in (outputs, numbered):
        path = write_exported(tmp_path / 'net.onnx', tensors, inputs={'input.1': IMAGE})
        card = card_from_file(path)
        assert card.decoder == 'nanodet_levels'
        with DetectNet(card, threshold=0.5) as net:
            (found,) = net.detect(np.zeros((SIZE, SIZE, 3), np.uint8))
        # Column 5 of row 1 of 20: its centre is (88, 24), the distances are 48.
        assert found.box_xyxy == pytest.approx((40, 0, 136, 72), abs=0.01)


@pytest.mark.parametrize(
    ('outputs', 'inputs', 'metadata', 'message'),
    [
        ({'output0': YOLO}, {'images': IMAGE}, ultralytics(ABC, task='obb'), "made for 'obb'"),
        (
            {'masks': PROTOTYPES, 'iou_predictions': rows(1, [1], 0)},
            {'image_embeddings': [1, 256, 64, 64]},
            {},
            'a part of Segment Anything',
        ),
        (
            {'logits_per_image': np.zeros((1, 3), np.float32)},
            {'pixel_values': IMAGE, 'input_ids': ['batch', 77]},
            {},
            'a network that reads text',
        ),
        (
            {'predicted_depth': np.zeros((1, 9, 9), np.float32)},
            {'pixel_values': IMAGE},
            {},
            'a network for depth',
        ),
    ],
)
def test_what_cannot_be_run_is_refused_with_the_reason(
    tmp_path: Path, outputs: Any, inputs: Any, metadata: dict[str, str], message: str
) -> None:
    path = write_exported(tmp_path / 'net.onnx', outputs, inputs=inputs, metadata=metadata)
    with pytest.raises(CardError, match=message):
        card_from_file(path)


def of_class(table: NDArray[Any], number: int, logits: int) -> NDArray[np.float32]:
    """Return logits of so many classes that choose one in the seventh row."""
    found = np.full((1, table.shape[1], logits), -9, np.float32)
    found[0, 7, number] = 9
    return found


HORSE = {80: 17, 90: 18, 91: 19}
"""Number of the horse, whose category in COCO is 19: 80 names in a row, from 1, or from 0."""


@pytest.mark.parametrize('count', [80, 90, 91])
@pytest.mark.parametrize(
    ('inputs', 'outputs'),
    [
        ('input', {'dets': DETR_BOXES, 'labels': of_class(DETR_BOXES, 19, 91)}),
        ('pixel_values', {'logits': of_class(DETR_BOXES, 19, 91), 'pred_boxes': DETR_BOXES}),
        ('pixel_values', {'logits': of_class(DETR_BOXES, 19, 92), 'pred_boxes': DETR_BOXES}),
        ('input', {'boxes': EDGES[None].astype(np.float32), 'labels': np.array([19]),
                   'scores': np.float32([0.9])}),
        ('input', {'detection_boxes': rows(9, SHARES[[1, 0, 3, 2]], 0),
                   'detection_scores': rows(9, [0.9], 0)[..., 0],
                   'detection_classes': rows(9, [19], 0)[..., 0]}),
        ('input', {f'StatefulPartitionedCall:{k}': value for k, value in enumerate((
            np.float32([9]), rows(9, [0.9], 0)[..., 0], rows(9, [18], 0)[..., 0],
            rows(9, SHARES[[1, 0, 3, 2]], 0)))}),
    ],
    ids=['rfdetr', 'hf_deformable', 'hf_detr', 'torchvision', 'tensorflow', 'tflite'],
)  # fmt: skip
def test_numbers_of_coco_have_holes(
    inputs: str, outputs: dict[str, NDArray[Any]], count: int, tmp_path: Path
) -> None:
    labels = COCO80 if count == 80 else ('N/A',) * (count - 90) + COCO90
    assert labels[HORSE[count]] == 'horse'
    path = tmp_path / 'labels.txt'
    path.write_text('\n'.join(labels))
    net = write_exported(tmp_path / 'net.onnx', outputs, inputs={inputs: IMAGE})
    with DetectNet(net, labels=path, threshold=0.5) as network:
        found = network.detect(np.zeros((SIZE, SIZE, 3), np.uint8))
    assert [one.label for one in found] == ['horse']


def test_ninety_other_labels_are_not_those_of_coco(tmp_path: Path) -> None:
    path = tmp_path / 'labels.txt'
    path.write_text('\n'.join(f'c{k}' for k in range(90)))
    tables = {'dets': DETR_BOXES, 'labels': of_class(DETR_BOXES, 19, 91)}
    net = write_exported(tmp_path / 'net.onnx', tables, inputs={'input': IMAGE})
    with DetectNet(net, labels=path, threshold=0.5) as network:
        found = network.detect(np.zeros((SIZE, SIZE, 3), np.uint8))
    assert [one.label for one in found] == ['c19']


@pytest.mark.parametrize(('last', 'decoder'), [('Sigmoid', 'centernet'), ('Identity', None)])
def test_the_end_of_the_graph_tells_centernets(
    tmp_path: Path, last: str, decoder: str | None
) -> None:
    sizes = {'hm': 3, 'wh': 2, 'reg': 2}
    outputs = {name: np.zeros((1, planes, 80, 80), np.float32) for name, planes in sizes.items()}
    path = write_exported(tmp_path / 'net.onnx', outputs, inputs={'x': IMAGE}, last=last)
    if decoder is None:
        with pytest.raises(CardError, match=r'centernet \(.* or centernet_raw \('):
            card_from_file(path)
    else:
        assert card_from_file(path).decoder == decoder


def test_open_logits_of_unknown_classes_are_a_question(tmp_path: Path) -> None:
    outputs = {'logits': np.zeros((1, 300, 7), np.float32), 'pred_boxes': DETR_BOXES}
    path = write_exported(
        tmp_path / 'net.onnx',
        outputs,
        inputs={'pixel_values': IMAGE},
        declared={'logits': ['b', 'q', 7]},
    )
    with pytest.raises(CardError, match=r'detr \(.* or rtdetr \('):
        card_from_file(path)


def test_images_without_batch_axis_run_one_by_one(tmp_path: Path) -> None:
    outputs = {
        'boxes': EDGES[None].astype(np.float32),
        'scores': np.array([0.9], np.float32),
        'labels': np.array([1]),
    }
    path = write_exported(tmp_path / 'net.onnx', outputs, inputs={'image': ['b', *IMAGE[1:]]})
    image = np.zeros((SIZE, SIZE, 3), np.uint8)
    with DetectNet(path, options=EngineOptions(max_batch=4)) as net:
        assert net.max_batch == 1
        assert [len(found) for found in net.detect_batch([image] * 3)] == [1, 1, 1]


@pytest.mark.parametrize('shape', [['b', 'h', 'w', 4], [1, SIZE, SIZE, 6], ['b', 4, 'h', 'w']])
def test_other_numbers_of_channels_are_refused(tmp_path: Path, shape: list[Any]) -> None:
    path = write_exported(tmp_path / 'net.onnx', {'output0': YOLO}, inputs={'images': shape})
    with pytest.raises(CardError, match=r'takes [46] channels .* does not run'):
        card_from_file(path)


def test_a_list_of_images_with_the_channels_last(tmp_path: Path) -> None:
    outputs = {
        'boxes': EDGES[None].astype(np.float32),
        'scores': np.array([0.9], np.float32),
        'labels': np.array([1]),
    }
    path = write_exported(tmp_path / 'net.onnx', outputs, inputs={'image': [SIZE, SIZE, 3]})
    with DetectNet(path) as net:
        assert net.card.input.layout == 'nhwc'
        assert len(net.detect(np.zeros((SIZE, SIZE, 3), np.uint8))) == 1
