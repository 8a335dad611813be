# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""SegNet on a device, through the real kernels, against SegNet on the CPU."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_gpu import output_bytes

from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.base import TensorSpec
from ros_deep_learning.engines.on_device import HEADROOM
from ros_deep_learning.errors import EngineError, InferenceError, SettingsError
from ros_deep_learning.imaging.drawing.mask_overlay import blend_mask, color_mask
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.networks import SegNet
from ros_deep_learning.networks.device.device_masks import MaskWish, find_score_grid
from ros_deep_learning.tasks.segmentation import SegmentationSettings

# Scores that OpenCV interpolates with weights of single precision are so far off.
NEAR = 2e-4
BATCH = 3
WAYS = [
    SegmentationSettings(mask_filter, least, ignore, resolution)
    for mask_filter, least, ignore, resolution in (
        ('linear', 0.0, None, 'source'),
        ('linear', 0.6, '', 'source'),
        ('point', 0.0, '1', 'source'),
        ('point', 0.5, None, 'grid'),
        ('linear', 0.0, '0', 'grid'),
        ('linear', 0.0, None, (13, 9)),
        ('point', 0.5, '', (60, 80)),
    )
]


def logits(shape, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).normal(0, 3, (BATCH, *shape)).astype(dtype)


def probabilities(shape, dtype=np.float32, axis=1, seed=0):
    values = np.exp(logits(shape, seed=seed).astype(np.float64))
    return (values / values.sum(axis=axis, keepdims=True)).astype(dtype)


def frames(*sizes_wh, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (h, w, 3), np.uint8) for w, h in sizes_wh]


@pytest.fixture
def card(card):
    return replace(card, task='segmentation', outputs={'logits': 'out'}, decoder=None)


@pytest.fixture
def open_pair(card, info, engine, fake_gpu, make_loader):
    """Make the same network on a device and on the CPU."""

    def make(output, role='logits', *, changes=None, spec=None, **device):
        image = replace(info.inputs[0], shape=(-1, *info.inputs[0].shape[1:]))
        tensors = (
            TensorSpec('extra', (-1, 7), np.dtype('float32')),
            TensorSpec('out', (-1, *output.shape[1:]), output.dtype),
        )
        engine.info = replace(info, inputs=(image,), outputs=tensors)
        engine.outputs = {'out': output}
        engine.run = lambda inputs: {'out': output[: len(inputs['image'])]}
        changed = replace(card, outputs={role: 'out'}, **(changes or {}))
        on_gpu = fake_gpu.engine(
            engine.info,
            lambda inputs: {
                'out': output[: len(inputs['image'])],
                'extra': np.zeros((len(inputs['image']), 7), np.float32),
            },
            **device,
        )
        options = EngineOptions(max_batch=BATCH)
        nets = [
            SegNet(changed, loader=make_loader(one), options=options) for one in (on_gpu, engine)
        ]
        assert nets[0]._score_grid is not None
        assert nets[1]._score_grid is None
        return nets

    return make


def assert_same(ours, theirs):
    """The same classes, but where two are as likely to what single precision can tell."""
    assert (ours.class_count, ours.source_wh) == (theirs.class_count, theirs.source_wh)
    assert ours.class_mask.dtype == theirs.class_mask.dtype == np.uint8
    assert ours.confidence_mask.dtype == theirs.confidence_mask.dtype == np.float32
    np.testing.assert_allclose(ours.confidence_mask, theirs.confidence_mask, rtol=0, atol=NEAR)
    assert (ours.class_mask != theirs.class_mask).mean() <= 1e-3


def test_a_network_without_a_winner_anywhere(open_pair):
    ours, theirs = open_pair(np.full((BATCH, 3, 5, 10), np.nan, np.float32))
    image = frames((40, 20))[0]
    for net in (ours, theirs):
        with pytest.raises(InferenceError, match='all scores are NaN or infinite'):
            net.segment(image)


