# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of each family with other class counts, sizes, names and axes than test/cases has."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from exported import write_exported
from numpy.typing import NDArray

from ros_deep_learning import DetectNet, EngineOptions, ImageNet
from ros_deep_learning.cards.card import ModelCard
from ros_deep_learning.cards.labels import load_labels
from ros_deep_learning.cards.zoo import zoo_folder
from ros_deep_learning.errors import CardError
from ros_deep_learning.recognition.custom import card_from_file
from ros_deep_learning.recognition.evidence import Family
from ros_deep_learning.recognition.families import FAMILIES
from ros_deep_learning.recognition.hints import Hints
from ros_deep_learning.tasks.decoders.registry import DECODERS

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


EXPORTS = [
    of_ultralytics('dynamic', 'yolov8', YOLO, ultralytics(ABC, head='Detect'), **DYNAMIC),
    of_ultralytics('text_keys', 'yolov8', YOLO, ultralytics('{"0": "a", "1": "b", "2": "c"}')),
    of_ultralytics('text_keys_from_1', 'yolov8', YOLO,
                   ultralytics("{'1': 'a', '2': 'b', '3': 'c'}")),
    of_ultralytics('a_tuple', 'yolov8', YOLO, ultralytics("('a', 'b', 'c')")),
    of_ultralytics('yolov10', 'end_to_end', END, ultralytics(ABC)),
    of_ultralytics('yolov10_two', 'end_to_end', END, ultralytics(ABC[:2])),
    of_ultralytics('nms', 'end_to_end', END, ultralytics(ABC, args="{'nms': True}")),
    of_ultralytics('yolo26', 'end_to_end', END, ultralytics(ABC, end2end='True', head='Detect'),
                   declared={'output0': ['batch', -1, -1]}),
    of_ultralytics('rtdetr_of_two', 'rtdetr_rows', ONE_OF_TWO,
                   ultralytics(ABC[:2], description='Ultralytics rtdetr-l model')),
    of_ultralytics('rtdetr_dynamic', 'rtdetr_end_to_end',
                   rows(300, np.concatenate([CENTRE, [0.9, 1]])),
                   ultralytics(ABC, head='RTDETRDecoder', end2end='False'), image=OPEN,
                   declared={'output0': ['batch', 300, 6]}),
    of_ultralytics('rtdetr_2024_dynamic', 'rtdetr_rows', rows(300, scored(CENTRE, 3, 1)),
                   ultralytics(ABC, description='Ultralytics rtdetr-x model'), image=OPEN,
                   declared={'output0': ['batch', 300, 'anchors']}),
    of_ultralytics('rtdetr_2026_dynamic', 'rtdetr_end_to_end',
                   rows(300, np.concatenate([CENTRE, [0.9, 1]])),
                   ultralytics(ABC, head='RTDETRDecoder', end2end='False'), image=OPEN,
                   declared={'output0': ['batch', 300, 'anchors']}),
    of_ultralytics('yolov10_dynamic', 'end_to_end', END, ultralytics(ABC), image=OPEN,
                   declared={'output0': ['batch', 300, 'anchors']}),
    of_ultralytics('yolo_dynamic_fields', 'yolov8', YOLO, ultralytics(ABC), image=OPEN,
                   declared={'output0': ['batch', 7, 'anchors']}),
    of_ultralytics('pose', 'yolo_pose', POSE, ultralytics(['p'], task='pose'), label='p'),
    of_ultralytics('pose_dynamic', 'yolo_pose', POSE, ultralytics(['p'], task='pose'), label='p',
                   image=OPEN, declared={'output0': ['batch', 56, 'anchors']}),
    of_ultralytics('segment_dynamic', 'yolo_segment', MASKED, ultralytics(ABC, task='segment'),
                   outputs={'output1': PROTOTYPES}, image=OPEN,
                   declared={'output0': ['batch', 39, 'anchors'],
                             'output1': ['batch', 32, 'height', 'width']}),
    of_ultralytics('segment', 'yolo_segment', MASKED, ultralytics(ABC, task='segment'),
                   outputs={'output1': PROTOTYPES}),
    of_ultralytics('pose_end_to_end', 'end_to_end',
                   rows(300, finished(4, 5, [0, 1, 2, 3], 57)),
                   ultralytics(ABC, task='pose', end2end='True')),
    of_ultralytics('batch_of_4', 'yolov8', np.repeat(YOLO, 4, 0), ultralytics(ABC),
                   image=[4, *IMAGE[1:]]),
    of_ultralytics('grey', 'yolov8', YOLO, ultralytics(ABC, channels='1'),
                   image=[1, 1, SIZE, SIZE]),
    of_ultralytics('half', 'yolov8', YOLO.astype(np.float16), ultralytics(ABC),
                   input_type='float16'),
    Export('yolov5_dynamic', 'yolov5', {'output0': YOLOV5}, 'b',
           {'images': OPEN}, {'metadata': {'stride': '32', 'names': str(ABC)},
                              'declared': {'output0': ['batch', 'anchors', 8]}},
           beside={'size': (SIZE, SIZE)}),
    Export('yolov5_old', 'yolov5', {'output': YOLOV5}),
    Export('yolov5_with_heads', 'yolov5',
           {'output': YOLOV5, '345': np.zeros((1, 3, 40, 40, 8), np.float32),
            '403': np.zeros((1, 3, 20, 20, 8), np.float32)}),
    Export('yolov6', 'yolov5', {'outputs': rows(CELLS, scored(PIXELS, 3, 1, 1.0))},
           spec={'resize': 'letterbox', 'channels': 'rgb'}),
    Export('yolov7_batch', 'yolov7_end2end', {'output': finished(6, 5, [1, 2, 3, 4], 7)[None]},
           inputs={'images': ['batch', *IMAGE[1:]]},
           more={'declared': {'output': ['dets', 7]}, 'apart': ('NonMaxSuppression',)}),
    Export('yolov7', 'yolov7_end2end', {'output': finished(6, 5, [1, 2, 3, 4], 7)[None]},
           more={'declared': {'output': ['num_dets', 7]}}),
    Export('yolov7_trt', 'labelled_boxes',
           {'num_dets': np.array([[1]], np.int32), 'det_boxes': LABELLED['boxes'],
            'det_scores': LABELLED['scores'],
            'det_classes': LABELLED['labels'].astype(np.int32)}, spec={'resize': 'letterbox'}),
    Export('yolo_nas', 'boxes_scores',
           {'904': rows(CELLS, EDGES), '913': rows(CELLS, [0, 0.9, 0])},
           inputs={'input.1': IMAGE}, spec={'align': 'centre', 'channels': 'rgb'}),
    Export('yolo_nas_flat', 'yolo_nas_flat',
           {'graph2_flat_predictions': finished(5, 6, [1, 2, 3, 4], 7)[None]},
           inputs={'input': IMAGE}, more={'input_type': 'uint8'}),
    Export('damo_yolo', 'boxes_scores',
           {'output': rows(CELLS, [0, 0.9, 0]), '952': rows(CELLS, EDGES)},
           spec={'resize': 'stretch', 'scale': 1.0}),
    Export('rfdetr', 'rtdetr', {'dets': DETR_BOXES, 'labels': DETR_LOGITS},
           inputs={'input': IMAGE}),
    Export('rfdetr_labels', 'rfdetr', {'dets': DETR_BOXES, 'labels': DETR_LOGITS}, 'b',
           {'input': IMAGE}, labels=tuple(ABC)),
    Export('rfdetr_coco', 'rtdetr_coco',
           {'dets': DETR_BOXES, 'labels': np.pad(DETR_LOGITS, ((0, 0), (0, 0), (0, 87)),
                                                 constant_values=-9)}, 'person',
           {'input': IMAGE}, labels=COCO90),
    Export('hf_deformable', 'rtdetr_coco',
           {'logits': np.pad(DETR_LOGITS, ((0, 0), (0, 0), (0, 87)), constant_values=-9),
            'pred_boxes': DETR_BOXES}, 'person', {'pixel_values': IMAGE},
           labels=COCO90),
    Export('yolov5_segment', 'yolov5_segment',
           {'output0': rows(3 * CELLS, [*scored(PIXELS, 3, 1, 1.0), *[9.0] * 32]),
            'output1': PROTOTYPES}, 'b',
           more={'metadata': {'stride': '32', 'names': str(ABC)}}),
    Export('mmdeploy_yolox', 'mmdeploy',
           {'dets': rows(9, [*EDGES, 0.9]), 'labels': rows(9, [1])[..., 0].astype(np.int64)},
           inputs={'input': IMAGE}, spec={'channels': 'bgr', 'mean': (0.0, 0.0, 0.0)},
           beside={'pipeline.json': {'pipeline': {'tasks': [{'transforms': [
               {'type': 'Resize', 'keep_ratio': True}]}]}}}),
    Export('hf_rtdetr', 'rtdetr', {'logits': DETR_LOGITS, 'pred_boxes': DETR_BOXES},
           inputs={'pixel_values': IMAGE}, spec={'mean': (0.0, 0.0, 0.0)},
           beside={'config.json': {'model_type': 'rt_detr_v2'}}),
    Export('hf_open', 'rtdetr',
           {'logits': np.pad(DETR_LOGITS, ((0, 0), (0, 0), (0, 76)), constant_values=-9),
            'pred_boxes': DETR_BOXES}, inputs={'pixel_values': IMAGE},
           more={'declared': {'logits': ['batch', 'queries', 80]}}),
    Export('hf_detr', 'detr', {'logits': DETR_LOGITS * 9, 'pred_boxes': DETR_BOXES}, 'b',
           {'pixel_values': IMAGE, 'pixel_mask': [1, 64, 64]}, {'types': {'pixel_mask': 'int64'}},
           labels=tuple(ABC)),
    Export('deim', 'labelled_boxes', LABELLED,
           inputs={'images': IMAGE, 'orig_target_sizes': ['N', 2]},
           more={'types': {'orig_target_sizes': 'int64'}}),
    Export('train_ssd_of_one', 'pytorch_ssd',
           {'scores': rows(99, [0.1, 0.9]), 'boxes': rows(99, SHARES)}, 'a', {'input_0': IMAGE},
           labels=('a',)),
    Export('mmdeploy', 'mmdeploy',
           {'dets': rows(9, [*EDGES, 0.9]), 'labels': rows(9, [1])[..., 0].astype(np.int64),
            'masks': np.zeros((1, 9, 28, 28), np.float32)}, inputs={'input': IMAGE},
           spec={'channels': 'bgr', 'pad_value': 114, 'resize': 'letterbox',
                 'mean': (103.53, 116.28, 123.675)},
           beside={'pipeline.json': {'pipeline': {'tasks': [{'transforms': [
               {'type': 'Resize', 'keep_ratio': True},
               {'type': 'Pad', 'pad_val': {'img': [114, 114, 114]}},
               {'type': 'Normalize', 'mean': [103.53, 116.28, 123.675], 'std': [1, 1, 1],
                'to_rgb': False}]}]}}}),
    Export('paddle_rtdetr', 'paddle',
           {'reshape2_95.tmp_0': finished(1, 0, [2, 3, 4, 5], 6)[None],
            'tile_3.tmp_0': np.array([1], np.int32)},
           inputs={'im_shape': [-1, 2], 'image': IMAGE, 'scale_factor': [-1, 2]},
           more={'producer': 'PaddlePaddle'}),
    Export('picodet', 'paddle', {'fetch_0': finished(1, 0, [2, 3, 4, 5], 6)[None]},
           inputs={'image': IMAGE, 'scale_factor': [1, 2]}, spec={'mean': (0.5, 0.5, 0.5)},
           beside={'infer_cfg.yml': 'Preprocess:\n- {type: Resize, keep_ratio: false}\n'
                                    '- {type: NormalizeImage, mean: [0.5, 0.5, 0.5], '
                                    'std: [0.5, 0.5, 0.5], is_scale: true}\n'}),
    Export('torchvision', 'torchvision', {'6570': EDGES[None].astype(np.float32),
                                          '6571': np.array([1]),
                                          '6572': np.array([0.9], np.float32)}, 'a',
           labels=('a', 'b')),
    Export('torchvision_ssd', 'torchvision', {'boxes': EDGES[None].astype(np.float32),
                                              'scores': np.array([0.9], np.float32),
                                              'labels': np.array([1])},
           more={'unused': ('Softmax',)}, spec={'resize': 'stretch'}),
    Export('torchvision_rcnn', 'torchvision', {'boxes': EDGES[None].astype(np.float32),
                                               'labels': np.array([1]),
                                               'scores': np.array([0.9], np.float32)},
           spec={'resize': 'letterbox'}),
    Export('torchvision_list', 'torchvision', {'boxes': EDGES[None].astype(np.float32),
                                               'scores': np.array([0.9], np.float32),
                                               'labels': np.array([1])},
           inputs={'image': IMAGE[1:]}),
    Export('tflite', 'tflite_ssd',
           {'TFLite_Detection_PostProcess': rows(9, SHARES[[1, 0, 3, 2]], 0),
            'TFLite_Detection_PostProcess:1': rows(9, [1.0], 0)[..., 0],
            'TFLite_Detection_PostProcess:2': LABELLED['scores'],
            'TFLite_Detection_PostProcess:3': np.array([1], np.float32)},
           inputs={'normalized_input_image_tensor': [1, SIZE, SIZE, 3]},
           more={'producer': 'tf2onnx', 'input_type': 'uint8'}),
    Export('object_detection_api', 'tensorflow_ssd',
           {'detection_boxes:0': rows(9, SHARES[[1, 0, 3, 2]], 0),
            'detection_classes:0': rows(9, [2.0], 0)[..., 0],
            'detection_scores:0': LABELLED['scores'],
            'num_detections:0': np.array([1], np.float32)},
           inputs={'image_tensor:0': ['n', SIZE, SIZE, 3]},
           more={'producer': 'tf2onnx', 'input_type': 'uint8'}),
    Export('tao', 'labelled_shares',
           {'BatchedNMS': np.array([[1]], np.int32), 'BatchedNMS_1': rows(9, SHARES, 0),
            'BatchedNMS_2': LABELLED['scores'], 'BatchedNMS_3': rows(9, [1.0], 0)[..., 0]},
           inputs={'Input': IMAGE}, spec={'channels': 'bgr'}),
    Export('custom_vision', 'custom_vision',
           {'detected_boxes': SHARES[None].astype(np.float32), 'detected_classes': np.array([1]),
            'detected_scores': np.array([0.9], np.float32)}, inputs={'image_tensor': IMAGE},
           more={'metadata': {'Image.BitmapPixelFormat': 'Bgr8',
                              'Image.NominalPixelRange': 'Normalized_0_1'}},
           spec={'channels': 'bgr', 'scale': 1 / 255}),
    Export('custom_vision_grid', 'custom_vision_grid', {'model_outputs0': CUSTOM_VISION},
           inputs={'data': IMAGE},
           more={'metadata': {'Image.BitmapPixelFormat': 'Bgr8',
                              'Image.NominalPixelRange': 'NominalRange_0_255'}},
           spec={'channels': 'bgr', 'scale': 1.0, 'resize': 'stretch'}),
    Export('yolox_decoded', 'yolov5', {'output': rows(CELLS, scored(PIXELS, 3, 1, 1.0))},
           more={'unused': ('Exp',)}, spec={'align': 'top_left', 'channels': 'bgr', 'scale': 1.0}),
]  # fmt: skip


