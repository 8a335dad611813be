# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of tiles, regions and tracking with the real detector, on real pictures and a clip."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from ros_deep_learning.engines.loader import EngineLoader
from ros_deep_learning.networks import DetectNet
from ros_deep_learning.tasks.boxes import iou_matrix
from ros_deep_learning.tasks.parts import TilingSettings
from ros_deep_learning.tasks.suppression import DetectionFilter, DetectionSettings
from ros_deep_learning.tasks.tracking.tracker import Tracker, TrackingSettings

CAT_XY, CAT_WH = (1300, 700), (225, 150)
TILES = TilingSettings((480, 480), overlap=0.25)


@pytest.fixture(scope='module')
def shared_net(ssd_onnx):
    assert ssd_onnx.is_file()
    with DetectNet('ssd-mobilenet-v2', loader=EngineLoader(), backend='onnxruntime') as net:
        yield net


@pytest.fixture
def net(shared_net):
    shared_net.settings = DetectionSettings()
    return shared_net


@pytest.fixture(scope='module')
def small_cat(chelsea):
    """The cat, a twelfth of a grey 1920x1080 picture wide, and where it is."""
    picture = np.full((1080, 1920, 3), 127, np.uint8)
    (x, y), (w, h) = CAT_XY, CAT_WH
    picture[y : y + h, x : x + w] = cv2.resize(chelsea, CAT_WH, interpolation=cv2.INTER_AREA)
    # Its box in the picture, read off with a grid, is (0, 0, 395, 300) of 451x300.
    return picture, np.array([[x, y, x + w * 395 / 451, y + h]])


def test_an_empty_scene(net):
    net.settings = replace(net.settings, tiling=TilingSettings((400, 400)))
    tracker = Tracker(TrackingSettings())
    found = tracker.update(net.detect(np.full((480, 640, 3), 127, np.uint8)))
    assert (len(found), found.track_ids.shape) == (0, (0,))


def test_a_small_cat_is_found_on_tiles_only(net, small_cat):
    picture, box = small_cat
    cat = net.class_ids(['cat'])
    assert not cat & set(net.detect(picture).class_ids.tolist())
    net.settings = replace(net.settings, tiling=TILES)
    found = net.detect(picture)
    assert found.class_ids.tolist() == list(cat)
    assert found.scores[0] > 0.9
    assert found.source_wh == (1920, 1080)
    assert iou_matrix(found.boxes_xyxy, box)[0, 0] > 0.8


@pytest.mark.parametrize('tiling', [None, TilingSettings((400, 400))])
def test_a_region_is_seen_closer(net, small_cat, tiling):
    picture, box = small_cat
    net.settings = replace(net.settings, tiling=tiling, region=(0.6, 0.5, 0.85, 0.9))
    found = net.detect(picture)
    assert found.class_ids.tolist() == list(net.class_ids(['cat']))
    assert iou_matrix(found.boxes_xyxy, box)[0, 0] > 0.7
    net.settings = replace(net.settings, region=(0.0, 0.0, 0.5, 0.5))
    assert len(net.detect(picture)) == 0


def test_only_wanted_classes(net, bikes_frames):
    net.settings = DetectionSettings(score_threshold=0.3)
    every = [net.labels[k] for frame in bikes_frames for k in net.detect(frame).class_ids]
    assert {'person', 'bicycle'} < set(every)
    only = DetectionFilter(class_ids=net.class_ids(['Person', 'bicycle']), order='area')
    net.settings = DetectionSettings(score_threshold=0.3, only=only)
    for frame in bikes_frames:
        found = net.detect(frame)
        assert {net.labels[k] for k in found.class_ids} <= {'person', 'bicycle'}
        sides = found.boxes_xyxy[:, 2:] - found.boxes_xyxy[:, :2]
        assert (np.diff(sides.prod(axis=1)) <= 0).all()


@pytest.fixture(scope='module')
def waiting_cyclist(bikes_clip):
    """Every second of the frames 106 to 136, one shot: a cyclist waits beside a pole."""
    capture = cv2.VideoCapture(str(bikes_clip))
    frames = [capture.read()[1] for _ in range(137)]
    capture.release()
    return [np.ascontiguousarray(frame[..., ::-1]) for frame in frames[106::2]]


@pytest.mark.parametrize('kind', ['iou', 'byte'])
def test_the_cyclist_keeps_his_number(net, waiting_cyclist, kind):
    net.settings = DetectionSettings(
        score_threshold=0.6, only=DetectionFilter(class_ids=net.class_ids(['person']))
    )
    tracker = Tracker(TrackingSettings(kind), score_threshold=0.6)
    net.settings = replace(net.settings, score_threshold=tracker.least_score)
    numbers = []
    for k, frame in enumerate(waiting_cyclist):
        found = tracker.update(net.detect(frame), stamp_s=2 * k / 25)
        assert found.scores[0] > 0.6
        # The pole and the poster are left of him, the motorcycle is right of him.
        x1, _, x2, _ = found.boxes_xyxy[0]
        assert 320 < x1 < 400
        assert 440 < x2 < 520
        numbers.append(int(found.track_ids[0]))
    assert numbers[:2] == [-1, -1]
    assert numbers[2] >= 0
    assert set(numbers[2:]) == {numbers[2]}


def test_small_animals_are_found_once_with_the_whole_image_beside_its_tiles(net, chelsea):
    scene = np.full((1200, 1600, 3), 120, np.uint8)
    corners = [(90, 1020), (420, 350), (942, 560)]
    for x, y in corners:
        cat = cv2.resize(chelsea, (150, 100), interpolation=cv2.INTER_AREA)
        scene[y : y + 100, x : x + 150] = cat
    net.settings = DetectionSettings(score_threshold=0.3)
    # At a fifth of their size they look like kites.
    assert {net.labels[k] for k in net.detect(scene).class_ids} == {'kite'}
    net.settings = replace(net.settings, tiling=TilingSettings((400, 400), 0.25))
    found = net.detect(scene)
    assert [net.labels[k] for k in found.class_ids] == ['cat'] * 3
    lows = sorted(found.boxes_xyxy[:, :2].tolist())
    np.testing.assert_allclose(lows, corners, atol=25)
