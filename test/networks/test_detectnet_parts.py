# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of DetectNet on tiles and regions, with a stand-in that finds bright blobs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.errors import SettingsError
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.networks import DetectNet
from ros_deep_learning.tasks.parts import TilingSettings
from ros_deep_learning.tasks.suppression import DetectionFilter, DetectionSettings

TILES = TilingSettings((40, 20), overlap=0.25, whole=False)
"""Tiles of the network's own size, so that nothing is resized and boxes are exact."""

TILES_AND_WHOLE = replace(TILES, whole=True)

RED, GREEN, BLUE = (255, 0, 0), (0, 204, 0), (0, 0, 153)


@pytest.fixture
def net(card, blob_engine, make_loader):
    options = EngineOptions(max_batch=4)
    # Nearest keeps 255, so that a blob of the whole image has no borders of other brightness.
    card = replace(card, input=replace(card.input, interpolation='nearest'))
    return DetectNet(card, loader=make_loader(blob_engine), options=options)


def scene(*blobs, size_wh=(160, 80)):
    """A black image with boxes of a colour."""
    image = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    for (x1, y1, x2, y2), color in blobs:
        image[y1:y2, x1:x2] = color
    return image


def found_boxes(found):
    return [
        (tuple(int(edge) for edge in box), int(class_id))
        for box, class_id in zip(found.boxes_xyxy, found.class_ids, strict=True)
    ]


@pytest.mark.parametrize('region', [None, (0.25, 0.25, 0.75, 1.0)])
@pytest.mark.parametrize('tiling', [None, TILES])
def test_nothing_there(net, tiling, region):
    net.settings = DetectionSettings(tiling=tiling, region=region)
    found = net.detect(scene())
    assert found.boxes_xyxy.shape == (0, 4)
    assert (found.scores.dtype, found.class_ids.dtype) == (np.float32, np.int32)
    assert found.source_wh == (160, 80)
    assert found.track_ids is None
    assert net.detect_batch([]) == []


def test_off_at_first(net):
    assert (net.settings.tiling, net.settings.region) == (None, None)


def test_small_blobs_are_found_on_tiles_only(net):
    image = scene(((81, 41, 82, 42), RED), ((3, 5, 5, 6), GREEN))
    assert len(net.detect(image)) == 0
    net.settings = DetectionSettings(tiling=TILES)
    assert found_boxes(net.detect(image)) == [((81, 41, 82, 42), 0), ((3, 5, 5, 6), 1)]


@pytest.mark.parametrize('x', range(20, 50, 3))
def test_a_blob_at_a_border_is_one(net, x):
    net.settings = DetectionSettings(tiling=TILES)
    image = scene(((x, 14, x + 9, 18), BLUE))
    assert found_boxes(net.detect(image)) == [((x, 14, x + 9, 18), 2)]


def test_blobs_larger_than_a_tile_need_the_whole_image(net):
    blob = ((16, 16, 144, 64), RED)
    net.settings = DetectionSettings(tiling=TILES_AND_WHOLE)
    assert found_boxes(net.detect(scene(blob))) == [((16, 16, 144, 64), 0)]
    net.settings = DetectionSettings(tiling=TILES)
    assert ((16, 16, 144, 64), 0) not in found_boxes(net.detect(scene(blob)))


def test_tiles_run_together_as_far_as_allowed(net, blob_engine):
    # Tiles lie 30 and 15 pixels apart, which makes 5 along each side.
    for tiling, sizes in ((TILES, [4] * 6 + [1]), (TILES_AND_WHOLE, [4] * 6 + [2])):
        blob_engine.inputs.clear()
        net.settings = DetectionSettings(tiling=tiling)
        net.detect(scene())
        assert [len(inputs['image']) for inputs in blob_engine.inputs] == sizes


def test_an_image_of_one_tile_is_looked_at_once(net, blob_engine):
    net.settings = DetectionSettings(tiling=TILES_AND_WHOLE)
    net.detect(scene(size_wh=(30, 20)))
    assert [len(inputs['image']) for inputs in blob_engine.inputs] == [1]


