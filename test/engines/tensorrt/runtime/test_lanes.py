# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Two runs of an engine are on their way at a time, and each gets its own results."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ros_deep_learning.cards.card import InputSpec
from ros_deep_learning.engines.base import EngineInfo, PipelinedEngine, TensorSpec
from ros_deep_learning.engines.on_device import MaskSpec, ScoreGrid
from ros_deep_learning.errors import DeviceError, EngineError, InferenceError
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.imaging.placement import place
from ros_deep_learning.tasks.preprocess import preprocess

FLOAT = np.dtype('float32')
SPEC = InputSpec(width=40, height=30, channels='rgb', scale=1 / 255)
INFO = EngineInfo(
    'tensorrt', '8.6', 'fake', 'fp32',
    (TensorSpec('image', (-1, 3, 30, 40), FLOAT),), (TensorSpec('out', (-1, 3, 30, 40), FLOAT),),
)  # fmt: skip
FRAMES = [
    Pixels(np.random.default_rng(seed).integers(0, 256, (60, 80, 3), np.uint8))
    for seed in range(4)
]
WANTED = [preprocess([frame], SPEC) for frame in FRAMES]


def copied(inputs):
    return {'out': inputs['image']}


@pytest.fixture
def engine(fake_gpu):
    return fake_gpu.engine(INFO, copied)


def same(got, k):
    np.testing.assert_allclose(got['out'], WANTED[k], atol=1e-6)


def lanes(engine):
    return len(engine._lanes)


def test_one_run_after_another_needs_no_second_lane(engine):
    assert isinstance(engine, PipelinedEngine)
    for k, frame in enumerate(FRAMES):
        same(engine.start_pixels([frame], SPEC)(), k)
    assert lanes(engine) == 1


@pytest.mark.parametrize('order', list(itertools.permutations(range(2))))
def test_two_on_their_way(engine, order):
    waits = [engine.start_pixels([frame], SPEC) for frame in FRAMES[:2]]
    assert engine._network.runs == 0, 'a start waits for its run'
    for k in order:
        same(waits[k](), k)
        same(waits[k](), k)
    assert lanes(engine) == 2


@pytest.mark.parametrize('order', list(itertools.permutations(range(4))))
def test_more_than_two_complete_the_oldest(engine, order):
    waits = [engine.start_pixels([frame], SPEC) for frame in FRAMES]
    for k in order:
        same(waits[k](), k)
    assert lanes(engine) == 2


def test_a_run_that_nobody_waits_for_is_no_hindrance(engine):
    engine.start_pixels([FRAMES[0]], SPEC)
    for k in (1, 2, 3):
        same(engine.start_pixels([FRAMES[k]], SPEC)(), k)


def test_tensors_and_masks_of_frames_take_turns(engine):
    placement = place((80, 60), (40, 30), 'stretch')
    grid = ScoreGrid('out', 'probabilities', 3)
    masks = engine.start_masks(
        FRAMES[:1], SPEC, grid, [[MaskSpec(placement, confidence='float32')]]
    )
    tensors = engine.start({'image': WANTED[1]})
    frame = engine.start_pixels([FRAMES[2]], SPEC)
    same(tensors(), 1)
    same(frame(), 2)
    ((mask,),) = masks()
    ((alone,),) = engine.start_masks(
        FRAMES[:1], SPEC, grid, [[MaskSpec(placement, confidence='float32')]]
    )()
    np.testing.assert_array_equal(mask.class_ids, alone.class_ids)
    np.testing.assert_array_equal(mask.confidences, alone.confidences)
    assert len(np.unique(mask.class_ids)) == 3


def test_a_run_that_fails_is_the_only_one(fake_gpu):
    def breaks(inputs):
        if abs(inputs['image'] - WANTED[0]).max() < 1e-6:
            msg = 'this frame'
            raise RuntimeError(msg)
        return copied(inputs)

    engine = fake_gpu.engine(INFO, breaks)
    waits = [engine.start_pixels([frame], SPEC) for frame in FRAMES[:3]]
    same(waits[2](), 2)
    with pytest.raises(RuntimeError, match='this frame'):
        waits[0]()
    same(waits[1](), 1)


def test_without_memory_for_a_second_lane(engine, monkeypatch, caplog):
    def full():
        msg = 'there is not enough memory'
        raise DeviceError(msg)

    monkeypatch.setattr(engine._network, 'new_context', full)
    monkeypatch.setattr(engine._network, 'name', 'big', raising=False)
    waits = [engine.start_pixels([frame], SPEC) for frame in FRAMES]
    for k in (3, 0, 2, 1):
        same(waits[k](), k)
    assert lanes(engine) == 1
    assert [r.message for r in caplog.records] == [
        'big: frames run one after another: there is not enough memory'
    ]


def test_without_memory_for_the_frames_of_a_second_lane(engine, fake_gpu, monkeypatch, caplog):
    first = engine.start_pixels([FRAMES[0]], SPEC)
    allocate, left = fake_gpu.driver.pagelocked_empty, [2]

    def full_after_the_tensors(*given, **named):
        left[0] -= 1
        if left[0] < 0:
            raise fake_gpu.driver.MemoryError
        return allocate(*given, **named)

    monkeypatch.setattr(fake_gpu.driver, 'pagelocked_empty', full_after_the_tensors)
    monkeypatch.setattr(engine._network, 'name', 'big', raising=False)
    with pytest.raises(InferenceError, match=r'^big: no memory for a second frame at a time: out'):
        engine.start_pixels([FRAMES[1]], SPEC)
    same(first(), 0)
    waits = [engine.start_pixels([frame], SPEC) for frame in FRAMES]
    for k in (3, 0, 2, 1):
        same(waits[k](), k)
    assert lanes(engine) == 1
    (record,) = caplog.records
    assert record.message.startswith('big: frames run one after another: out of GPU memory')


def test_a_closed_engine_has_no_results(engine):
    waits = [engine.start_pixels([frame], SPEC) for frame in FRAMES[:3]]
    engine.close()
    for wait in waits:
        with pytest.raises(EngineError, match='closed'):
            wait()
