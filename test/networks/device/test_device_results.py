# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Images taken from a GPU and results left there, on a GPU of host memory.

Work on its streams is done when it is waited for, and not before, so that whoever reads too early
or overwrites too early is seen.
"""

from __future__ import annotations

import ctypes
import gc
import weakref
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from fake_gpu import Stream

from ros_deep_learning.engines.base import TensorSpec
from ros_deep_learning.engines.tensorrt.runtime import device_inputs, dlpack
from ros_deep_learning.engines.tensorrt.runtime.cuda_event import wait_for_stream
from ros_deep_learning.errors import EngineError, ImageError, SettingsError
from ros_deep_learning.imaging.drawing.mask_overlay import blend_mask, color_mask
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.networks import DetectNet, SegNet
from ros_deep_learning.networks.image_runner import ImageRunner
from ros_deep_learning.tasks.parts import TilingSettings
from ros_deep_learning.tasks.suppression import DetectionSettings

CLASSES = 3


def picture(size_wh=(40, 20), seed=0):
    width, height = size_wh
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


class OnGpu:
    """An image of another library, which a stream of its own writes when that gets to it."""

    def __init__(self, image, dtype=np.uint8):
        self.array = np.zeros_like(image, dtype)
        self.stream = Stream()
        self.stream.work.append(partial(np.copyto, self.array, image))
        self.device = (2, 0)


class ByDlpack(OnGpu):
    @property
    def __cuda_array_interface__(self):
        return {}  # DLPack says more

    def __dlpack_device__(self):
        return self.device

    def __dlpack__(self, *, stream):
        if self.array.dtype == np.float64:
            msg = 'not this one'
            raise BufferError(msg)
        wait_for_stream(stream, self.stream.handle)
        facts = self.array
        capsule = dlpack.make_capsule(self, facts.ctypes.data, facts.shape, facts.dtype, (2, 0))
        if not facts.flags.c_contiguous:
            # What make_capsule() cannot say.
            capsule = facts.__dlpack__()
            tensor = dlpack._tensor_of(capsule)
            tensor.device.kind, tensor.device.index = 2, 0
        return capsule


class ByInterface(OnGpu):
    version = 3

    @property
    def __cuda_array_interface__(self):
        facts = {**self.array.__array_interface__, 'version': self.version}
        return facts | ({'stream': self.stream.handle} if self.version == 3 else {})


@pytest.fixture
def engine(info, fake_gpu):
    """A network whose scores of three classes are the channels of its input, and its square."""
    image = replace(info.inputs[0], shape=(-1, 3, 20, 40))
    outputs = (
        TensorSpec('out', (-1, CLASSES, 20, 40), np.dtype('float32')),
        TensorSpec('extra', (-1, 7), np.dtype('float16')),
    )
    return fake_gpu.engine(
        replace(info, inputs=(image,), outputs=outputs),
        lambda inputs: {
            'out': inputs['image'],
            'extra': np.full((len(inputs['image']), 7), inputs['image'].max(), np.float16),
        },
    )


@pytest.fixture
def net(card, engine, make_loader):
    changed = replace(card, task='segmentation', outputs={'logits': 'out'}, decoder=None)
    with SegNet(changed, loader=make_loader(engine)) as net:
        yield net


@pytest.fixture
def preprocessed(engine, monkeypatch):
    """Addresses of the frames that the preprocessing kernel was given."""
    kernels = engine._network.gpu.kernels()
    found, settle = [], kernels.preprocessing

    def preprocessing(*args, **named):
        launch = settle(*args, **named)

        def noted(pointer, slot, stream):
            found.append(pointer)
            launch(pointer, slot, stream)

        return noted

    monkeypatch.setattr(kernels, 'preprocessing', preprocessing)
    return found


def at(array):
    """What lies at an array's address now, without any waiting."""
    memory = (ctypes.c_uint8 * array.nbytes).from_address(array.pointer)
    return np.frombuffer(memory, array.dtype).reshape(array.shape).copy()


@pytest.mark.parametrize('kind', [ByDlpack, ByInterface])
def test_an_image_is_read_where_it_is(net, fake_gpu, preprocessed, kind):
    image = picture()
    net.segment(picture(seed=1))
    fake_gpu.driver.uploaded.clear()
    there = kind(image)
    found = net.segment(there)
    assert preprocessed[1:] == [there.array.ctypes.data]
    assert fake_gpu.driver.uploaded == [0] * len(fake_gpu.driver.uploaded)
    np.testing.assert_array_equal(found.class_mask, net.segment(image).class_mask)