def write(export: Export, folder: Path) -> ModelCard:
    """Write an export with its files beside it, and return the card that is recognised."""
    path = write_exported(folder / 'net.onnx', export.outputs, inputs=export.inputs, **export.more)
    for name, content in export.beside.items():
        if name != 'size':
            text = content if isinstance(content, str) else json.dumps(content)
            (folder / name).write_text(text)
    labels = folder / 'labels.txt' if export.labels else None
    if labels:
        labels.write_text('\n'.join(export.labels))
    return card_from_file(path, None, Hints(labels=labels, size_wh=export.beside.get('size')))


@pytest.mark.parametrize('export', EXPORTS, ids=lambda export: export.name)
def test_an_export_is_known_and_its_object_found(export: Export, tmp_path: Path) -> None:
    card = write(export, tmp_path)
    assert (card.task, card.decoder) == ('detection', export.decoder)
    for key, value in export.spec.items():
        assert getattr(card.input, key) == pytest.approx(value), key
    with DetectNet(card, threshold=0.5) as net:
        found = net.detect(np.full((SIZE, SIZE, 3), 90, np.uint8))
    assert [one.label for one in found] == [export.label]
    assert found[0].score == pytest.approx(0.9, abs=0.11)
    assert found[0].box_xyxy == pytest.approx(EDGES, abs=0.5)


