# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks on a real GPU with TensorRT: made there, against the same outputs read on the CPU."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.loader import EngineLoader
from ros_deep_learning.errors import FetchError
from ros_deep_learning.imaging.drawing.mask_overlay import blend_mask, color_mask
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.networks import DetectNet, MaskWish, SegNet
from ros_deep_learning.tasks.parts import TilingSettings
from ros_deep_learning.tasks.segmentation import SegmentationSettings
from ros_deep_learning.tasks.suppression import DetectionSettings

pytestmark = pytest.mark.gpu
SEGMENTERS = ('selfie', 'duckietown-lanes')
# Scores that OpenCV interpolates with weights of single precision are so far off.
NEAR = 2e-4
CYCLES = 50
FLAT_BYTES = 8 << 20


@pytest.fixture(scope='module')
def loader():
    from ros_deep_learning.engines.tensorrt.backend import TensorRtBackend

    reason = TensorRtBackend().unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    return EngineLoader()


@pytest.fixture(scope='module')
def pictures():
    from ros_deep_learning.downloads.media import media_path

    try:
        paths = [media_path(f'{name}.png') for name in ('astronaut', 'chelsea', 'coffee')]
    except FetchError as err:
        pytest.skip(f'the test pictures are not in the cache: {err}')
    return [Pixels(cv2.imread(str(path), cv2.IMREAD_COLOR), 'bgr') for path in paths]


@pytest.fixture
def open_net(loader):
    nets = []

    def make(kind, name, precision='fp16', **options):
        options = EngineOptions(optimization_level=1, **options)
        try:
            net = kind(
                name, loader=loader, backend='tensorrt', precision=precision, options=options
            )
        except FetchError as err:
            pytest.skip(f'{name} is not in the cache: {err}')
        nets.append(net)
        return net

    yield make
    for net in nets:
        net.close()


def on_cpu(net, attribute, call):
    """Call with the network's outputs read on the CPU."""
    kept = getattr(net, attribute)
    assert kept is not None, 'the network is not read on the device'
    setattr(net, attribute, None)
    try:
        return call()
    finally:
        setattr(net, attribute, kept)


@pytest.mark.parametrize('precision', ['fp32', 'fp16'])
@pytest.mark.parametrize('name', SEGMENTERS)
def test_masks_are_those_of_the_cpu(open_net, pictures, name, precision):
    net = open_net(SegNet, name, precision)
    wishes = [
        MaskWish(SegmentationSettings(mask_filter, least, None, resolution))
        for mask_filter in ('linear', 'point')
        for least in (0.0, 0.6)
        for resolution in ('source', 'grid', (400, 200))
    ]
    for picture in pictures:
        for _ in range(2):  # the second is captured in a CUDA graph
            ours = net.segment_in(picture, wishes)
            theirs = on_cpu(net, '_score_grid', lambda p=picture: net.segment_in(p, wishes))
        for wish, a, b in zip(wishes, ours, theirs, strict=True):
            differ = (a.class_mask != b.class_mask).mean()
            off = np.abs(a.confidence_mask - b.confidence_mask).max()
            print(f'{name} {precision} {wish}: {differ:.2e} of the pixels differ, {off:.2e} off')
            assert off <= NEAR
            assert differ <= 1e-3
            assert a.class_mask.shape == b.class_mask.shape


@pytest.mark.parametrize('name', SEGMENTERS)
def test_pictures_are_those_of_the_cpu(open_net, pictures, name):
    net = open_net(SegNet, name)
    alpha = 120
    wish = MaskWish(net.settings, 'uint8', True, True, (alpha,) * len(net.labels))
    for picture in pictures:
        (found,) = net.segment_in(picture, [wish])
        np.testing.assert_array_equal(
            found.pixel_counts(),
            np.bincount(found.class_mask.ravel(), minlength=256)[: len(net.labels)],
        )
        np.testing.assert_array_equal(
            found.ready.color_mask, color_mask(found.class_mask, net.colors_rgb)
        )
        drawn = np.ascontiguousarray(picture.array[..., ::-1])
        blend_mask(drawn, found.class_mask, net.colors_rgb, alpha=alpha)
        assert np.abs(found.ready.overlay.astype(int) - drawn).max() <= 1
        theirs = on_cpu(net, '_score_grid', lambda p=picture: net.segment(p))
        levels = np.rint(theirs.confidence_mask * 255)
        assert np.abs(found.ready.confidence_levels - levels).max() <= 1


def test_a_camera_frame_and_memory_that_stays(open_net, pictures):
    from pycuda import driver

    from ros_deep_learning.engines.tensorrt.runtime.cuda import gpu_context

    net = open_net(SegNet, 'selfie')
    sizes = ((1920, 1080), (640, 480), (1, 1), (333, 1000))
    frames = [Pixels(cv2.resize(pictures[0].array, size), 'bgr') for size in sizes]
    alphas = (120,) * len(net.labels)
    wish = MaskWish(net.settings, 'float32', True, True, alphas)
    free = []
    for _ in range(CYCLES):
        for frame in frames:
            (found,) = net.segment_in(frame, [wish])
            assert found.ready.overlay.shape == frame.array.shape
        with gpu_context(0).current():
            free.append(driver.mem_get_info()[0])
    print(f'free GPU memory: {free[0]} after the first cycle, {free[-1]} after the last')
    assert abs(free[-1] - free[0]) <= FLAT_BYTES


@pytest.mark.parametrize('precision', ['fp32', 'fp16'])
def test_objects_are_those_of_the_cpu(open_net, pictures, precision):
    net = open_net(DetectNet, 'ssd-mobilenet-v2', precision)
    found = 0
    for threshold in (0.0, 0.01, 0.3, 0.5, 1.0):
        net.settings = DetectionSettings(threshold)
        for picture in pictures:
            ours = net.detect(picture)
            theirs = on_cpu(net, '_table', lambda p=picture: net.detect(p))
            for name in ('scores', 'class_ids', 'boxes_xyxy'):
                np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
            found += len(ours)
    print(f'{found} objects')
    assert found


def test_tiles_run_in_batches(open_net, pictures):
    net = open_net(DetectNet, 'ssd-mobilenet-v2', max_batch=4)
    net.settings = replace(net.settings, tiling=TilingSettings((256, 256)))
    net.settings = replace(net.settings, score_threshold=0.2)
    ours = net.detect(pictures[0])
    theirs = on_cpu(net, '_table', lambda: net.detect(pictures[0]))
    np.testing.assert_array_equal(ours.boxes_xyxy, theirs.boxes_xyxy)
    np.testing.assert_array_equal(ours.scores, theirs.scores)
    assert len(ours)


def test_both_ways_of_one_engine_take_turns(open_net, pictures):
    net = open_net(DetectNet, 'ssd-mobilenet-v2')
    for _ in range(4):
        ours = net.detect(pictures[0])
        theirs = on_cpu(net, '_table', lambda: net.detect(pictures[0]))
        np.testing.assert_array_equal(ours.scores, theirs.scores)
    assert net.engine._lanes[0].execution.launcher.captured == 2