def test_of_old_interfaces_the_default_stream_is_waited_for(net):
    there = ByInterface(picture())
    there.version = 2
    wait_for_stream(1, there.stream.handle)
    np.testing.assert_array_equal(net.segment(there).class_mask, net.segment(picture()).class_mask)


def test_an_image_without_a_stream(net):
    there = ByInterface(picture())
    wait_for_stream(1, there.stream.handle)
    there.stream.handle = None
    np.testing.assert_array_equal(net.segment(there).class_mask, net.segment(picture()).class_mask)


def test_parts_of_rows_and_reversed_channels_are_no_copies(net, preprocessed):
    image = picture((60, 50))
    for part, order in ((np.s_[10:30, 5:45], 'rgb'), (np.s_[3:, 2:, ::-1], 'bgr')):
        there = ByInterface(image)
        there.stream.synchronize()
        there.array = there.array[part]
        found = net.segment(there)
        first = there.array.ctypes.data - (2 if order == 'bgr' else 0)
        assert preprocessed.pop() == first
        np.testing.assert_array_equal(found.class_mask, net.segment(image[part]).class_mask)


def test_tiles_of_an_image_on_the_gpu(card, info, fake_gpu, make_loader):
    shapes = {'image': (-1, 3, 20, 40), 'out/boxes': (-1, 2, 4), 'out/scores': (-1, 2, 3)}

    def specs(tensors):
        return tuple(replace(one, shape=shapes[one.name]) for one in tensors)

    def compute(inputs):
        scores = inputs['image'][:, :, :2, 5].transpose(0, 2, 1) / 255
        boxes = np.broadcast_to(np.float32((0.1, 0.1, 0.6, 0.6)), (len(scores), 2, 4))
        return {'out/boxes': boxes, 'out/scores': scores}

    engine = fake_gpu.engine(
        replace(info, inputs=specs(info.inputs), outputs=specs(info.outputs)), compute
    )
    settings = DetectionSettings(0.2, tiling=TilingSettings((40, 20)), region=(0.1, 0, 1, 1))
    with DetectNet(card, loader=make_loader(engine), settings=settings) as net:
        assert net._table is not None
        ours, theirs = net.detect(ByDlpack(picture((100, 60)))), net.detect(picture((100, 60)))
        assert len(theirs)
        np.testing.assert_array_equal(ours.boxes_xyxy, theirs.boxes_xyxy)
        np.testing.assert_array_equal(ours.scores, theirs.scores)


def test_images_that_were_taken_for_another_run(engine, card):
    """Each is waited for on the stream that reads it, also if that is not the expected one."""
    pictures = [picture(seed=seed) for seed in range(2)]
    there = [engine.view_image(ByDlpack(image)) for image in pictures]
    waits = [engine.start_pixels([image], card.input) for image in there]
    found = [wait()['out'] for wait in waits[::-1]]
    for one, image in zip(found[::-1], pictures, strict=True):
        wanted = engine.start_pixels([Pixels(image)], card.input)()
        np.testing.assert_array_equal(one, wanted['out'])


def test_batches_of_images_on_the_gpu(net):
    pictures = [picture(seed=seed) for seed in range(7)]
    ours = net.segment_batch([ByDlpack(image) for image in pictures])
    for found, image in zip(ours, pictures, strict=True):
        np.testing.assert_array_equal(found.class_mask, net.segment(image).class_mask)


@pytest.mark.parametrize(
    'change',
    [
        lambda one: setattr(one, 'array', one.array.transpose(1, 0, 2)),
        lambda one: setattr(one, 'array', one.array[..., 0]),
        lambda one: setattr(one, 'array', one.array.astype(np.float32)),
        lambda one: setattr(one, 'device', (2, 1)),
        lambda one: setattr(one, 'device', (1, 0)),
    ],
)
def test_what_the_kernels_cannot_read_is_not_viewed(net, engine, change):
    there = ByDlpack(picture())
    there.stream.synchronize()
    change(there)
    assert engine.view_image(there) is None


def test_an_address_of_no_gpu_is_not_viewed(engine, fake_gpu):
    there = ByInterface(picture())
    fake_gpu.events.elsewhere.add(there.array.ctypes.data)
    assert engine.view_image(there) is None