DOCUMENT = (Path(__file__).parents[2] / 'docs' / 'models.md').read_text()


def documented() -> list[list[str]]:
    """Return the rows of the table of exporters: exporter, command, evidence, decoder, input."""
    table = DOCUMENT[DOCUMENT.index('| exporter | command |') :].partition('\n\n')[0]
    return [line.strip('| ').split(' | ') for line in table.splitlines()[2:]]


def decoders_in(text: str) -> set[str]:
    """Return the decoders that a text has in quotes of code or of a document."""
    return {word for word in re.findall(r"['`](\w+)['`]", text) if word in DECODERS}


@pytest.mark.parametrize('family', FAMILIES, ids=lambda family: family.name)
def test_every_family_is_documented_with_its_decoders(family: Family) -> None:
    parts = re.split(', | and ', re.sub(' (detectors|classifiers|transformers)', '', family.name))
    rows = [row for row in documented() if any(part in ' '.join(row) for part in parts)]
    assert {part for part in parts if any(part in ' '.join(row) for row in rows)} == set(parts)
    told = set().union(*(decoders_in(row[3]) for row in rows))
    module = inspect.getsource(inspect.getmodule(family.recognise))  # type: ignore[arg-type]
    assert decoders_in(module) <= told


def test_the_table_of_exporters_is_whole() -> None:
    rows = documented()
    for row in rows:
        assert len(row) == 5, row
        assert all(cell.strip() for cell in row), row
        assert set(re.findall(r'`(\w+)`', row[3])) <= set(DECODERS), row
        assert '`' in row[1] or 'above' in row[1] or row[0] in COMMANDLESS, row
    assert set().union(*(decoders_in(row[3]) for row in rows)) == set(DECODERS)


