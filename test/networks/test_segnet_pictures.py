# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""SegNet with real networks: a person on a photograph, the lines of a drawn road."""

from __future__ import annotations

import cv2
import numpy as np
import onnxruntime
import pytest

from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.engines.loader import EngineLoader
from ros_deep_learning.imaging.palettes import UNLABELLED
from ros_deep_learning.networks import MaskWish, SegNet
from ros_deep_learning.tasks.segmentation import SegmentationSettings

# Read off the picture with a grid over it: the person in her suit, and the helmet she holds.
PERSON = [
    *((230, 16), (262, 22), (290, 42), (300, 70), (300, 95), (290, 118), (276, 128), (270, 136)),
    *((262, 150), (256, 170), (256, 180), (278, 196), (296, 216), (305, 240), (320, 240)),
    *((340, 256), (352, 285), (360, 330), (366, 350), (340, 356), (318, 368), (300, 388)),
    *((286, 420), (278, 460), (277, 511), (30, 511), (20, 440), (22, 384), (25, 350), (32, 318)),
    *((45, 280), (60, 256), (85, 230), (113, 206), (118, 190), (128, 165), (145, 152), (160, 148)),
    *((186, 148), (184, 135), (175, 118), (160, 105), (154, 85), (156, 60), (170, 40), (190, 30)),
    (210, 20),
]
HELMET = [
    *((277, 511), (278, 460), (286, 420), (300, 388), (318, 368), (345, 354), (385, 345)),
    *((420, 346), (455, 362), (480, 392), (494, 430), (498, 455), (510, 470), (511, 511)),
]

WHITE, YELLOW, OTHER = range(3)


def filled(polygons, size_wh):
    mask = np.zeros((size_wh[1], size_wh[0]), np.uint8)
    for polygon in polygons:
        cv2.fillPoly(mask, [np.array(polygon)], 1)
    return mask.astype(bool)


def iou(some, others):
    return (some & others).sum() / (some | others).sum()


@pytest.fixture(scope='module')
def loader():
    return EngineLoader()


@pytest.fixture(scope='module')
def selfie(loader):
    with SegNet('selfie', loader=loader, backend='onnxruntime') as net:
        yield net


@pytest.fixture(scope='module')
def lanes(loader):
    with SegNet('duckietown-lanes', loader=loader, backend='onnxruntime') as net:
        yield net


def onnx_planes(name, image_rgb):
    """The network's output, straight from ONNX Runtime, preprocessed by hand."""
    session = onnxruntime.InferenceSession(find_card(name).source.file)
    if name == 'selfie':
        tensor = cv2.resize(image_rgb, (256, 256)).astype(np.float64) / 255
    else:
        tensor = cv2.resize(image_rgb[..., ::-1].copy(), (320, 240)).astype(np.float64)
    tensor = tensor.transpose(2, 0, 1)[None].astype(np.float32)
    (output,) = session.run(None, {session.get_inputs()[0].name: tensor})
    return output[0].astype(np.float64)


def linear_float64(plane, shape):
    return cv2.resize(plane, shape[::-1], interpolation=cv2.INTER_LINEAR)


@pytest.fixture(scope='module')
def road():
    """A road as in Duckietown, drawn, and the class of each pixel."""
    whites = [
        [(70, 480), (110, 480), (300, 180), (292, 180)],
        [(570, 480), (610, 480), (352, 180), (344, 180)],
    ]
    yellows = []
    for k in range(6):
        near = 480 - 51 * k
        edges = [(near, -22), (near, 22), (near - 30, 22), (near - 30, -22)]
        yellows.append([(int(320 + side * (y - 180) / 300), y) for y, side in edges])
    image = np.full((480, 640, 3), (62, 60, 60), np.uint8)
    image[:180] = (150, 180, 200)
    classes = np.full((480, 640), OTHER, np.uint8)
    for polygons, color, k in (
        (whites, (235, 235, 235), WHITE),
        (yellows, (240, 200, 20), YELLOW),
    ):
        mask = filled(polygons, (640, 480))
        image[mask], classes[mask] = color, k
    return cv2.GaussianBlur(image, (3, 3), 0), classes


