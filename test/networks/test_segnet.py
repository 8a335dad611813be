# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of SegNet with a stand-in engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ros_deep_learning.engines.base import TensorSpec
from ros_deep_learning.errors import (
    CardError,
    DecodeError,
    ImageError,
    InferenceError,
    SettingsError,
)
from ros_deep_learning.imaging.palettes import UNLABELLED, class_colors
from ros_deep_learning.networks import SegNet
from ros_deep_learning.tasks.segmentation import SegmentationSettings

FLOAT = np.dtype('float32')
IMAGE = np.zeros((20, 40, 3), np.uint8)
LOGITS = np.random.default_rng(0).normal(0, 3, (3, 20, 40)).astype(np.float32)
WINNERS = LOGITS.argmax(axis=0)
SHARES = np.exp(LOGITS.astype(np.float64)) / np.exp(LOGITS.astype(np.float64)).sum(axis=0)


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / 'labels.txt'
    path.write_text('road\nvoid\nsky\n', encoding='utf-8')
    return path


@pytest.fixture
def card(card):
    """A network of 3 classes that takes 40x20 pixels."""
    return replace(card, task='segmentation', outputs={'logits': 'out'}, decoder=None)


@pytest.fixture
def open_net(card, engine, info, make_loader):
    """Make a network from what its engine answers, and changes to its card."""

    def make(output, role='logits', settings=None, shape=None, threshold=None, **changes):
        spec = TensorSpec('out', (1, *(shape or output.shape)), output.dtype)
        engine.info = replace(info, outputs=(spec,))
        engine.outputs = {'out': output[None]}
        changed = replace(card, outputs={role: 'out'}, **changes)
        loader = make_loader(engine)
        return SegNet(changed, settings=settings, threshold=threshold, loader=loader)

    return make


def test_nothing_is_confident_enough(open_net):
    net = open_net(LOGITS, settings=SegmentationSettings(min_confidence=1.0))
    assert (net.segment(IMAGE).class_mask == UNLABELLED).all()


def test_segments(open_net):
    net = open_net(LOGITS)
    parts = net.segment(IMAGE)
    np.testing.assert_array_equal(parts.class_mask, WINNERS)
    np.testing.assert_allclose(parts.confidence_mask, SHARES.max(axis=0), rtol=2e-6)
    assert parts.class_count == 3
    assert net.labels == ('0', '1', '2')
    assert net.grid_size_wh == (40, 20)
    np.testing.assert_array_equal(net.colors_rgb, class_colors(3))


@pytest.mark.parametrize(
    ('output', 'role'),
    [
        (LOGITS, 'scores'),
        (np.moveaxis(LOGITS, 0, 2), 'logits'),
        (SHARES.astype(np.float32), 'probabilities'),
        (SHARES.astype(np.float16), 'scores'),
        (WINNERS, 'scores'),
        (WINNERS[None].astype(np.int32), 'mask'),
        (WINNERS[..., None].astype(np.uint8), 'class_ids'),
        (WINNERS.astype(np.float32), 'class_ids'),
    ],
)
def test_the_role_and_the_type_say_what_the_output_holds(open_net, labels, output, role):
    net = open_net(output, role, labels=labels, settings=SegmentationSettings(ignore_class=''))
    np.testing.assert_array_equal(net.segment(IMAGE).class_mask, WINNERS)
    assert net.grid_size_wh == (40, 20)
    assert net.labels == ('road', 'void', 'sky')


@pytest.mark.parametrize('role', ['mask', 'probabilities', 'scores', 'logits'])
def test_one_plane(open_net, role):
    plane = LOGITS[:1] if role == 'logits' else 1 / (1 + np.exp(-LOGITS[:1]))
    parts = open_net(plane, role).segment(IMAGE)
    np.testing.assert_array_equal(parts.class_mask, LOGITS[0] > 0)
    assert parts.class_count == 2


def test_void_is_ignored_as_in_jetson_inference(open_net, labels):
    net = open_net(LOGITS, labels=labels)
    parts = net.segment(IMAGE)
    np.testing.assert_array_equal(parts.class_mask, np.where(LOGITS[0] >= LOGITS[2], 0, 2))
    net.settings = SegmentationSettings(ignore_class='sky')
    assert set(np.unique(net.segment(IMAGE).class_mask)) == {0, 1}
    net.settings = SegmentationSettings(ignore_class='')
    np.testing.assert_array_equal(net.segment(IMAGE).class_mask, WINNERS)
    with pytest.raises(SettingsError, match="no class is called 'tree'"):
        net.settings = SegmentationSettings(ignore_class='tree')
    assert net.settings == SegmentationSettings(ignore_class='')


def test_masks_have_the_sources_size(open_net):
    net = open_net(LOGITS[:, ::4, ::4])
    assert net.grid_size_wh == (10, 5)
    image = np.zeros((33, 77, 3), np.uint8)
    assert net.segment(image).class_mask.shape == (33, 77)
    net.settings = SegmentationSettings(resolution='grid')
    assert net.segment(image).class_mask.shape == (5, 10)
    assert net.segment(image).source_wh == (77, 33)


