# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Trained weights against the networks' own preprocessing and formulas.

The weights are not in the repository: ROS_DEEP_LEARNING_REAL_WEIGHTS names a folder with
yolox_nano.onnx of YOLOX 0.1.1rc0, and espnet_cityscapes_1024x512.onnx of ESPNet (p=2, q=8).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from ros_deep_learning import DetectNet, SegNet
from ros_deep_learning.onnx_tools.facts import read_facts
from ros_deep_learning.recognition.custom import card_from_file
from ros_deep_learning.tasks.suppression import DetectionSettings

FOLDER = Path(os.environ.get('ROS_DEEP_LEARNING_REAL_WEIGHTS', '/nowhere'))
WEIGHTS = FOLDER / 'yolox_nano.onnx'
ESPNET = FOLDER / 'espnet_cityscapes_1024x512.onnx'
PICTURES = sorted((Path(__file__).parents[2] / 'docs' / 'images').glob('*.jpg'))
SIZE = 416

pytestmark = pytest.mark.real_weights


def needs(path: Path) -> Any:
    """Return the mark of a test that needs a file."""
    reason = f'ROS_DEEP_LEARNING_REAL_WEIGHTS has no {path.name}'
    return pytest.mark.skipif(not path.is_file(), reason=reason)


def reference(picture_bgr: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return rows (x1, y1, x2, y2, score, class) as demo/ONNXRuntime of YOLOX computes them."""
    padded = np.ones((SIZE, SIZE, 3), np.uint8) * 114
    ratio = min(SIZE / picture_bgr.shape[0], SIZE / picture_bgr.shape[1])
    width, height = int(picture_bgr.shape[1] * ratio), int(picture_bgr.shape[0] * ratio)
    padded[:height, :width] = cv2.resize(picture_bgr, (width, height))
    image = np.ascontiguousarray(padded.transpose(2, 0, 1), np.float32)
    session = onnxruntime.InferenceSession(str(WEIGHTS), providers=['CPUExecutionProvider'])
    (rows,) = session.run(None, {'images': image[None]})
    rows = rows[0].astype(np.float64)
    grids, strides = [], []
    for stride in (8, 16, 32):
        side = SIZE // stride
        x, y = np.meshgrid(np.arange(side), np.arange(side))
        grids.append(np.stack([x, y], 2).reshape(-1, 2))
        strides.append(np.full((side * side, 1), stride))
    grid, stride = np.concatenate(grids), np.concatenate(strides)
    centre, sides = (rows[:, :2] + grid) * stride, np.exp(rows[:, 2:4]) * stride
    scores = rows[:, 4:5] * rows[:, 5:]
    edges = np.concatenate([centre - sides / 2, centre + sides / 2], 1) / ratio
    best = scores.argmax(1)
    return np.column_stack([edges, scores.max(1), best])


@needs(WEIGHTS)
@pytest.mark.parametrize('picture', PICTURES, ids=lambda path: path.stem)
def test_boxes_and_scores_are_those_of_yolox(picture: Path) -> None:
    pixels: Any = cv2.imread(str(picture))
    card = card_from_file(WEIGHTS)
    assert (card.decoder, card.input.channels, card.input.align) == ('yolox', 'bgr', 'top_left')
    with DetectNet(card, settings=DetectionSettings(score_threshold=0.3, nms='never')) as net:
        found = net.detect(pixels[..., ::-1])
    rows = reference(pixels)
    rows = rows[rows[:, 4] >= 0.3]
    rows = rows[np.argsort(-rows[:, 4], kind='stable')][: len(found)]
    assert len(found) == len(rows)
    height, width = pixels.shape[:2]
    np.testing.assert_allclose(found.scores, rows[:, 4], atol=2e-3)
    clipped = np.clip(rows[:, :4], 0, [width, height] * 2)
    # Their ratio is not rounded to whole pixels of the small image; ours is.
    np.testing.assert_allclose(found.boxes_xyxy, clipped, atol=0.004 * width)
    assert found.class_ids.tolist() == rows[:, 5].tolist()


# VisualizeResults.py of ESPNet: BGR, and divided by 255 after mean and std.
ESPNET_MEAN = (72.3923111, 82.90893555, 73.15840149)
ESPNET_STD = (45.3192215, 46.15289307, 44.91483307)


@needs(ESPNET)
@pytest.mark.parametrize('picture', PICTURES[:2], ids=lambda path: path.stem)
def test_masks_are_those_of_espnet(picture: Path) -> None:
    pixels: Any = cv2.imread(str(picture))
    small = cv2.resize(pixels, (1024, 512)).astype(np.float32)
    image = ((small - ESPNET_MEAN) / ESPNET_STD / 255).transpose(2, 0, 1)[None]
    session = onnxruntime.InferenceSession(str(ESPNET), providers=['CPUExecutionProvider'])
    (scores,) = session.run(None, {session.get_inputs()[0].name: image.astype(np.float32)})
    height, width = pixels.shape[:2]
    # Scores at the pixels of the picture, as SegNet interpolates them too.
    theirs = np.stack([cv2.resize(one, (width, height)) for one in scores[0]]).argmax(0)
    network = SegNet(
        ESPNET,
        channels='bgr',
        resize='stretch',
        scale=1.0,
        mean=ESPNET_MEAN,
        std=tuple(255 * one for one in ESPNET_STD),
    )
    with network as net:
        assert len(net.labels) == 20
        mask = net.segment(pixels[..., ::-1]).class_mask
    assert (mask == theirs).mean() > 0.998


@needs(WEIGHTS)
@needs(ESPNET)
@pytest.mark.parametrize(('path', 'least', 'most'), [(WEIGHTS, 0.01, 0.1), (ESPNET, 1, 20)])
def test_first_layers_tell_pixels_of_255_from_those_of_1(
    path: Path, least: float, most: float
) -> None:
    gain = read_facts(path).ends.gain
    assert gain is not None
    assert least < gain < most