def test_equals_onnxruntime_and_float64(selfie, lanes, astronaut, chelsea, road):
    for image in (astronaut, chelsea):
        person = linear_float64(onnx_planes('selfie', image)[0], image.shape[:2])
        parts = selfie.segment(image)
        wanted = (person > 0.5).astype(np.uint8)
        clear = np.abs(person - 0.5) > 1e-3
        np.testing.assert_array_equal(parts.class_mask[clear], wanted[clear])
        np.testing.assert_allclose(
            parts.confidence_mask, np.maximum(person, 1 - person), atol=1e-4
        )
    planes = onnx_planes('duckietown-lanes', road[0])
    planes = np.stack([linear_float64(plane, (480, 640)) for plane in planes])
    parts = lanes.segment(road[0])
    best = np.sort(planes, axis=0)
    clear = best[-1] - best[-2] > 1e-3
    np.testing.assert_array_equal(parts.class_mask[clear], planes.argmax(axis=0)[clear])
    np.testing.assert_allclose(parts.confidence_mask, best[-1], atol=1e-4)


@pytest.mark.parametrize('mask_filter', ['linear', 'point'])
def test_a_person_with_what_she_holds(selfie, astronaut, mask_filter):
    selfie.settings = SegmentationSettings(mask_filter=mask_filter)
    found = selfie.segment(astronaut).class_mask == selfie.labels.index('person')
    assert iou(found, filled([PERSON, HELMET], (512, 512))) > 0.93
    person = filled([PERSON], (512, 512))
    assert (found & person).sum() / person.sum() > 0.98


def test_unsure_pixels_lie_at_the_edge_of_the_person(selfie, astronaut):
    selfie.settings = SegmentationSettings(min_confidence=0.8)
    parts = selfie.segment(astronaut)
    unsure = parts.class_mask == UNLABELLED
    assert 0.001 < unsure.mean() < 0.1
    np.testing.assert_allclose(parts.shares().sum() + unsure.mean(), 1)
    np.testing.assert_array_equal(unsure, parts.confidence_mask < np.float32(0.8))
    selfie.settings = SegmentationSettings()


def test_lines_of_a_drawn_road(lanes, road):
    image, wanted = road
    parts = lanes.segment(image)
    assert lanes.grid_size_wh == (320, 240)
    scores = [iou(parts.class_mask == k, wanted == k) for k in range(3)]
    assert scores[WHITE] > 0.85
    assert scores[YELLOW] > 0.85
    assert scores[OTHER] > 0.98
    shares = [(wanted == k).mean() for k in range(3)]
    np.testing.assert_allclose(parts.shares(), shares, atol=0.01)


def test_every_yellow_dash_is_found(lanes, road):
    image, wanted = road
    count, dashes = cv2.connectedComponents((wanted == YELLOW).astype(np.uint8))
    found = lanes.segment(image).class_mask == YELLOW
    assert count == 7
    for dash in range(1, count):
        assert found[dashes == dash].mean() > 0.6


def test_several_ways_from_one_run_are_those_of_several_runs(selfie, astronaut):
    ways = [
        SegmentationSettings(),
        SegmentationSettings(mask_filter='point', min_confidence=0.8),
        SegmentationSettings(resolution='grid', ignore_class='person'),
    ]
    runs = []
    run = selfie.engine.run
    selfie.engine.run = lambda inputs: runs.append(1) or run(inputs)
    together = selfie.segment_in(astronaut, [MaskWish(way) for way in ways])
    del selfie.engine.run
    assert len(runs) == 1
    for way, parts in zip(ways, together, strict=True):
        selfie.settings = way
        alone = selfie.segment(astronaut)
        np.testing.assert_array_equal(parts.class_mask, alone.class_mask)
        np.testing.assert_array_equal(parts.confidence_mask, alone.confidence_mask)
    selfie.settings = SegmentationSettings()
    assert selfie.segment_in(astronaut, []) == []
