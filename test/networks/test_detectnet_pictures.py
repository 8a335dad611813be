# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of DetectNet with its real network, against OpenCV's DNN on real pictures."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.engines.loader import EngineLoader
from ros_deep_learning.errors import EngineError
from ros_deep_learning.networks import DetectNet
from ros_deep_learning.tasks.boxes import iou_matrix
from ros_deep_learning.tasks.suppression import DetectionSettings


@pytest.fixture(scope='module')
def opencv_ssd(ssd_frozen_graph, ssd_text_graph):
    """OpenCV reading TensorFlow's own graph, preprocessing and suppression its own too."""
    network = cv2.dnn.readNetFromTensorflow(str(ssd_frozen_graph), str(ssd_text_graph))

    def detect(image_rgb):
        height, width = image_rgb.shape[:2]
        network.setInput(cv2.dnn.blobFromImage(image_rgb, size=(300, 300)))
        rows = network.forward()[0, 0]
        edges = (width, height, width, height)
        # Class 0 of the graph is the background.
        return np.clip(rows[:, 3:7] * edges, 0, edges), rows[:, 2], rows[:, 1].astype(int) - 1

    return detect


@pytest.fixture(scope='module')
def real_net(ssd_onnx):
    assert ssd_onnx.is_file()
    with DetectNet('ssd-mobilenet-v2', loader=EngineLoader(), backend='onnxruntime') as net:
        yield net


@pytest.fixture(scope='module')
def pictures(astronaut, chelsea, coffee, bikes_frames):
    frames = {f'bikes {k}': frame for k, frame in enumerate(bikes_frames)}
    return {'astronaut': astronaut, 'chelsea': chelsea, 'coffee': coffee, **frames}


def partnerless(some, others, least_score):
    """Which of some detections have no equal among others: same class, score and box."""
    alone = []
    for box, score, class_id in zip(*some, strict=True):
        if score < least_score:
            continue
        overlap = iou_matrix(box[None], others[0])[0]
        equal = (others[2] == class_id) & (np.abs(others[1] - score) < 0.02) & (overlap > 0.95)
        if not equal.any():
            alone.append((class_id, float(score), box.tolist()))
    return alone


def test_equals_opencv_on_tensorflows_graph(real_net, opencv_ssd, pictures):
    real_net.settings = DetectionSettings(score_threshold=0.3)
    total = 0
    for name, image_rgb in pictures.items():
        found = real_net.detect(image_rgb)
        ours = found.boxes_xyxy, found.scores, found.class_ids
        theirs = opencv_ssd(image_rgb)
        assert partnerless(ours, theirs, 0.4) == [], name
        assert partnerless(theirs, ours, 0.4) == [], name
        total += int((found.scores >= 0.4).sum())
    assert total >= 10


@pytest.mark.parametrize(
    ('picture', 'label', 'box'),
    [
        # Read off the picture with a grid over it.
        ('astronaut', 'person', (20, 15, 365, 512)),
        ('chelsea', 'cat', (0, 0, 395, 300)),
        ('coffee', 'cup', (172, 15, 410, 310)),
    ],
)
def test_finds_what_the_picture_shows(real_net, pictures, picture, label, box):
    real_net.settings = DetectionSettings()
    found = real_net.detect(pictures[picture])
    best = next(k for k, c in enumerate(found.class_ids) if real_net.labels[c] == label)
    assert found.scores[best] > 0.7
    assert iou_matrix(found.boxes_xyxy[best : best + 1], np.array([box]))[0, 0] > 0.6


def test_a_blank_picture_shows_nothing(real_net):
    real_net.settings = DetectionSettings()
    assert len(real_net.detect(np.full((480, 640, 3), 127, np.uint8))) == 0


def test_two_networks_share_the_engine(ssd_onnx):
    loader = EngineLoader()
    first = DetectNet('ssd-mobilenet-v2', loader=loader, backend='onnxruntime')
    second = DetectNet(find_card('SSD_Mobilenet_v2'), loader=loader, backend='onnxruntime')
    image = np.zeros((60, 80, 3), np.uint8)
    first.close()
    assert len(second.detect(image)) == 0
    with pytest.raises(EngineError, match='closed'):
        first.detect(image)
    second.close()