@pytest.mark.parametrize('choice', [True, False])
@pytest.mark.parametrize('role', ['logits', 'probabilities', 'scores'])
def test_a_picture_of_nothing_but_the_ignored_class(open_pair, role, choice):
    output = np.zeros((BATCH, 3, 5, 10), np.float32)
    output[:, 1] = 1e4 if role == 'logits' else 1
    output[1, 2, 4, 9] = output[1, 1, 4, 9]
    output[1, 1, 4, 9] = 0
    ours, theirs = open_pair(output, role)
    with ours._engine._network.gpu.current():
        ours._engine._lanes[0]._mask_maker()._choose = lambda *_: choice
    for way in ('linear', 'point'):
        ours.settings = theirs.settings = SegmentationSettings(way, ignore_class='1')
        for size_wh in ((40, 20), (400, 200)):  # those of the latter may not be copied
            images = frames(*[size_wh] * BATCH)
            both = ours.segment_batch(images), theirs.segment_batch(images)
            for one, other in zip(*both, strict=True):
                assert_same(one, other)
            assert (both[0][0].class_mask == 255).all()
            assert (both[0][1].class_mask == 2).any()


@pytest.mark.parametrize('role', ['logits', 'probabilities', 'scores'])
def test_a_network_without_a_winner_that_ignores_a_class(open_pair, role):
    output = np.zeros((BATCH, 3, 5, 10), np.float32)
    output[:, 1] = 1e4 if role == 'logits' else 1
    output[1] = np.nan
    image = frames((40, 20))[0]
    for net in open_pair(output, role):
        net.settings = SegmentationSettings(ignore_class='1')
        net.segment(image)
        with pytest.raises(InferenceError, match='all scores are NaN or infinite'):
            net.segment_batch([image] * BATCH)


@pytest.mark.parametrize(
    ('output', 'role'),
    [
        (logits((3, 5, 10)), 'logits'),
        (logits((3, 5, 10)), 'scores'),
        (logits((3, 5, 10), np.float16), 'logits'),
        (logits((5, 10, 21)), 'logits'),
        (probabilities((3, 5, 10)), 'probabilities'),
        (probabilities((3, 5, 10), np.float16), 'scores'),
        (probabilities((5, 10, 4), axis=3), 'scores'),
        (logits((1, 5, 10)), 'logits'),
        (logits((1, 5, 10)), 'scores'),
        (probabilities((2, 5, 10))[:, 1], 'mask'),
        (probabilities((2, 5, 10))[:, 1:], 'mask'),
        (probabilities((2, 5, 10))[:, 1, :, :, None], 'scores'),
        (logits((2, 1, 1)), 'logits'),
    ],
)
@pytest.mark.parametrize('resize', ['stretch', 'letterbox', 'crop'])
def test_finds_the_same_classes(open_pair, card, output, role, resize):
    changes = {'input': replace(card.input, resize=resize)}
    ours, theirs = open_pair(output, role, changes=changes)
    wishes = [MaskWish(way) for way in WAYS if way.ignore_class != '1' or len(ours.labels) > 2]
    for image in frames((40, 20), (77, 33), (16, 90), (1, 1)):
        both = ours.segment_in(image, wishes), theirs.segment_in(image, wishes)
        for a, b in zip(*both, strict=True):
            assert_same(a, b)


def test_hostile_scores_end_as_on_the_cpu(open_pair):
    output = logits((3, 5, 10))
    output[:, 1, 0, 0] = np.nan
    output[:, 2, 1, 1] = np.inf
    output[:, 0, 2, 2] = -np.inf
    output[:, :, 3, 3] = 1e30
    for role in ('logits', 'probabilities', 'scores'):
        ours, theirs = open_pair(output, role)
        for way in WAYS:
            ours.settings = theirs.settings = way
            assert_same(ours.segment(frames((40, 20))[0]), theirs.segment(frames((40, 20))[0]))


def test_the_warm_up_makes_a_mask_on_the_device(open_pair, fake_gpu):
    ours, _ = open_pair(logits((3, 5, 10)))
    fake_gpu.module.launched.clear()
    ours.warm_up()
    assert 'segment' in fake_gpu.module.launched


