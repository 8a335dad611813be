# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A fleet's recordings, labelled pictures, and a network that is small and exact."""

from __future__ import annotations

from pathlib import Path

import bags_on_disk as disk
import cv2
import numpy as np
from onnx import TensorProto, helper, numpy_helper

CARD = """
name: stripes
task: classification
licence: MIT
labels: stripes.txt
source: {file: stripes.onnx}
input: {name: x, width: 8, height: 8, scale: 0.01}
outputs: {probabilities: y}
"""


def write_stripes(folder: Path, seed: int = 1) -> Path:
    """Write a network that tells two classes, with other weights for another seed."""
    weights = np.random.default_rng(seed).normal(0, 1, (3 * 8 * 8, 2)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node('Flatten', ['x'], ['f']),
            helper.make_node('MatMul', ['f', 'w'], ['m']),
            helper.make_node('Softmax', ['m'], ['y']),
        ],
        'stripes',
        [helper.make_tensor_value_info('x', TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info('y', TensorProto.FLOAT, [1, 2])],
        [numpy_helper.from_array(weights, 'w')],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)])
    model.ir_version = 8
    (folder / 'stripes.onnx').write_bytes(model.SerializeToString())
    (folder / 'stripes.txt').write_text('across\nalong\n')
    card = folder / 'stripes.yaml'
    card.write_text(CARD)
    return card


def record_fleet(top: Path, robots: int, images: int = 2, size_wh: tuple[int, int] = (80, 40)):
    """Record a drive of each robot: top/robot1/drive.mcap and so on."""
    for k in range(1, robots + 1):
        blobs = [disk.blob((7 * k + 11 * i) % 50, size_wh=size_wh) for i in range(images)]
        folder = disk.record(top / f'robot{k}' / 'recording', blobs)
        (folder / 'recording.mcap').rename(top / f'robot{k}' / 'drive.mcap')


def save_pictures(folder: Path, image_rgb: np.ndarray) -> None:
    """Save a picture in folders of pictures, and in data sets with masks."""
    for name in ('one', 'two'):
        (folder / 'photos' / name).mkdir(parents=True)
        cv2.imwrite(str(folder / 'photos' / name / 'a.png'), image_rgb[..., ::-1])
        for part in ('images', 'masks'):
            (folder / 'sets' / name / part).mkdir(parents=True)
        cv2.imwrite(str(folder / 'sets' / name / 'images' / 'a.png'), image_rgb[..., ::-1])
        mask = np.zeros(image_rgb.shape[:2], np.uint8)
        mask[50:, 50:200] = 1
        cv2.imwrite(str(folder / 'sets' / name / 'masks' / 'a.png'), mask)
        (folder / 'sets' / name / 'classes.txt').write_text('background\nperson\n')
