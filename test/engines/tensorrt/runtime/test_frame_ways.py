# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Every way of a frame to the GPU gives the network the same input; results own their memory."""

from __future__ import annotations

import gc
from dataclasses import replace

import numpy as np
import pytest

from ros_deep_learning.cards.card import InputSpec
from ros_deep_learning.engines.base import EngineInfo, TensorSpec
from ros_deep_learning.engines.on_device import MaskSpec, ScoreGrid
from ros_deep_learning.engines.tensorrt.runtime import pinned
from ros_deep_learning.engines.tensorrt.runtime.device_frames import FrameBuffer
from ros_deep_learning.engines.tensorrt.runtime.frame_ways import (
    CopiedBox,
    GatheredRows,
    ReadThere,
    SentRows,
)
from ros_deep_learning.engines.tensorrt.runtime.pinned import pinned_address
from ros_deep_learning.engines.tensorrt.runtime.resized_here import (
    ResizedHere,
    ResizedInHalves,
)
from ros_deep_learning.errors import EngineError
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.imaging.placement import place
from ros_deep_learning.tasks.preprocess import preprocess

SPEC = InputSpec(width=40, height=30, channels='rgb', scale=1 / 255)
WIDTH, HEIGHT = 400, 300
PLACEMENT = place((WIDTH, HEIGHT), (40, 30), 'stretch')
GRID = ScoreGrid('out', 'probabilities', 3)


@pytest.fixture
def make_engine(fake_gpu):
    def make(way=None, *, spec=SPEC, integrated=False):
        info = EngineInfo(
            'tensorrt', '8.6', 'fake', 'fp32',
            (TensorSpec('image', (-1, 3, spec.height, spec.width), np.dtype('float32')),),
            (TensorSpec('out', (-1, 3, spec.height, spec.width), np.dtype('float32')),),
        )  # fmt: skip
        engine = fake_gpu.engine(
            info, lambda inputs: {'out': inputs['image']}, integrated=integrated
        )
        network = engine._network

        def choose(tries, _):
            for _, run in tries:
                run()
            found = [one for one, _ in tries if way is None or isinstance(one, way)]
            assert found, [type(one).__name__ for one, _ in tries]
            return found[0]

        engine._lanes[0].frames = FrameBuffer(network.gpu, network.target, choose)
        return engine

    return make


@pytest.fixture
def in_pinned_memory(fake_gpu):
    def copy(array):
        pinned = array.copy()
        whole = pinned.reshape(-1)
        fake_gpu.events.pinned[whole.ctypes.data] = whole
        return pinned

    yield copy
    fake_gpu.events.pinned.clear()


