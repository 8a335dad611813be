# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""An engine in random use: every result is that of the CPU, and all memory is given back."""

from __future__ import annotations

import gc
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from ros_deep_learning.cards.box_table import BoxTable
from ros_deep_learning.cards.card import InputSpec
from ros_deep_learning.engines.base import EngineInfo, TensorSpec
from ros_deep_learning.engines.on_device import MaskSpec, ScoreGrid
from ros_deep_learning.engines.tensorrt.runtime import lane
from ros_deep_learning.engines.tensorrt.runtime.device_frames import FrameBuffer
from ros_deep_learning.engines.tensorrt.runtime.results.mask_kernels import MaskMaker
from ros_deep_learning.errors import InferenceError
from ros_deep_learning.imaging.device_pixels import DevicePixels
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.imaging.placement import place
from ros_deep_learning.tasks.preprocess import preprocess
from ros_deep_learning.tasks.segmentation import SegmentationSettings, segmentation_from_scores

NETWORK_WH = (40, 30)
SPEC = InputSpec(*NETWORK_WH, scale=1 / 255, resize='letterbox')
GRID = ScoreGrid('out', 'probabilities', 3)
TABLE = BoxTable('table', 'table', first_class=4)
SIZES_WH = ((400, 300), (300, 400), (80, 60), (37, 501), (640, 200))
STEPS = 60
# Else many scores of two classes would be equal but for rounding.
FACTORS = np.array([1, 0.9173, 0.8531], np.float32).reshape(3, 1, 1)


def compute(inputs):
    """A network whose output is its input in other shades, and a table of some of its values."""
    images = inputs['image'] * FACTORS
    rows = np.moveaxis(images.reshape(len(images), 3, -1)[:, :, :300], 1, 2)
    return {'out': images, 'table': np.concatenate([rows, rows, rows[..., :2]], axis=2)}


@pytest.fixture
def engine(fake_gpu, rng, monkeypatch):
    def choose(tries, lean=None):
        for _, run in tries:
            run()
        return tries[rng.integers(len(tries))][0]

    monkeypatch.setattr(lane, 'FrameBuffer', partial(FrameBuffer, choose=choose))
    monkeypatch.setattr(lane, 'MaskMaker', partial(MaskMaker, choose=choose))
    image = TensorSpec('image', (-1, 3, *NETWORK_WH[::-1]), np.dtype('float32'))
    outputs = (replace(image, name='out'), replace(image, name='table', shape=(-1, 300, 8)))
    info = EngineInfo('tensorrt', '8.6', 'fake', 'fp32', (image,), outputs)
    integrated, cuda_graph = rng.random(2) < 0.5
    return fake_gpu.engine(
        info, compute, integrated=integrated, cuda_graph=cuda_graph, max_batch=3
    )


def random_frame(engine, rng):
    """A frame in one of the kinds of memory, and a copy of it."""
    width, height = size_wh = SIZES_WH[rng.integers(len(SIZES_WH))]
    array = rng.integers(0, 256, (height, width, 3), np.uint8)
    kind, order = rng.integers(6), str(rng.choice(['rgb', 'bgr']))
    copy = Pixels(array.copy(), order)
    if kind == 0:
        stream = engine._runs.next_lane().execution.stream.handle
        there = DevicePixels(array.ctypes.data, size_wh, 3 * width, array, stream, order)
        return there, copy
    if kind == 1:
        pinned = engine.frame_memory(array.nbytes + 64)[64:].reshape(array.shape)
    elif kind == 2:
        pinned = engine.frame_memory((width + 10) * height * 3)
        pinned = pinned.reshape(height, width + 10, 3)[:, 5 : 5 + width]
    elif kind == 3:
        pinned = np.empty_like(array)[::-1]
    elif kind == 4:
        pinned = np.empty((3, height, width), np.uint8).transpose(1, 2, 0)
    else:
        pinned = np.empty_like(array)
    pinned[...] = array
    return Pixels(pinned, order), copy


