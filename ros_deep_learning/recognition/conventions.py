# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Preprocessing of each family of networks, for files that do not specify it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..cards.card import Task

_UNIT: dict[str, Any] = {'scale': 1 / 255}
_IMAGENET: dict[str, Any] = {
    'scale': 1 / 255,
    'mean': (0.485, 0.456, 0.406),
    'std': (0.229, 0.224, 0.225),
}
_PLUS_MINUS_ONE: dict[str, Any] = {'scale': 1 / 127.5, 'mean': (1.0, 1.0, 1.0)}
_LETTERBOX: dict[str, Any] = {'resize': 'letterbox', 'pad_value': 114}
_CENTERNET: dict[str, Any] = {
    'channels': 'bgr',
    'resize': 'letterbox',
    'scale': 1 / 255,
    'mean': (0.40789654, 0.44719302, 0.47026115),
    'std': (0.28863828, 0.27408164, 0.27809835),
}
_NANODET: dict[str, Any] = {
    'channels': 'bgr',
    'mean': (103.53, 116.28, 123.675),
    'std': (57.375, 57.12, 58.395),
}

# Source: the exporters of each family and their own demos.
_DETECTORS: dict[str, dict[str, Any]] = {
    'centerface': {'resize': 'letterbox'},
    'centernet': _CENTERNET,
    'centernet_raw': _CENTERNET,
    'detectnet': {'channels': 'bgr'},
    'detectnet_v2': _UNIT,
    'detr': _IMAGENET,
    'end_to_end': _UNIT | _LETTERBOX,
    'labelled_boxes': _UNIT,
    'nanodet': _NANODET,
    'nanodet_raw': _NANODET,
    'pytorch_ssd': _PLUS_MINUS_ONE,
    'rtdetr': _UNIT,
    'ssd': _PLUS_MINUS_ONE,
    'tensorflow_ssd': {},
    'yolov5': _UNIT | _LETTERBOX,
    'yolov8': _UNIT | _LETTERBOX,
    'yolox': {'channels': 'bgr'} | _LETTERBOX,
}

# Source: jetson-inference, imageNet.cpp for Caffe: the mean of the pixels of ImageNet.
_CAFFE_CLASSIFIER: dict[str, Any] = {
    'channels': 'bgr',
    'mean': (104.0069879317889, 116.66876761696767, 122.6789143406786),
}


def onnx_preprocessing(
    task: Task, decoder: str | None, metadata: Mapping[str, str]
) -> dict[str, Any]:
    """Return the fields of ``InputSpec`` for the preprocessing of an ONNX network.

    Classifiers and segmentation networks get the preprocessing of torchvision, as in
    jetson-inference, unless Ultralytics exported them.

    Args:
        task: Task of the network.
        decoder: Name of the decoder of a detector.
        metadata: Metadata of the ONNX file.
    """
    if task == 'detection':
        return dict(_DETECTORS[decoder or ''])
    if is_ultralytics(metadata):
        return _UNIT | {'resize': 'crop'} if task == 'classification' else _UNIT | _LETTERBOX
    return dict(_IMAGENET)


def caffe_preprocessing(task: Task, stem: str, mean_pixel: float) -> dict[str, Any]:
    """Return the fields of ``InputSpec`` for the preprocessing of a Caffe network.

    The values are those of jetson-inference.

    Args:
        task: Task of the network.
        stem: Name of the caffemodel without suffix; Inception-v4 is recognised by it.
        mean_pixel: Value that detectors subtract from every pixel value.
    """
    if task == 'classification':
        return dict(_PLUS_MINUS_ONE if stem.lower() == 'inception-v4' else _CAFFE_CLASSIFIER)
    return {'channels': 'bgr', 'mean': (mean_pixel,) * 3}


def is_ultralytics(metadata: Mapping[str, str]) -> bool:
    """Return whether Ultralytics exported a network."""
    return 'Ultralytics' in metadata.get('author', '') + metadata.get('description', '')
