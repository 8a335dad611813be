# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What several families share, mostly preprocessing as fields of ``InputSpec``."""

from __future__ import annotations

from typing import Any

UNIT: dict[str, Any] = {'scale': 1 / 255}
IMAGENET: dict[str, Any] = {
    'scale': 1 / 255,
    'mean': (0.485, 0.456, 0.406),
    'std': (0.229, 0.224, 0.225),
}
PLUS_MINUS_ONE: dict[str, Any] = {'scale': 1 / 127.5, 'mean': (1.0, 1.0, 1.0)}
LETTERBOX: dict[str, Any] = {'resize': 'letterbox', 'pad_value': 114}
TOP_LEFT: dict[str, Any] = LETTERBOX | {'align': 'top_left'}
STRETCH: dict[str, Any] = {'resize': 'stretch'}
# Pillow and torchvision filter what they reduce; OpenCV's bilinear does not.
ANTIALIASED: dict[str, Any] = {'interpolation': 'area'}
AS_IS: dict[str, Any] = {'scale': 1.0}
# GeneralizedRCNNTransform: floors the sides, and pads right and below with 0 after the
# normalisation, so with the mean of ImageNet.
TORCHVISION: dict[str, Any] = {'rounding': 'down'} | TOP_LEFT | {'pad_value': (124, 116, 104)}
YOLOX: dict[str, Any] = {'channels': 'bgr', 'rounding': 'down'} | TOP_LEFT
NANODET: dict[str, Any] = {
    'channels': 'bgr',
    'mean': (103.53, 116.28, 123.675),
    'std': (57.375, 57.12, 58.395),
}
CENTERNET: dict[str, Any] = {
    'channels': 'bgr',
    'resize': 'letterbox',
    'scale': 1 / 255,
    'mean': (0.40789654, 0.44719302, 0.47026115),
    'std': (0.28863828, 0.27408164, 0.27809835),
}
CAFFE_MEAN: dict[str, Any] = {'channels': 'bgr', 'mean': (103.939, 116.779, 123.68)}