def test_stage_times_are_of_all_tiles(net, monkeypatch):
    run, runs = net._runner.run, []

    def timed(pixels):
        for one in run(pixels):
            runs.append(one)
            yield replace(one, preprocess_ms=2.0, inference_ms=3.0)

    monkeypatch.setattr(net._runner, 'run', timed)
    net.settings = DetectionSettings(tiling=TILES)
    times = net.detect(scene()).times
    assert (times.preprocess_ms, times.inference_ms) == (50.0, 75.0)
    assert len(runs) == 25
    assert times.postprocess_ms > 0


@pytest.mark.parametrize('tiling', [None, TILES])
def test_only_the_region_is_looked_at(net, tiling):
    net.settings = DetectionSettings(tiling=tiling, region=(0.25, 0.5, 0.5, 0.75))
    image = scene(((45, 50, 55, 58), RED), ((2, 2, 9, 9), RED), ((90, 50, 99, 58), GREEN))
    found = net.detect(image)
    assert found_boxes(found) == [((45, 50, 55, 58), 0)]
    assert found.source_wh == (160, 80)
    net.settings = DetectionSettings(tiling=TILES)
    assert len(net.detect(image)) == 3


def test_tiles_cover_the_region_only(net, blob_engine):
    net.settings = DetectionSettings(tiling=TILES, region=(0.0, 0.0, 0.4375, 0.25))
    net.detect(scene())
    assert [len(inputs['image']) for inputs in blob_engine.inputs] == [2]


@pytest.mark.parametrize('tiling', [None, TILES])
@pytest.mark.parametrize('region', [None, (0.1, 0.2, 0.9, 1.0)])
def test_a_batch_is_as_one_by_one(net, tiling, region):
    net.settings = DetectionSettings(tiling=tiling, region=region)
    images = [
        scene(((60, 40, 90, 60), RED), ((100, 44, 120, 56), GREEN)),
        scene(size_wh=(64, 48)),
        scene(((40, 40, 80, 80), BLUE), size_wh=(120, 120)),
    ]
    pixels = Pixels(np.ascontiguousarray(images[0][..., ::-1]), 'bgr')
    together = net.detect_batch([*images, pixels])
    alone = [net.detect(image) for image in images]
    assert sum(len(found) for found in alone) >= 3
    for one, other in zip(together, [*alone, alone[0]], strict=True):
        assert one.source_wh == other.source_wh
        np.testing.assert_array_equal(one.boxes_xyxy, other.boxes_xyxy)
        np.testing.assert_array_equal(one.class_ids, other.class_ids)


def test_wanted_classes_sizes_and_order_hold_on_tiles(net):
    net.settings = DetectionSettings(tiling=TILES)
    image = scene(((2, 2, 6, 6), RED), ((60, 2, 70, 12), GREEN), ((100, 50, 112, 62), BLUE))
    assert [k for _, k in found_boxes(net.detect(image))] == [0, 1, 2]
    net.settings = DetectionSettings(tiling=TILES, only=DetectionFilter(order='area'))
    assert [k for _, k in found_boxes(net.detect(image))] == [2, 1, 0]
    net.settings = DetectionSettings(
        tiling=TILES, only=DetectionFilter(class_ids=net.class_ids(['0', '2']))
    )
    assert [k for _, k in found_boxes(net.detect(image))] == [0, 2]
    net.settings = DetectionSettings(tiling=TILES, only=DetectionFilter(min_width_px=5))
    assert [k for _, k in found_boxes(net.detect(image))] == [1, 2]


def test_an_engine_that_prepares_frames_gets_views(card, pixels_engine, make_loader):
    net = DetectNet(card, loader=make_loader(pixels_engine))
    net.settings = DetectionSettings(
        tiling=TilingSettings((100, 100)), region=(0.0, 0.0, 0.5, 1.0)
    )
    image = scene(size_wh=(320, 100))
    net.detect(image)
    frames = [frames for frames, _ in pixels_engine.inputs]
    assert [[frame.size_wh for frame in some] for some in frames] == [[(100, 100)]] * 2 + [
        [(160, 100)]
    ]
    assert all(np.shares_memory(frame.array, image) for some in frames for frame in some)


@pytest.mark.parametrize(
    'region', [(0, 0, 1), (), (0, 0, 0, 1), (0.5, 0, 0.4, 1), (-0.1, 0, 1, 1), (0, 0, 1, np.nan)]
)
def test_no_region(region):
    with pytest.raises(SettingsError, match=r'^region: expected '):
        DetectionSettings(region=region)