def picture(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


def wanted(image, spec=SPEC):
    return preprocess([Pixels(image)], spec)


@pytest.mark.parametrize('resize', ['stretch', 'letterbox', 'crop'])
@pytest.mark.parametrize('interpolation', ['nearest', 'bilinear'])
@pytest.mark.parametrize('way', [CopiedBox, GatheredRows, ResizedHere, ResizedInHalves])
def test_ways_of_ordinary_memory(make_engine, way, interpolation, resize):
    spec = replace(SPEC, resize=resize, interpolation=interpolation, crop_fraction=0.8)
    engine = make_engine(way, spec=spec)
    for seed in range(2):
        image = picture(seed)
        got = engine.start_pixels([Pixels(image)], spec)()['out']
        np.testing.assert_allclose(got, wanted(image, spec), atol=1e-6)
    (text,) = engine.info.measured
    assert text.startswith(f'{WIDTH}x{HEIGHT}: ')


@pytest.mark.parametrize('integrated', [False, True])
@pytest.mark.parametrize('resize', ['stretch', 'letterbox', 'crop'])
@pytest.mark.parametrize('way', [SentRows, ReadThere])
def test_ways_of_pinned_memory(make_engine, in_pinned_memory, fake_gpu, way, resize, integrated):
    if integrated and way is SentRows:
        return
    spec = replace(SPEC, resize=resize, crop_fraction=0.8)
    engine = make_engine(way, spec=spec, integrated=integrated)
    image = in_pinned_memory(picture())
    for seed in range(2):
        image[...] = picture(seed)
        fake_gpu.driver.uploaded.clear()
        got = engine.start_pixels([Pixels(image)], spec)()['out']
        np.testing.assert_allclose(got, wanted(image, spec), atol=1e-6)
    assert way is SentRows or fake_gpu.driver.uploaded == []


@pytest.mark.parametrize('layout', ['nchw', 'nhwc'])
@pytest.mark.parametrize('dtype', ['float32', 'float16', 'uint8'])
def test_the_type_of_the_input(fake_gpu, dtype, layout):
    """One of uint8 takes the pixels as they are, whatever the card says of their scale."""
    spec = replace(
        SPEC, layout=layout, channels='bgr', dtype=dtype, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4)
    )
    shape = (-1, 3, 30, 40) if layout == 'nchw' else (-1, 30, 40, 3)
    tensor = TensorSpec('image', shape, np.dtype(dtype))
    info = EngineInfo('tensorrt', '8.6', 'fake', 'fp32', (tensor,), (replace(tensor, name='out'),))
    engine = fake_gpu.engine(info, lambda inputs: {'out': inputs['image']})
    got = engine.start_pixels([Pixels(picture())], spec)()['out']
    assert got.dtype == dtype
    # A unit in the last place of half precision.
    tolerance = 1e-3 if dtype == 'float16' else 1e-6
    np.testing.assert_allclose(got, wanted(picture(), spec), rtol=tolerance, atol=tolerance)


def test_only_what_is_used_is_copied(make_engine, fake_gpu):
    spec = replace(SPEC, resize='crop', crop_fraction=0.5, interpolation='area')
    engine = make_engine(CopiedBox, spec=spec)
    engine.start_pixels([Pixels(picture())], spec)()
    fake_gpu.driver.uploaded.clear()
    engine.start_pixels([Pixels(picture())], spec)()
    assert sum(fake_gpu.driver.uploaded) == 200 * 150 * 3


def test_of_a_small_frame_nothing_else_is_uploaded(make_engine, fake_gpu):
    engine = make_engine()
    small = picture()[:100, :100].copy()
    got = engine.start_pixels([Pixels(small)], SPEC)()['out']
    np.testing.assert_allclose(got, wanted(small), atol=1e-6)
    assert fake_gpu.driver.uploaded == [small.nbytes]


def test_a_view_of_a_frame_and_a_batch_of_several_kinds(make_engine, in_pinned_memory):
    engine = make_engine()
    frames = [picture(1)[::-1], picture(2)[:, ::-1][:, ::-1], in_pinned_memory(picture(3))]
    frames.append(frames[2][20:280, 30:390])
    for _ in range(2):
        got = engine.start_pixels([Pixels(frame) for frame in frames], SPEC)()['out']
        np.testing.assert_allclose(got, np.concatenate([wanted(f) for f in frames]), atol=1e-6)


def test_a_view_of_a_pinned_frame_is_read_there(make_engine, in_pinned_memory, fake_gpu):
    engine = make_engine(ReadThere)
    part = in_pinned_memory(picture())[:, 20:380]
    engine.start_pixels([Pixels(part)], SPEC)()
    fake_gpu.driver.uploaded.clear()
    np.testing.assert_allclose(
        engine.start_pixels([Pixels(part)], SPEC)()['out'], wanted(part), atol=1e-6
    )
    assert fake_gpu.driver.uploaded == []


def planar(image, in_pinned_memory):
    return in_pinned_memory(image.transpose(2, 0, 1)).transpose(1, 2, 0)


@pytest.mark.parametrize(
    'view',
    [
        planar,
        lambda image, in_pinned_memory: in_pinned_memory(image)[:, ::-1],
        lambda image, in_pinned_memory: in_pinned_memory(np.tile(image, (1, 2, 1)))[:, ::2],
    ],
    ids=['planes', 'mirrored', 'every other pixel'],
)
def test_pinned_pixels_that_do_not_lie_side_by_side(make_engine, in_pinned_memory, view):
    frame = view(picture(), in_pinned_memory)

    def there_if_offered(tries, _):
        return next((one for one, _ in tries if isinstance(one, ReadThere)), tries[0][0])

    engine = make_engine()
    engine._lanes[0].frames._choose = there_if_offered
    got = engine.start_pixels([Pixels(frame)], SPEC)()['out']
    np.testing.assert_allclose(got, wanted(frame), atol=1e-6)


