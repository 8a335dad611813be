# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of each family with other class counts, sizes, names and axes than test/cases has."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from exported import write_exported
from made_exports import (
    ABC,
    CELLS,
    CENTRE,
    COCO90,
    CUSTOM_VISION,
    DETR_BOXES,
    DETR_LOGITS,
    DYNAMIC,
    EDGES,
    END,
    IMAGE,
    LABELLED,
    MASKED,
    ONE_OF_TWO,
    OPEN,
    PIXELS,
    POSE,
    PROTOTYPES,
    SHARES,
    SIZE,
    YOLO,
    YOLOV5,
    Export,
    finished,
    of_ultralytics,
    rows,
    scored,
    ultralytics,
)

from ros_deep_learning import DetectNet
from ros_deep_learning.cards.card import ModelCard
from ros_deep_learning.recognition.custom import card_from_file
from ros_deep_learning.recognition.hints import Hints

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
