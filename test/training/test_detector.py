# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A detector is trained for seconds, and DetectNet runs what comes out."""

from __future__ import annotations

import numpy as np
import pytest
from labelled_pictures import coco_folder

from ros_deep_learning import DetectNet
from ros_deep_learning.datasets.opening import open_dataset
from ros_deep_learning.training.settings import TrainingSettings

pytestmark = [pytest.mark.slow, pytest.mark.training]


def iou(one, other):
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    shared = np.clip(high - low, 0, None).prod()
    return shared / ((one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod() - shared)


def test_detectnet_finds_things(libraries, chelsea, coffee, tmp_path):
    from ros_deep_learning.training.training import train

    pictures = {'cat': chelsea, 'coffee': coffee}
    folder = coco_folder(tmp_path / 'things', pictures, {'train': 48, 'val': 12})
    settings = TrainingSettings(
        'detection',
        'ssdlite320_mobilenet_v3_large',
        (96, 96),
        epochs=45,
        batch=8,
        weights='none',
        learning_rate=2e-3,
    )
    trained = train(folder, settings, tmp_path / 'run')
    found, wanted, wrong = 0, 0, 0
    with DetectNet(trained.run.card, threshold=0.4) as net:
        assert net.labels == ('BACKGROUND', 'cat', 'coffee')
        for sample in open_dataset(folder, split='val').samples:
            seen = net.detect(sample.picture)
            truth = list(zip(sample.boxes.boxes_xyxy, sample.boxes.class_ids + 1, strict=True))
            hits = [
                any(one.class_id == k and iou(np.array(one.box_xyxy), box) > 0.5 for one in seen)
                for box, k in truth
            ]
            found, wanted = found + sum(hits), wanted + len(hits)
            wrong += max(0, len(list(seen)) - sum(hits))
    # Answers that do not look at the picture find almost none.
    assert found >= 0.7 * wanted, trained.result
    assert wrong <= 0.5 * wanted, trained.result