@pytest.mark.parametrize('integrated', [False, True])
@pytest.mark.parametrize('cuda_graph', [False, True])
def test_images_of_a_batch_have_each_their_own(open_pair, integrated, cuda_graph):
    ours, theirs = open_pair(logits((3, 5, 10)), integrated=integrated, cuda_graph=cuda_graph)
    for seed in range(4):  # of several batches, too; a shape's second is captured
        images = frames((40, 20), (64, 64), (10, 70), (33, 9), (40, 20), seed=seed)
        both = ours.segment_batch(images), theirs.segment_batch(images)
        for a, b in zip(*both, strict=True):
            assert_same(a, b)


def test_no_output_is_copied_and_nothing_that_nobody_asked_for(open_pair, fake_gpu):
    ours, _ = open_pair(logits((3, 5, 10)))
    image = frames((40, 20))[0]
    room = HEADROOM + -(-40 * 20 // 256) * 256
    for wish, nbytes in (
        (MaskWish(WAYS[0], None), room),
        (MaskWish(WAYS[0], 'uint8'), 2 * room),
        (MaskWish(WAYS[0]), room + HEADROOM + -(-40 * 20 * 4 // 256) * 256),
        (MaskWish(WAYS[0], None, counts=True), room + 1024),
    ):
        fake_gpu.driver.downloaded.clear()
        fake_gpu.module.launched.clear()
        ours.segment_in(image, [wish])
        assert fake_gpu.driver.downloaded == [nbytes]
        assert not {'colorize', 'blend'} & set(fake_gpu.module.launched)
    assert ('count_classes' in fake_gpu.module.launched) == wish.counts


@pytest.mark.parametrize('integrated', [False, True])
def test_a_message_can_begin_before_each_image(open_pair, integrated):
    ours, _ = open_pair(logits((3, 5, 10)), integrated=integrated)
    wish = MaskWish(WAYS[0], 'uint8', counts=True, color_mask=True, overlay_alphas=(0, 99, 255))
    images = frames((40, 20), (33, 9))
    both = ours.segment_batch_in(images, [[wish, wish], [wish]])
    found = [one for each in both for one in each]
    parts = [
        [one.class_mask, ready.confidence_levels, ready.color_mask, ready.overlay]
        for one in found
        for ready in [one.ready]
    ]
    before = [[part.copy() for part in each] for each in parts]
    for one, each in zip(found, parts, strict=True):
        memory = one.ready.memory
        for part in each:
            first = part.ctypes.data - memory.ctypes.data
            assert first >= HEADROOM
            memory[first - HEADROOM : first] = 0xAA
            assert np.shares_memory(part, memory[first : first + part.size])
    for each, same in zip(parts, before, strict=True):
        for part, copy in zip(each, same, strict=True):
            np.testing.assert_array_equal(part, copy)
    assert [one.pixel_counts().sum() for one in found] == [800, 800, 297]


def test_only_the_output_that_is_read_is_copied_for_the_cpu(open_pair, fake_gpu):
    ours, theirs = open_pair(logits((3, 5, 10)))
    ours._score_grid = None
    image = frames((40, 20))[0]
    assert_same(ours.segment(image), theirs.segment(image))
    extra = 7 * 4
    assert fake_gpu.driver.downloaded == [output_bytes(ours.info) - extra]


@pytest.mark.parametrize('order', ['rgb', 'bgr'])
def test_parts_that_are_ready_are_those_that_would_be_drawn(open_pair, order):
    ours, theirs = open_pair(logits((4, 5, 10)))
    image = Pixels(frames((77, 33))[0], order)
    rgb = image.array if order == 'rgb' else image.array[..., ::-1]
    alphas = (120, 0, 255, 33)
    wish = MaskWish(
        SegmentationSettings('point', 0.4),
        'uint8',
        counts=True,
        color_mask=True,
        overlay_alphas=alphas,
    )
    (found,) = ours.segment_in(image, [wish])
    (wanted,) = theirs.segment_in(image, [wish])
    np.testing.assert_array_equal(found.class_mask, wanted.class_mask)
    np.testing.assert_array_equal(found.pixel_counts(), wanted.pixel_counts())
    np.testing.assert_array_equal(found.shares(), wanted.shares())
    assert np.isnan(found.confidence_mask).all()
    levels = np.rint(wanted.confidence_mask * np.float32(255))
    assert np.abs(found.ready.confidence_levels - levels).max() <= 1
    np.testing.assert_array_equal(
        found.ready.color_mask, color_mask(wanted.class_mask, ours.colors_rgb)
    )
    for k, alpha in enumerate(alphas):
        drawn = rgb.copy()
        blend_mask(drawn, wanted.class_mask, ours.colors_rgb, alpha=alpha)
        of_class = wanted.class_mask == k
        apart = np.abs(found.ready.overlay.astype(int) - drawn)[of_class]
        assert apart.size
        assert apart.max() <= 1
    bare = wanted.class_mask == 255
    assert bare.any()
    np.testing.assert_array_equal(found.ready.overlay[bare], rgb[bare])
    assert theirs.segment_in(image, [wish])[0].ready.color_mask is None


def test_results_are_the_callers_own(open_pair):
    ours, _ = open_pair(logits((3, 5, 10)))
    first = ours.segment(frames((40, 20))[0])
    kept = first.class_mask.copy()
    ours.settings = SegmentationSettings(min_confidence=1.0)
    ours.segment(frames((40, 20))[0])
    np.testing.assert_array_equal(first.class_mask, kept)


def test_memory_grows_with_the_image_and_stays(open_pair, fake_gpu):
    ours, theirs = open_pair(logits((3, 5, 10)))
    for size_wh in ((40, 20), (400, 200), (40, 20), (300, 300), (40, 20)):
        image = frames(size_wh)[0]
        assert_same(ours.segment(image), theirs.segment(image))
    settled = fake_gpu.driver.allocated
    for size_wh in ((400, 200), (40, 20), (300, 300)):
        ours.segment(frames(size_wh)[0])
    assert fake_gpu.driver.allocated == settled


def test_a_closed_network_says_so(open_pair):
    ours, _ = open_pair(logits((3, 5, 10)))
    ours.segment(frames((40, 20))[0])
    ours.close()
    with pytest.raises(EngineError, match='the engine is closed'):
        ours.segment(frames((40, 20))[0])


def test_too_many_images_are_refused_and_the_engine_goes_on(open_pair):
    ours, theirs = open_pair(logits((3, 5, 10)), max_batch=2)
    image = frames((40, 20))[0]
    with pytest.raises(InferenceError, match='shapes up to 2x3x20x40, not 3x3x20x40'):
        ours.segment_batch([image] * 3)
    assert_same(ours.segment(image), theirs.segment(image))


def test_opacities_must_fit_the_classes(open_pair):
    ours, _ = open_pair(logits((3, 5, 10)))
    for alphas in ((), (1, 2), (1, 2, 256), (-1, 2, 3)):
        with pytest.raises(SettingsError, match='overlay_alphas: expected 3 of 0 to 255'):
            ours.segment_in(frames((40, 20))[0], [MaskWish(WAYS[0], overlay_alphas=alphas)])


@pytest.mark.parametrize(
    ('shape', 'dtype', 'classes', 'wanted'),
    [
        ((-1, 3, 5, 10), 'float32', 3, (3, False)),
        ((1, 5, 10, 3), 'float16', 3, (3, True)),
        ((-1, 3, -1, -1), 'float32', 3, (3, False)),
        ((1, 5, 10), 'float32', 2, (1, False)),
        ((1, 1, 5, 10), 'float32', 2, (1, False)),
        ((1, -1, -1, -1), 'float32', 3, None),
        ((-1, -1, 32, 32), 'float32', 2, None),
        ((1, 3, 5, 10), 'float64', 3, None),
        ((1, 3, 5, 10), 'int32', 3, None),
    ],
)
def test_what_a_device_can_read(shape, dtype, classes, wanted):
    grid = find_score_grid(TensorSpec('out', shape, np.dtype(dtype)), 'logits', classes)
    assert (grid and (grid.planes, grid.channels_last)) == wanted