def test_opencv_that_rounds_otherwise_does_not_resize(make_engine, monkeypatch):
    send = ResizedHere.send

    def wrong(self, image, room):
        frame = send(self, image, room)
        room.host((1,))[0] ^= 1
        return frame

    monkeypatch.setattr(ResizedHere, 'send', wrong)
    engine = make_engine(ResizedHere)
    with pytest.raises(AssertionError, match='CopiedBox'):
        engine.start_pixels([Pixels(picture())], SPEC)()


def test_a_pinned_frame_may_be_overwritten_while_a_kept_run_goes_on(make_engine, in_pinned_memory):
    engine = make_engine()
    image = in_pinned_memory(picture())
    kept = engine.run_kept(Pixels(image), SPEC)['out']
    image[...] = 0
    np.testing.assert_allclose(np.asarray(kept), wanted(picture()), atol=1e-6)


def test_only_few_sizes_are_remembered(make_engine):
    engine = make_engine(GatheredRows)
    for width in range(300, 320):
        image = np.resize(picture(), (HEIGHT, width, 3))
        got = engine.start_pixels([Pixels(image)], SPEC)()['out']
        np.testing.assert_allclose(got, wanted(image), atol=1e-6)
    assert len(engine.info.measured) == 16


def test_a_way_is_remembered_for_as_long_as_its_batch_needs_it(make_engine):
    engine = make_engine(GatheredRows)
    frames = [np.resize(picture(width), (HEIGHT, width, 3)) for width in range(300, 317)]
    for frame in frames[:-1]:
        engine.start_pixels([Pixels(frame)], SPEC)()
    # The way of the first one is the oldest of those that are remembered.
    batch = [frames[0], frames[-1]]
    got = engine.start_pixels([Pixels(frame) for frame in batch], SPEC)()['out']
    np.testing.assert_allclose(got, np.concatenate([wanted(f) for f in batch]), atol=1e-6)
    assert len(engine.info.measured) == 16


def test_an_overlay_gets_the_whole_frame(make_engine):
    engine = make_engine()
    image, plain = Pixels(picture()), MaskSpec(PLACEMENT)
    see_through = replace(plain, overlay_rgba=np.zeros((3, 4), np.uint8))
    engine.start_masks([image], SPEC, GRID, [[plain]])()
    ((mask,),) = engine.start_masks([image], SPEC, GRID, [[see_through]])()
    np.testing.assert_array_equal(mask.overlay_rgb, image.array)


@pytest.mark.parametrize('integrated', [False, True])
def test_a_mask_that_is_kept_is_not_overwritten(make_engine, integrated):
    engine = make_engine(integrated=integrated)

    def masks(seed):
        wish = MaskSpec(PLACEMENT, confidence='float32')
        ((mask,),) = engine.start_masks([Pixels(picture(seed))], SPEC, GRID, [[wish]])()
        return mask

    kept = [masks(seed) for seed in range(12)]
    copies = [(mask.class_ids.copy(), mask.confidences.copy()) for mask in kept]
    parts = [mask.class_ids[3:, ::2] for mask in kept[:3]]
    del kept[:3]
    gc.collect()
    for seed in range(20, 30):
        masks(seed)
    for part, (ids, _) in zip(parts, copies[:3], strict=True):
        np.testing.assert_array_equal(part, ids[3:, ::2])
    for mask, (ids, confidences) in zip(kept, copies[3:], strict=True):
        np.testing.assert_array_equal(mask.class_ids, ids)
        np.testing.assert_array_equal(mask.confidences, confidences)


