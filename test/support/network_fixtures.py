# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for engines, so that networks are tested without files and backends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from ros_deep_learning.cards.card import InputSpec, ModelCard, SourceSpec
from ros_deep_learning.engines.base import EngineInfo, TensorSpec

FLOAT = np.dtype('float32')


class FakeEngine:
    """Answers the outputs it was given, and remembers what it was asked."""

    def __init__(self, info, outputs):
        self.info = info
        self.outputs = outputs
        self.inputs = []
        self.closed = 0

    def run(self, inputs):
        self.inputs.append(inputs)
        return self.outputs

    def close(self):
        self.closed += 1


class FakePixelsEngine(FakeEngine):
    """Prepares frames itself."""

    in_flight = 1

    def start(self, inputs, outputs=None):
        found = self.run(inputs)
        return lambda: found

    def start_pixels(self, pixels, spec, outputs=None):
        self.inputs.append((pixels, spec))
        return lambda: {k: v for k, v in self.outputs.items() if outputs is None or k in outputs}


class BlobEngine(FakeEngine):
    """A detector of bright blobs: red, green and blue are the classes, brightness is the score.

    It finds at most four in a picture, and takes any number of pictures at once.
    """

    def __init__(self, info):
        image, boxes, scores = info.inputs[0], *info.outputs
        super().__init__(
            replace(
                info,
                inputs=(replace(image, shape=(-1, *image.shape[1:])),),
                outputs=(replace(boxes, shape=(-1, 4, 4)), replace(scores, shape=(-1, 4, 3))),
            ),
            {},
        )

    def run(self, inputs):
        self.inputs.append(inputs)
        planes = inputs['image']
        boxes, scores = np.zeros((len(planes), 4, 4)), np.zeros((len(planes), 4, 3))
        for k, picture in enumerate(planes):
            height, width = picture.shape[1:]
            _, map_, stats, _ = cv2.connectedComponentsWithStats(
                np.uint8(picture.max(axis=0) > 0), connectivity=4
            )
            for n, (x, y, w, h, _) in enumerate(stats[1:5]):
                mean = picture[:, map_ == n + 1].mean(axis=1)
                edges = x / width, y / height, (x + w) / width, (y + h) / height
                boxes[k, n], scores[k, n, mean.argmax()] = edges, mean.max() / 255
        return {'out/boxes': np.float32(boxes), 'out/scores': np.float32(scores)}


class FakeLoader:
    """Always answers one engine."""

    def __init__(self, engine):
        self.engine = engine
        self.requests = []

    def load(self, card, **request):
        self.requests.append((card, request))
        return self.engine


@pytest.fixture
def card():
    """An SSD of 3 classes that takes 40x20 pixels."""
    return ModelCard(
        name='net',
        task='detection',
        source=SourceSpec(),
        format='onnx',
        input=InputSpec(40, 20),
        licence='MIT',
        folder=Path(),
        outputs={'boxes': 'out/boxes', 'scores': 'out/scores'},
        decoder='ssd',
    )


@pytest.fixture
def info():
    """What the card's network says of itself."""
    return EngineInfo(
        backend='fake',
        version='1',
        device='none',
        precision='fp32',
        inputs=(TensorSpec('image', (1, 3, 20, 40), FLOAT),),
        outputs=(
            TensorSpec('out/boxes', (1, 2, 4), FLOAT),
            TensorSpec('out/scores', (1, 2, 3), FLOAT),
        ),
    )


@pytest.fixture
def outputs():
    """Two anchors, of which the first is class 2 and the second is nothing."""
    return {
        'out/boxes': np.array([[[0.25, 0.5, 0.75, 1.0], [0, 0, 1, 1]]], np.float32),
        'out/scores': np.array([[[0.1, 0.2, 0.8], [0.1, 0.3, 0.2]]], np.float32),
    }


@pytest.fixture
def engine(info, outputs):
    return FakeEngine(info, outputs)


@pytest.fixture
def pixels_engine(info, outputs):
    return FakePixelsEngine(info, outputs)


@pytest.fixture
def blob_engine(info):
    return BlobEngine(info)


@pytest.fixture
def make_loader():
    return FakeLoader
