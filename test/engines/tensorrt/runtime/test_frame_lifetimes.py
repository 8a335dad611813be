# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the GPU reads stays as it is until it has been read: also of runs that fail."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

from ros_deep_learning.cards.box_table import BoxTable
from ros_deep_learning.cards.card import InputSpec
from ros_deep_learning.engines.base import EngineInfo, TensorSpec
from ros_deep_learning.engines.on_device import MaskSpec, ScoreGrid
from ros_deep_learning.engines.tensorrt.runtime.device_frames import FrameBuffer
from ros_deep_learning.errors import InferenceError
from ros_deep_learning.imaging.device_pixels import DevicePixels
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.imaging.placement import place
from ros_deep_learning.tasks.preprocess import preprocess

SPEC = InputSpec(width=40, height=30, channels='rgb', scale=1 / 255)
SIZE_WH = (400, 300)
PICTURE = np.random.default_rng(0).integers(0, 256, (*SIZE_WH[::-1], 3), np.uint8)
WANTED = preprocess([Pixels(PICTURE)], SPEC)


@pytest.fixture
def engine(fake_gpu):
    """Gives its input back; pinned frames are read where they lie."""
    spec = TensorSpec('image', (-1, 3, 30, 40), np.dtype('float32'))
    info = EngineInfo('tensorrt', '8.6', 'fake', 'fp32', (spec,), (replace(spec, name='out'),))
    engine = fake_gpu.engine(info, lambda inputs: {'out': inputs['image']})
    network = engine._network
    engine._lanes[0].frames = FrameBuffer(
        network.gpu,
        network.target,
        lambda tries, lean: lean or tries[0][0],
    )
    return engine


def pinned_frame(engine):
    """A frame in memory of the engine's, which has no other owner."""
    array = engine.frame_memory(PICTURE.nbytes).reshape(PICTURE.shape)
    array[...] = PICTURE
    return Pixels(array)


class Owner:
    """What keeps an image on the GPU alive."""


def frame_there(engine, owner):
    (lane,) = engine._lanes
    return DevicePixels(
        PICTURE.ctypes.data, SIZE_WH, SIZE_WH[0] * 3, owner, int(lane.execution.stream.handle)
    )


def masks(engine, frames, output='out'):
    spec = MaskSpec(place(SIZE_WH, (40, 30), 'stretch'))
    return engine.start_masks(frames, SPEC, ScoreGrid(output, 'probabilities', 3), [[spec]])


def candidates(engine, frames):
    return engine.start_candidates(frames, SPEC, BoxTable('other', 'out'), 0.5)


def test_a_pinned_frame_that_its_owner_drops(engine, fake_gpu):
    wait = engine.start_pixels([pinned_frame(engine)], SPEC)
    gc.collect()
    assert len(fake_gpu.events.pinned) == 1
    np.testing.assert_allclose(wait()['out'], WANTED, atol=1e-6)
    gc.collect()
    assert not fake_gpu.events.pinned


def test_an_image_on_the_gpu_that_its_owner_drops(engine):
    owner = Owner()
    alive = weakref.ref(owner)
    wait = engine.start_pixels([frame_there(engine, owner)], SPEC)
    del owner
    gc.collect()
    assert alive() is not None
    np.testing.assert_allclose(wait()['out'], WANTED, atol=1e-6)
    gc.collect()
    assert alive() is None


@pytest.mark.parametrize(
    'start', [lambda *given: masks(*given, output='other'), masks, candidates],
    ids=['masks of no output', 'masks of too few frames', 'boxes of no output'],
)  # fmt: skip
def test_a_start_that_fails_reads_no_frame_any_more(engine, start):
    frame = pinned_frame(engine)
    frames = [frame] * (2 if start is masks else 1)
    with pytest.raises((InferenceError, ValueError)):
        start(engine, frames)
    # The frame is the caller's again, who may write the next one over it.
    (lane,) = engine._lanes
    assert lane.execution.stream.work == []
    np.testing.assert_allclose(engine.start_pixels([frame], SPEC)()['out'], WANTED, atol=1e-6)


def test_a_frame_that_tensorrt_refuses(engine, monkeypatch):
    frame = pinned_frame(engine)
    (lane,) = engine._lanes
    with monkeypatch.context() as patched:
        patched.setattr(lane.execution._context, 'execute_async_v3', lambda handle: False)
        for start in (engine.start_pixels, engine.run_kept):
            with pytest.raises(InferenceError, match='TensorRT failed on this frame'):
                start([frame] if start == engine.start_pixels else frame, SPEC)
            assert lane.execution.stream.work == []
    np.testing.assert_allclose(engine.start_pixels([frame], SPEC)()['out'], WANTED, atol=1e-6)