def test_results_take_turns_in_pinned_memory_and_outlive_the_engine(make_engine, fake_gpu):
    engine = make_engine()
    made = fake_gpu.events.pinned

    def mask(seed):
        wish = MaskSpec(PLACEMENT, confidence='float32')
        ((found,),) = engine.start_masks([Pixels(picture(seed))], SPEC, GRID, [[wish]])()
        return found

    for seed in range(5):
        last = mask(seed)
    assert len(made) == 2
    assert pinned_address(last.class_ids)
    assert pinned_address(last.confidences)
    ids = last.class_ids.copy()
    engine.close()
    assert len(made) == 1
    np.testing.assert_array_equal(last.class_ids, ids)
    del last
    gc.collect()
    assert not made


def test_who_keeps_many_results_gets_them_in_ordinary_memory(make_engine, fake_gpu):
    engine = make_engine()
    wish = MaskSpec(PLACEMENT)
    kept = [engine.start_masks([Pixels(picture())], SPEC, GRID, [[wish]])() for _ in range(9)]
    assert [pinned_address(found[0][0].class_ids) > 0 for found in kept] == [True] * 6 + [
        False
    ] * 3
    del kept
    gc.collect()
    found = engine.start_masks([Pixels(picture())], SPEC, GRID, [[wish]])()
    assert pinned_address(found[0][0].class_ids)
    assert len(fake_gpu.events.pinned) <= 6


def test_frames_in_memory_of_the_engine_are_read_where_they_lie(make_engine, fake_gpu):
    engine, other = make_engine(ReadThere), make_engine()
    assert engine.frame_memory == other.frame_memory
    size = HEIGHT * WIDTH * 3
    # As in a serialised message: after a header, so that no pixel lies at a round address.
    whole = engine.frame_memory(size + 61)
    image = whole[61:].reshape(HEIGHT, WIDTH, 3)
    # The first one is brought every way.
    for seed in (1, 0):
        image[...] = picture(seed)
        fake_gpu.driver.uploaded.clear()
        got = engine.start_pixels([Pixels(image)], SPEC)()['out']
        np.testing.assert_allclose(got, wanted(image), atol=1e-6)
    assert fake_gpu.driver.uploaded == []
    made = fake_gpu.events.pinned
    before = len(made)
    engine.close()
    other.close()
    # A view keeps it, also after the engine, and is all that does.
    del whole
    np.testing.assert_array_equal(image, picture())
    del image
    gc.collect()
    assert len(made) == before - 1
    assert engine.frame_memory(1).size == 1


def test_the_driver_is_asked_once_about_ordinary_memory(make_engine, monkeypatch):
    asked = []
    ask = pinned._attributes

    def noting(address):
        asked.append(address)
        return ask(address)

    monkeypatch.setattr(pinned, '_attributes', noting)
    engine, image = make_engine(), picture()
    for _ in range(3):
        engine.start_pixels([Pixels(image)], SPEC)()
    assert len(asked) == 1
    others = [picture() for _ in range(pinned._MOST_ORDINARY)]
    for other in others:
        engine.start_pixels([Pixels(other)], SPEC)()
    assert len(asked) == 1 + len(others)
    # Too many to remember all of them.
    engine.start_pixels([Pixels(image)], SPEC)()
    assert len(asked) == 2 + len(others)


def test_frames_get_ordinary_memory_where_no_more_can_be_pinned(
    make_engine, fake_gpu, monkeypatch
):
    engine = make_engine()
    monkeypatch.setattr(pinned, '_MOST_BYTES', 3000)
    kept = [engine.frame_memory(1000) for _ in range(5)]
    assert [pinned_address(array) > 0 for array in kept] == [True] * 3 + [False] * 2
    assert {array.shape for array in kept} == {(1000,)}
    del kept[0]
    assert pinned_address(engine.frame_memory(1000))

    def full(*_):
        msg = 'cuMemHostAlloc failed: out of memory (2)'
        raise EngineError(msg)

    monkeypatch.setitem(fake_gpu.events.functions, 'cuMemHostAlloc', full)
    assert not pinned_address(engine.frame_memory(1000))
    kept.clear()
    gc.collect()