def test_every_exporter_has_the_way_to_a_node() -> None:
    table = DOCUMENT[DOCUMENT.index('| exporter | first command |') :].partition('\n\n')[0]
    rows = [line.strip('| ').split(' | ') for line in table.splitlines()[2:]]
    assert [row[0] for row in rows] == list(dict.fromkeys(row[0] for row in documented()))
    for row in rows:
        assert row[1].startswith('`rdl models add '), row
        assert set(re.findall(r'`(\w+)`', row[2])) <= {'detectnet', 'imagenet', 'segnet'}, row


COMMANDLESS = (
    'Azure Custom Vision',
    'YOLOv8 with its output turned',
    'others of boxes and scores',
)


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


@pytest.mark.parametrize(
    ('last', 'name', 'role'),
    [
        ('Softmax', 'output', 'probabilities'),
        ('Sigmoid', 'output', 'probabilities'),
        ('LogSoftmax', 'output', 'logits'),
        ('Identity', 'probs', 'probabilities'),
        ('Identity', 'logits', 'logits'),
        ('Identity', 'output', 'scores'),
    ],
)
def test_the_end_of_the_graph_tells_what_scores_are(
    tmp_path: Path, last: str, name: str, role: str
) -> None:
    outputs = {name: np.zeros((1, 5), np.float32)}
    path = write_exported(tmp_path / 'net.onnx', outputs, inputs={'x': IMAGE}, last=last)
    assert dict(card_from_file(path).outputs) == {role: name}


