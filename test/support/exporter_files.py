# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A file of each exporter of docs/models.md, with what belongs beside it, in a folder.

What ``test/cases`` and ``test/references`` have is copied from there; the others are written with
the exporter's tensors. Each detector of these has an object of class 1 in the middle.
"""

from __future__ import annotations

import json
import lzma
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import architectures
import numpy as np
from digits_snapshots import pack
from exported import write_exported
from numpy.typing import NDArray

_TEST = Path(__file__).parents[1]
_SIDE = 320
_IMAGE = {'images': [1, 3, _SIDE, _SIDE]}
_CELLS = 40 * 40 + 20 * 20 + 10 * 10
_MIDDLE = 40 * 40 + 10 * 20 + 10
"""Row of a cell in the middle of the second grid."""
_SHARES = (0.35, 0.35, 0.65, 0.65)
_EDGES = tuple(_SIDE * share for share in _SHARES)
_CENTRE = (160.0, 160.0, 96.0, 96.0)
_CLASS = (0.0, 0.9, 0.0)
ABC = ('a', 'b', 'c')

Make = Callable[[Path], None]


def _row(*numbers: float, count: int = _CELLS, place: int = _MIDDLE) -> NDArray[np.float32]:
    table = np.zeros((1, count, len(numbers)), np.float32)
    table[0, place] = numbers
    return table


def _label(folder: Path, labels: Sequence[str]) -> None:
    if labels:
        (folder / 'labels.txt').write_text('\n'.join(labels))


def case(name: str, labels: Sequence[str] = (), **beside: Any) -> Make:
    """Return what copies a file of test/cases, and writes configurations beside it."""

    def make(folder: Path) -> None:
        shutil.copy(_TEST / 'cases' / f'{name}.onnx', folder / 'best.onnx')
        _label(folder, labels)
        for file, content in beside.items():
            stem, _, suffix = file.rpartition('_')
            (folder / f'{stem}.{suffix}').write_text(json.dumps(content))

    return make


def reference(name: str, labels: Sequence[str] = ()) -> Make:
    """Return what unpacks a file of test/references, with its configurations."""

    def make(folder: Path) -> None:
        own = _TEST / 'references' / name
        packed = own / 'model.onnx.xz' if own.is_dir() else own.with_name(f'{name}.onnx.xz')
        (folder / 'best.onnx').write_bytes(lzma.decompress(packed.read_bytes()))
        _label(folder, labels)
        for configuration in own.glob('*config.json'):
            shutil.copy(configuration, folder)

    return make


def made(
    outputs: Mapping[str, NDArray[Any]],
    inputs: Mapping[str, Any] = _IMAGE,
    *,
    file: str = 'best.onnx',
    labels: Sequence[str] = ABC,
    beside: Mapping[str, Any] = MappingProxyType({}),
    **more: Any,
) -> Make:
    """Return what writes a file with constant outputs."""

    def make(folder: Path) -> None:
        write_exported(folder / file, outputs, inputs=inputs, **more)
        _label(folder, labels)
        for name, content in beside.items():
            (folder / name).write_text(json.dumps(content))

    return make


def _snapshot(folder: Path) -> None:
    pack(
        folder / 'snapshot.tar.gz',
        architectures.detectnet(size_hw=(128, 256), width=8),
        name='dogs',
    )


def _ultralytics(task: str) -> dict[str, str]:
    names = str(dict(enumerate(ABC)))
    return {'author': 'Ultralytics', 'task': task, 'names': names, 'imgsz': '[320, 320]'}


def _maps(**maps: tuple[int, float]) -> dict[str, NDArray[np.float32]]:
    """Return maps of 80 x 80 cells with a number of planes, and a value in the middle of each."""
    arrays = {}
    for name, (planes, value) in maps.items():
        arrays[name] = np.zeros((1, planes, 80, 80), np.float32)
        arrays[name][0, :, 40, 40] = value
    return arrays


_FINISHED = {
    'boxes': _row(*_EDGES, count=100, place=0),
    'scores': _row(0.9, count=100, place=0)[..., 0],
    'classes': _row(1, count=100, place=0)[..., 0],
}
_PROTOTYPES = np.zeros((1, 32, 80, 80), np.float32)

EXPORTERS: dict[str, Make] = {
    'Ultralytics YOLOv3u to YOLO26': case('ul_yolo11_dynamic'),
    'Ultralytics segment and pose': made(
        {'output0': _row(*_CENTRE, *_CLASS, *[9.0] * 32).transpose(0, 2, 1),
         'output1': _PROTOTYPES}, labels=(), metadata=_ultralytics('segment')),
    'Ultralytics classify, semantic': case('sem_echo'),
    'Ultralytics RT-DETR': case('ul_rtdetr_2026'),
    'YOLOv5': case('yolov5_dynamic'),
    'YOLOv5 for masks': made(
        {'output0': _row(*_CENTRE, 1, *_CLASS, *[9.0] * 32, count=3 * _CELLS, place=5000),
         'output1': _PROTOTYPES}, labels=(), metadata={'stride': '32', 'names': str(list(ABC))}),
    'YOLOv5-face': case('yolov5_face', ('face',)),
    'YOLOv6': made({'outputs': _row(*_CENTRE, 1, *_CLASS)}),
    'YOLOv7': case('yolov7_end2end', ABC),
    'YOLOv7, YOLOv6, DAMO-YOLO, MMYOLO': made(
        {'num_dets': np.array([[1]], np.int32), 'det_boxes': _FINISHED['boxes'],
         'det_scores': _FINISHED['scores'], 'det_classes': _FINISHED['classes'].astype(np.int32)}),
    'YOLOX': made({'output': _row(*_CENTRE, 1, *_CLASS)}, unused=('Exp',)),
    'YOLO-NAS': made({'904': _row(*_EDGES), '913': _row(*_CLASS)}, {'input.1': [1, 3, 320, 320]}),
    'DAMO-YOLO': made({'output': _row(*_CLASS), '952': _row(*_EDGES)}),
    'NanoDet, NanoDet-Plus': case('nanodet_plus_3strides', ('a',)),
    'RT-DETR, D-FINE, DEIM': case('deim', ABC),
    'RF-DETR': reference('rfdetr_nano', ('a', 'b', 'c', 'd', 'e')),
    'Hugging Face transformers: detectors': reference('transformers_rt_detr'),
    'Hugging Face classifiers, SegFormer': reference('transformers_segformer'),
    'timm classifiers': made(
        {'output0': np.array([_CLASS], np.float32)}, {'input0': [1, 3, 320, 320]},
        beside={'config.json': {'pretrained_cfg': {
            'mean': [0.5] * 3, 'std': [0.5] * 3, 'crop_pct': 0.9}}}),
    'jetson-inference': case('train_ssd', ('BACKGROUND', *ABC)),
    'MMDeploy of MMDetection': case('mmdeploy', ABC, pipeline_json={'pipeline': {'tasks': [
        {'transforms': [{'type': 'Resize', 'keep_ratio': True},
                        {'type': 'Normalize', 'mean': [0, 0, 0], 'std': [255, 255, 255]}]}]}}),
    'PaddleDetection': case('ppyoloe', infer_cfg_yml={'Preprocess': [
        {'type': 'Resize', 'keep_ratio': False}, {'type': 'NormalizeImage', 'norm_type': 'none'}],
        'label_list': ABC}),
    'TensorFlow Object Detection API': case('efficientdet_tf2onnx', ABC),
    'TensorFlow Lite (EfficientDet-Lite)': case('efficientdet_lite_tflite', ABC),
    'TensorFlow: google/automl EfficientDet': case('efficientdet_automl', ABC),
    'Keras classifiers': case('keras_mobilenetv2', [f'c{k}' for k in range(5)]),
    'torchvision detectors': reference('torchvision_fcos', ('a', 'b', 'c', 'd', 'e')),
    'CenterNet': made(_maps(hm=(3, 0.9), wh=(2, 24.0), reg=(2, 0.5)), last='Clip'),
    'NVIDIA TAO': made(
        {'BatchedNMS': np.array([[1]], np.int32),
         'BatchedNMS_1': _row(*_SHARES, count=100, place=0),
         'BatchedNMS_2': _FINISHED['scores'], 'BatchedNMS_3': _FINISHED['classes']},
        {'Input': [1, 3, 320, 320]}),
    'Azure Custom Vision': made(
        {'detected_boxes': np.array([_SHARES], np.float32), 'detected_classes': np.array([1]),
         'detected_scores': np.array([0.9], np.float32)}, {'image_tensor': [1, 3, 320, 320]}),
    'DIGITS': _snapshot,
    'CenterFace': made(
        _maps(heatmap=(1, 0.9), scale=(2, 3.0), offset=(2, 0.0)), file='centerface.onnx',
        labels=()),
    'YOLOv8 with its output turned': made({'out': _row(*_CENTRE, *_CLASS)}),
    'others of boxes and scores': made(
        {'boxes': _row(*_SHARES, count=3000) + _row(0.6, 0.6, 0.9, 0.9, count=3000, place=7),
         'scores': _row(*_CLASS, count=3000) + _row(0, 0, 0.2, count=3000, place=7)}),
}  # fmt: skip
"""What writes the files of each row of the table of first commands, by its exporter."""
