# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Preprocessing of each family of networks, for files that do not specify it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..cards.card import Task
from .usual import (
    CAFFE_MEAN,
    CENTERNET,
    IMAGENET,
    LETTERBOX,
    NANODET,
    PLUS_MINUS_ONE,
    TOP_LEFT,
    TORCHVISION,
    UNIT,
    YOLOX,
)

# Source: the exporters of each family and their own demos.
_DETECTORS: dict[str, dict[str, Any]] = {
    'boxes_scores': UNIT | LETTERBOX,
    'centerface': {'resize': 'letterbox'},
    'centernet': CENTERNET,
    'centernet_raw': CENTERNET,
    'custom_vision': {},
    'custom_vision_grid': {},
    'detectnet': {'channels': 'bgr'},
    'detectnet_v2': UNIT,
    'detr': IMAGENET,
    'efficientdet': {},
    'end_to_end': UNIT | LETTERBOX,
    'labelled_boxes': UNIT,
    'labelled_shares': CAFFE_MEAN,
    'mmdeploy': IMAGENET | TOP_LEFT,
    'nanodet': NANODET,
    'nanodet_levels': NANODET,
    'nanodet_plus': NANODET,
    'nanodet_raw': NANODET,
    'paddle': UNIT,
    'pytorch_ssd': PLUS_MINUS_ONE,
    'rfdetr': IMAGENET,
    'rtdetr': UNIT,
    'rtdetr_coco': IMAGENET,
    'rtdetr_end_to_end': UNIT,
    'rtdetr_rows': UNIT,
    'ssd': PLUS_MINUS_ONE,
    'tensorflow_ssd': {},
    'tflite_ssd': PLUS_MINUS_ONE,
    'torchvision': UNIT | TORCHVISION,
    'torchvision_from_0': UNIT | TORCHVISION,
    'yolo_nas_flat': UNIT | LETTERBOX,
    'yolo_pose': UNIT | LETTERBOX,
    'yolo_segment': UNIT | LETTERBOX,
    'yolov5': UNIT | LETTERBOX,
    'yolov5_segment': UNIT | LETTERBOX,
    'yolov5_face': UNIT | LETTERBOX,
    'yolov8': UNIT | LETTERBOX,
    'yolov8_rows': UNIT | LETTERBOX,
    'yolov7_end2end': UNIT | LETTERBOX,
    'yolox': YOLOX,
}

# Source: jetson-inference, imageNet.cpp for Caffe: the mean of the pixels of ImageNet.
_CAFFE_CLASSIFIER: dict[str, Any] = {
    'channels': 'bgr',
    'mean': (104.0069879317889, 116.66876761696767, 122.6789143406786),
}


def onnx_preprocessing(task: Task, decoder: str | None) -> dict[str, Any]:
    """Return the fields of ``InputSpec`` for the usual preprocessing of an ONNX network.

    Classifiers and segmentation networks get the preprocessing of torchvision, as in
    jetson-inference.

    Args:
        task: Task of the network.
        decoder: Name of the decoder of a detector.
    """
    return dict(_DETECTORS[decoder or ''] if task == 'detection' else IMAGENET)


def caffe_preprocessing(task: Task, stem: str, mean_pixel: float) -> dict[str, Any]:
    """Return the fields of ``InputSpec`` for the preprocessing of a Caffe network.

    The values are those of jetson-inference.

    Args:
        task: Task of the network.
        stem: Name of the caffemodel without suffix; Inception-v4 is recognised by it.
        mean_pixel: Value that detectors subtract from every pixel value.
    """
    if task == 'classification':
        return dict(PLUS_MINUS_ONE if stem.lower() == 'inception-v4' else _CAFFE_CLASSIFIER)
    return {'channels': 'bgr', 'mean': (mean_pixel,) * 3}


def is_ultralytics(metadata: Mapping[str, str]) -> bool:
    """Return whether Ultralytics exported a network."""
    return 'Ultralytics' in metadata.get('author', '') + metadata.get('description', '')