@pytest.mark.parametrize('plane', [LOGITS, SHARES[1].astype(np.float32)])
def test_a_result_keeps_its_masks_while_others_are_made(open_net, plane):
    """Memory of masks is used again only when nobody has them any more."""
    net = open_net(plane, role='logits' if plane.ndim == 3 else 'mask')
    image = np.zeros((500, 600, 3), np.uint8)
    results = [net.segment(image) for _ in range(6)]
    masks = [one for found in results for one in (found.class_mask, found.confidence_mask)]
    kept = [mask.copy() for mask in masks]
    masks = [mask[10:, :-10] for mask in masks]
    del results
    for _ in range(6):
        net.segment(image).class_mask.fill(7)
    for mask, copied in zip(masks, kept, strict=True):
        np.testing.assert_array_equal(mask, copied[10:, :-10])


def test_a_result_has_its_times_and_labels(open_net):
    net = open_net(LOGITS)
    found = net.segment(IMAGE)
    times = found.times
    assert min(times.preprocess_ms, times.inference_ms, times.postprocess_ms) > 0
    assert found.labels == net.labels


def test_colours_of_the_card(open_net, tmp_path):
    colors = tmp_path / 'colors.txt'
    colors.write_text('1 2 3\n4 5 6\n7 8 9\n', encoding='utf-8')
    assert open_net(LOGITS, colors=colors).colors_rgb.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    colors.write_text('1 2 3\n', encoding='utf-8')
    with pytest.raises(CardError, match=r'^net: colors: .* has 1 colours for 3 classes$'):
        open_net(LOGITS, colors=colors)


def test_an_open_grid(open_net, labels):
    net = open_net(LOGITS, shape=(3, -1, -1), labels=labels)
    assert net.grid_size_wh is None
    assert net.segment(IMAGE).class_mask.shape == (20, 40)


@pytest.mark.parametrize(
    ('output', 'role', 'shape', 'message'),
    [
        (LOGITS, 'logits', (-1, -1, -1), 'labels: missing'),
        (WINNERS, 'class_ids', None, 'labels: missing'),
        (LOGITS[0, 0], 'logits', None, r'outputs\.logits: scores have the shape'),
        (
            LOGITS,
            'boxes',
            None,
            'outputs: expected one, as logits, probabilities, scores, mask',
        ),
    ],
)
def test_cards_that_do_not_fit(open_net, engine, output, role, shape, message):
    with pytest.raises(CardError, match=f'^net: {message}'):
        open_net(output, role, shape=shape)


def test_labels_that_do_not_fit(open_net, engine, tmp_path):
    labels = tmp_path / 'labels.txt'
    labels.write_text('a\nb\nc\nd\n', encoding='utf-8')
    with pytest.raises(CardError, match='has 4 labels, but the network has 3 classes'):
        open_net(LOGITS, labels=labels)
    assert engine.closed == 1
    labels.write_text('\n'.join(f'class {k}' for k in range(256)), encoding='utf-8')
    with pytest.raises(CardError, match='labels: 256, but a mask has up to 255'):
        open_net(WINNERS, 'class_ids', labels=labels)
    assert engine.closed == 2


def test_threshold_in_place_of_the_settings(open_net):
    net = open_net(LOGITS, threshold=0.9, settings=SegmentationSettings(resolution='grid'))
    assert net.settings == SegmentationSettings(resolution='grid', min_confidence=0.9)


def test_an_unknown_class_to_ignore_closes_the_engine(open_net, engine):
    with pytest.raises(SettingsError, match="no class is called 'tree'"):
        open_net(LOGITS, settings=SegmentationSettings(ignore_class='tree'))
    assert engine.closed == 1


@pytest.mark.parametrize('mask_filter', ['linear', 'point'])
@pytest.mark.parametrize('role', ['mask', 'probabilities'])
def test_a_picture_of_nothing_but_the_ignored_class(open_net, role, mask_filter):
    """As int8 networks give it, whose least scores are exactly 0."""
    sure = np.zeros((1 if role == 'mask' else 3, 5, 10), np.float32)
    sure[0] = role == 'probabilities'
    settings = SegmentationSettings(ignore_class='0', mask_filter=mask_filter)
    found = open_net(sure, role, settings=settings).segment(IMAGE)
    assert (found.class_mask == UNLABELLED).all()
    assert not found.confidence_mask.any()


def test_hostile_outputs(open_net, engine):
    net = open_net(LOGITS)
    scores = np.full((1, 3, 20, 40), np.nan, np.float32)
    engine.outputs = {'out': scores}
    with pytest.raises(InferenceError, match=r'^net: all scores are NaN or infinite'):
        net.segment(IMAGE)
    # A part that is broken has no class; the rest has.
    scores[:, :, :, 20:] = np.arange(3)[:, None, None]
    masked = net.segment(IMAGE).class_mask
    assert set(np.unique(masked)) == {2, UNLABELLED}
    engine.outputs = {'out': np.zeros((1, 4, 20, 40), np.float32)}
    with pytest.raises(DecodeError, match='are of 4 classes, got 3 labels'):
        net.segment(IMAGE)
    with pytest.raises(ImageError):
        net.segment(None)
    assert len(engine.inputs) == 3