def test_a_library_that_does_not_hand_its_image_out(net):
    with pytest.raises(ImageError, match='cannot read the ByDlpack by DLPack: not this one; to'):
        net.segment(ByDlpack(picture(), np.float64))


def test_outputs_stay_on_the_gpu(net, fake_gpu, card):
    image = picture()
    there = ByDlpack(image)
    fake_gpu.driver.downloaded.clear()
    outputs = net.run_device(there)
    assert {name: (one.shape, one.dtype.name) for name, one in outputs.items()} == {
        'out': (1, CLASSES, 20, 40),
        'extra': (1, 7),
    } | {'out': ((1, CLASSES, 20, 40), 'float32'), 'extra': ((1, 7), 'float16')}
    # Nothing has waited for the GPU.
    assert not there.array.any()
    assert fake_gpu.driver.downloaded == []
    wanted = net.engine.start_pixels([Pixels(image)], card.input)()
    for name, one in outputs.items():
        np.testing.assert_array_equal(at(one), wanted[name])
    assert np.shares_memory(np.asarray(outputs['out']), wanted['out']) is False
    np.testing.assert_array_equal(np.asarray(outputs['out']), wanted['out'])


@pytest.mark.parametrize('stream', ['own', 'default', None])
def test_a_stream_that_takes_an_output_waits_for_it(net, stream):
    image = picture()
    out = net.run_device(ByDlpack(image))['out']
    consumer = Stream()
    handle = {'own': consumer.handle, 'default': 1, None: None}[stream]
    capsule = out.__dlpack__(stream=handle)
    seen = []
    taker = Stream.by_handle[1 if handle is None else handle]
    taker.work.append(lambda: seen.append(at(out)))
    taker.synchronize()
    np.testing.assert_array_equal(seen[0][0], image.transpose(2, 0, 1))
    assert dlpack.read_capsule(capsule) == dlpack.TensorFacts(
        out.pointer, (2, 0), out.shape, (9600, 3200, 160, 4), '<f4'
    )


def test_a_stream_may_choose_not_to_wait(net):
    out = net.run_device(picture())['out']
    before = {handle: len(one.work) for handle, one in Stream.by_handle.items()}
    out.__dlpack__(stream=-1)
    assert {handle: len(one.work) for handle, one in Stream.by_handle.items()} == before
    out.synchronize()
    assert at(out).any()


def test_the_other_interface_names_the_stream(net, engine):
    out = net.run_device(picture())['extra']
    assert out.__cuda_array_interface__ == {
        'shape': (1, 7),
        'typestr': '<f2',
        'data': (out.pointer, False),
        'strides': None,
        'stream': engine._lanes[0].execution.stream.handle,
        'version': 3,
    }
    assert out.__dlpack_device__() == (2, 0)
    assert repr(out) == '<GpuArray: float16 (1, 7) on GPU 0>'


@pytest.mark.parametrize(
    'request_',
    [{'stream': 0}, {'dl_device': (2, 1)}, {'copy': True}, {'dl_device': (1, 0), 'copy': False}],
)
def test_what_cannot_be_handed_out(net, request_):
    out = net.run_device(picture())['out']
    with pytest.raises(BufferError):
        out.__dlpack__(**request_)


def test_the_host_gets_a_copy(net):
    out = net.run_device(picture())['extra']
    wanted = np.asarray(out)
    assert wanted.max() > 0
    capsule = out.__dlpack__(dl_device=(1, 0))
    assert dlpack.read_capsule(capsule).device == (1, 0)
    assert np.asarray(out, np.float32).dtype == np.float32
    with pytest.raises(ValueError, match='cannot be read without a copy'):
        out.__array__(copy=False)
    # NumPy refuses what is on a GPU, and the capsule goes unused.
    with pytest.raises((BufferError, RuntimeError), match='device'):
        np.from_dlpack(out)


def test_results_are_the_callers_and_outlive_the_network(net, fake_gpu):
    first = net.run_device(picture())
    kept = np.asarray(first['out'])
    mask = net.segment_device(picture(), color_mask=True)
    for seed in range(1, 4):
        net.run_device(picture(seed=seed))
        net.segment_device(picture((60, 70), seed=seed), color_mask=True)
        net.segment(picture(seed=seed))
    capsule = first['out'].__dlpack__(stream=-1)
    net.close()
    np.testing.assert_array_equal(np.asarray(first['out']), kept)
    np.testing.assert_array_equal(np.asarray(mask.class_mask), kept[0].argmax(axis=0))
    del first, mask
    gc.collect()
    assert fake_gpu.driver.alive == 1  # the capsule's
    facts = dlpack.read_capsule(capsule)
    there = (ctypes.c_float * kept.size).from_address(facts.pointer)
    np.testing.assert_array_equal(np.frombuffer(there, np.float32), kept.ravel())
    del capsule
    gc.collect()
    assert fake_gpu.driver.alive == 0