def test_a_head_of_one_class(tmp_path: Path) -> None:
    outputs = {'output': np.full((1, 1), 2.1972246, np.float32)}
    path = write_exported(tmp_path / 'net.onnx', outputs, inputs={'x': IMAGE}, last='Sigmoid')
    with ImageNet(path, threshold=0.5) as net:
        (found,) = net.classify(np.zeros((SIZE, SIZE, 3), np.uint8))
    assert found.score == pytest.approx(0.9)


def test_keras_networks_that_normalise_images_themselves(tmp_path: Path) -> None:
    outputs = {'predictions': np.full((1, 5), 0.2, np.float32)}
    inputs = {'input_1': ['b', 224, 224, 3]}
    path = write_exported(tmp_path / 'net.onnx', outputs, inputs=inputs, producer='tf2onnx')
    model = onnx.load(path)
    model.graph.node.append(onnx.helper.make_node('Mul', ['input_1', 'input_1'], ['scaled']))
    onnx.save(model, path)
    card = card_from_file(path)
    scale = next(decision for decision in card.decisions if decision.key == 'scale')
    assert (scale.value, scale.guess) == (1.0, False)


def test_preprocessor_config_of_a_classifier(tmp_path: Path) -> None:
    config = {
        'do_center_crop': True,
        'crop_size': {'height': 224, 'width': 224},
        'size': {'shortest_edge': 256},
        'image_mean': [0.1, 0.2, 0.3],
        'image_std': [0.4, 0.5, 0.6],
        'rescale_factor': 0.5,
    }
    (tmp_path / 'preprocessor_config.json').write_text(json.dumps(config))
    outputs = {'logits': np.zeros((1, 5), np.float32)}
    inputs = {'pixel_values': [1, 3, 224, 224]}
    card = card_from_file(write_exported(tmp_path / 'net.onnx', outputs, inputs=inputs))
    spec = card.input
    assert (spec.mean, spec.std, spec.scale) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6), 0.5)
    assert (spec.resize, spec.crop_fraction) == ('crop', 0.875)
    assert not [decision for decision in card.decisions if decision.guess]


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


