#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write what image processors of transformers make of a picture: test/references/processors.json.

Each has its configuration as on the hub, the shape of its tensor, and the mean of each of 8 x 8
parts of it and channel. Run it where these can be imported:

    pip install torch torchvision transformers opencv-python-headless
    python3 test/references/make_processor_references.py test/references/processors.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import transformers

PICTURE = Path(__file__).resolve().parents[2] / 'models' / 'pictures' / 'astronaut.jpg'
PARTS = 8
IMAGENET = {'image_mean': [0.485, 0.456, 0.406], 'image_std': [0.229, 0.224, 0.225]}
HALF = {'image_mean': [0.5] * 3, 'image_std': [0.5] * 3}

# By a network that has it on the hub.
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    'microsoft/resnet-50': {
        'image_processor_type': 'ConvNextImageProcessor', 'crop_pct': 0.875, 'do_resize': True,
        'do_normalize': True, 'resample': 3, 'size': {'shortest_edge': 224}, **IMAGENET},
    'facebook/convnext-tiny-384': {
        'image_processor_type': 'ConvNextImageProcessor', 'do_resize': True, 'resample': 3,
        'do_normalize': True, 'size': {'shortest_edge': 384}, **IMAGENET},
    'google/vit-base-patch16-224': {
        'image_processor_type': 'ViTImageProcessor', 'do_resize': True, 'do_normalize': True,
        'do_rescale': True, 'rescale_factor': 1 / 255, 'resample': 2,
        'size': {'height': 224, 'width': 224}, **HALF},
    'apple/mobilevit-small': {
        'image_processor_type': 'MobileViTImageProcessor', 'do_center_crop': True,
        'crop_size': {'height': 256, 'width': 256}, 'do_flip_channel_order': True,
        'do_resize': True, 'resample': 2, 'size': {'shortest_edge': 288}},
    'google/mobilenet_v2_1.0_224': {
        'image_processor_type': 'MobileNetV2ImageProcessor', 'do_center_crop': True,
        'crop_size': {'height': 224, 'width': 224}, 'do_resize': True, 'do_normalize': True,
        'do_rescale': True, 'rescale_factor': 1 / 255, 'resample': 2,
        'size': {'shortest_edge': 256}, **HALF},
    'google/efficientnet-b0': {
        'image_processor_type': 'EfficientNetImageProcessor', 'do_center_crop': False,
        'crop_size': {'height': 289, 'width': 289}, 'do_resize': True, 'do_normalize': True,
        'do_rescale': True, 'include_top': True, 'rescale_factor': 1 / 255,
        'rescale_offset': False, 'resample': 2, 'size': {'height': 224, 'width': 224},
        'image_mean': [0.485, 0.456, 0.406], 'image_std': [0.47853944, 0.4732864, 0.47434163]},
    'facebook/levit-128S': {
        'image_processor_type': 'LevitImageProcessor', 'do_center_crop': True,
        'crop_size': {'height': 224, 'width': 224}, 'do_resize': True, 'do_normalize': True,
        'resample': 3, 'size': {'shortest_edge': 224}, **IMAGENET},
    'sail/poolformer_s12': {
        'image_processor_type': 'PoolFormerImageProcessor', 'crop_pct': 0.9, 'do_resize': True,
        'do_center_crop': True, 'crop_size': {'height': 224, 'width': 224},
        'do_normalize': True, 'resample': 3, 'size': {'shortest_edge': 224}, **IMAGENET},
}  # fmt: skip


def main() -> None:
    """Write the file."""
    image = np.ascontiguousarray(cv2.imread(str(PICTURE))[20:220, :, ::-1])
    written = {}
    for name, config in CONFIGURATIONS.items():
        kind = getattr(transformers, config['image_processor_type'])
        arguments = {key: value for key, value in config.items() if not key.endswith('_type')}
        pixels = kind(**arguments)(images=image, return_tensors='np')['pixel_values'][0]
        _, height, width = pixels.shape
        parts = pixels.reshape(3, PARTS, height // PARTS, PARTS, width // PARTS).mean((2, 4))
        written[name] = {
            'configuration': config,
            'shape': list(pixels.shape),
            'means': [round(float(value), 4) for value in parts.ravel()],
        }
    Path(sys.argv[1]).write_text(json.dumps(written))


if __name__ == '__main__':
    main()