def test_an_image_is_kept_until_it_was_read(net):
    image = picture()
    there = ByDlpack(image)
    gone = weakref.ref(there)
    out = net.run_device(there)['out']
    del there
    gc.collect()
    assert gone() is not None
    np.testing.assert_array_equal(np.asarray(out)[0], image.transpose(2, 0, 1))
    del out
    gc.collect()
    assert gone() is None


def test_results_that_nobody_takes_are_freed_after_their_run(net, engine, fake_gpu):
    before = fake_gpu.driver.alive
    net.run_device(ByDlpack(picture()))
    gc.collect()
    assert fake_gpu.driver.alive == before + 2  # the empty buffer of frames, and its host side
    assert engine._lanes[0].execution.stream.work == []


def test_images_of_the_host_are_not_overwritten_before_they_are_read(net):
    pictures = [picture(seed=seed) for seed in range(4)]
    outputs = [net.run_device(one)['out'] for one in pictures]
    for one, out in zip(pictures, outputs, strict=True):
        np.testing.assert_array_equal(np.asarray(out)[0], one.transpose(2, 0, 1))


@pytest.mark.parametrize('size_wh', [(40, 20), (77, 33)])
@pytest.mark.parametrize('kind', [ByDlpack, np.asarray])
def test_masks_stay_on_the_gpu(net, fake_gpu, size_wh, kind):
    image = picture(size_wh)
    wanted = net.segment(image)
    fake_gpu.driver.downloaded.clear()
    found = net.segment_device(kind(image), confidence=True, color_mask=True, overlay_alpha=120)
    assert fake_gpu.driver.downloaded == []
    np.testing.assert_array_equal(np.asarray(found.class_mask), wanted.class_mask)
    np.testing.assert_array_equal(np.asarray(found.confidence_mask), wanted.confidence_mask)
    np.testing.assert_array_equal(
        np.asarray(found.color_mask), color_mask(wanted.class_mask, net.colors_rgb)
    )
    drawn = image.copy()
    blend_mask(drawn, wanted.class_mask, net.colors_rgb, alpha=120)
    assert np.abs(np.asarray(found.overlay).astype(int) - drawn).max() <= 1
    bare = net.segment_device(kind(image))
    assert (bare.confidence_mask, bare.color_mask, bare.overlay) == (None, None, None)


def test_palettes_are_uploaded_once(net, fake_gpu):
    there = ByDlpack(picture())
    made = [net.segment_device(there, color_mask=True) for _ in range(2)]
    fake_gpu.driver.uploaded.clear()
    made.append(net.segment_device(there, color_mask=True))
    assert sum(fake_gpu.driver.uploaded) == 0
    made.append(net.segment_device(there, overlay_alpha=10))
    assert sum(fake_gpu.driver.uploaded) == 1024
    for one in made[:3]:
        np.testing.assert_array_equal(
            np.asarray(one.color_mask),
            color_mask(np.asarray(one.class_mask), net.colors_rgb),
        )


def test_wrong_calls(net):
    with pytest.raises(SettingsError, match='overlay_alphas: expected 3 of 0 to 255'):
        net.segment_device(picture(), overlay_alpha=256)
    with pytest.raises(ImageError, match='expected a uint8 image'):
        net.run_device(picture().astype(np.float32))
    net.close()
    for call in (net.run_device, net.segment_device):
        with pytest.raises(EngineError, match='the engine is closed'):
            call(picture())
        with pytest.raises(EngineError, match='the engine is closed'):
            call(ByDlpack(picture()))


def test_images_elsewhere_are_not_viewed(info, card, fake_gpu):
    assert device_inputs.view_image(ByInterface(picture()), 1, 0) is None
    # The kernels fill one batch entry an image.
    image = replace(info.inputs[0], shape=(2, 3, 20, 40))
    engine = fake_gpu.engine(replace(info, inputs=(image,)), lambda inputs: {})
    assert ImageRunner(engine, card, 2).keeper is None