@pytest.mark.parametrize('folder', ['.', 'onnx'])
@pytest.mark.parametrize(
    ('config', 'resize', 'fraction'),
    [
        ({'crop_pct': 0.95, 'crop_mode': 'center'}, 'crop', 0.95),
        ({'crop_pct': 1.0, 'crop_mode': 'squash'}, 'stretch', 1.0),
    ],
)
def test_the_config_of_timm_beside_a_classifier(
    tmp_path: Path, folder: str, config: dict[str, Any], resize: str, fraction: float
) -> None:
    config |= {'mean': [0.5, 0.5, 0.5], 'std': [0.1, 0.2, 0.3], 'input_size': [3, 64, 64]}
    text = json.dumps({'architecture': 'resnet18', 'pretrained_cfg': config})
    (tmp_path / 'config.json').write_text(text)
    (tmp_path / folder).mkdir(exist_ok=True)
    outputs = {'output': np.zeros((1, 5), np.float32)}
    path = write_exported(
        tmp_path / folder / 'net.onnx', outputs, inputs={'input': [1, 3, SIZE, SIZE]}
    )
    card = card_from_file(path)
    spec = card.input
    assert (spec.scale, spec.mean, spec.std) == (1 / 255, (0.5,) * 3, (0.1, 0.2, 0.3))
    assert (spec.resize, spec.crop_fraction, spec.interpolation) == (resize, fraction, 'area')
    # A constant does not tell whether it is a logit.
    assert {decision.key for decision in card.decisions if decision.guess} <= {'scores'}


def test_a_classifier_of_which_nothing_is_known_is_a_guess(tmp_path: Path) -> None:
    outputs = {'output': np.zeros((1, 5), np.float32)}
    path = write_exported(tmp_path / 'net.onnx', outputs, inputs={'input': [1, 3, SIZE, SIZE]})
    card = card_from_file(path)
    assert card.input.interpolation == 'area'
    guessed = {decision.key for decision in card.decisions if decision.guess}
    assert guessed == {'resize', 'channels', 'scale', 'mean', 'std', 'scores'}


def test_a_classifier_of_seven_classes_is_no_yolov7(tmp_path: Path) -> None:
    outputs = {'output': np.zeros((1, 7), np.float32)}
    for batch in ('batch', 1):
        path = write_exported(
            tmp_path / 'net.onnx',
            outputs,
            inputs={'images': [batch, 3, SIZE, SIZE]},
            declared={'output': [batch, 7]},
        )
        assert card_from_file(path).task == 'classification'


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


@pytest.mark.parametrize('where', ['config.json', 'metadata'])
def test_timms_configuration(tmp_path: Path, where: str) -> None:
    config = {'mean': [0.1, 0.2, 0.3], 'std': [0.4, 0.5, 0.6], 'crop_pct': 0.95}
    metadata = {}
    if where == 'metadata':
        metadata = {key: str(value) for key, value in config.items()}
    else:
        (tmp_path / where).write_text(json.dumps({'pretrained_cfg': config}))
    outputs = {'output0': np.zeros((1, 5), np.float32)}
    path = write_exported(
        tmp_path / 'net.onnx', outputs, inputs={'input0': IMAGE}, metadata=metadata
    )
    card = card_from_file(path)
    spec = card.input
    assert (spec.mean, spec.std) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    assert (spec.resize, spec.crop_fraction) == ('crop', 0.95)
    guesses = {decision.key for decision in card.decisions if decision.guess}
    assert guesses == {'scores'}


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