def expected_outputs(copies):
    return compute({'image': preprocess(copies, SPEC)})


def check_masks(masks, copies, settings, overlay):
    for mask, copy, planes in zip(masks, copies, expected_outputs(copies)['out'], strict=True):
        placement = place(copy.size_wh, NETWORK_WH, 'letterbox')
        expected = segmentation_from_scores(planes, placement, settings)
        assert (np.asarray(mask.class_ids) != expected.class_mask).mean() < 1e-4
        np.testing.assert_allclose(
            np.asarray(mask.confidences), expected.confidence_mask, atol=1e-5
        )
        if overlay:
            np.testing.assert_array_equal(np.asarray(mask.overlay_rgb), copy.as_order('rgb'))


def check_tensors(outputs, copies):
    expected = expected_outputs(copies)['out']
    np.testing.assert_allclose(np.asarray(outputs['out']), expected, atol=1e-6)


def check_candidates(found, copies, least):
    for candidates, table in zip(found, expected_outputs(copies)['table'], strict=True):
        scores = table[:, 4:]
        expected = np.argwhere(scores >= least)
        picked = np.stack([candidates.rows, candidates.class_ids], axis=1)
        # One that is picked by its rounding alone would be another one.
        if np.abs(scores - least).min() > 1e-6:
            np.testing.assert_array_equal(picked[np.lexsort(picked.T[::-1])], expected)


def start(engine, rng):
    """Start a random run; return what waits for its results and checks them."""
    frames = [random_frame(engine, rng) for _ in range(rng.integers(1, 4))]
    pixels, copies = [one for one, _ in frames], [copy for _, copy in frames]
    overlay = rng.random() < 0.3
    on_grid = not overlay and rng.random() < 0.3
    settings = SegmentationSettings(resolution='grid' if on_grid else 'source')
    wishes = [
        MaskSpec(
            place(copy.size_wh, NETWORK_WH, 'letterbox'),
            on_grid=on_grid,
            confidence='float32',
            overlay_rgba=np.zeros((3, 4), np.uint8) if overlay else None,
        )
        for copy in copies
    ]
    what = rng.integers(9)
    if what < 2:
        wait = engine.start_pixels(pixels, SPEC, {'out'} if what else None)
        return lambda: check_tensors(wait(), copies)
    if what < 4:
        wait = engine.start_masks(pixels, SPEC, GRID, [[wish] for wish in wishes])
        return lambda: check_masks([one for (one,) in wait()], copies, settings, overlay)
    if what == 4:
        least = float(rng.choice([0.0, 0.3, 0.9, 2.0]))
        wait = engine.start_candidates(pixels, SPEC, TABLE, least)
        return lambda: check_candidates(wait(), copies, np.float32(least))
    if what == 5:
        wait = engine.start({'image': preprocess(copies, SPEC)})
        return lambda: check_tensors(wait(), copies)
    if what == 6:
        kept = engine.run_kept(pixels[0], SPEC)
        return lambda: check_tensors(kept, copies[:1])
    if what == 7:
        mask = engine.run_mask_kept(pixels[0], SPEC, GRID, wishes[0])
        return lambda: check_masks([mask], copies[:1], settings, overlay)
    if rng.random() < 0.5:
        return engine.start_masks(pixels, SPEC, replace(GRID, output='none'), [[]] * len(pixels))
    return engine.start_pixels(pixels * 4, SPEC)


@pytest.fixture(params=range(4))
def rng(request):
    return np.random.default_rng(request.param)


def test_random_use(engine, rng, fake_gpu):
    checks, failed = [], 0
    for _ in range(STEPS):
        try:
            checks.append(start(engine, rng))
        except InferenceError:
            failed += 1
        while len(checks) > rng.integers(5):
            checks.pop(rng.integers(len(checks)))()
        if checks and rng.random() < 0.1:
            del checks[rng.integers(len(checks))]
    assert failed
    checks.clear()
    gc.collect()
    engine.close()
    gc.collect()
    assert not fake_gpu.events.pinned
