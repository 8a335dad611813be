# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ImageNet with a stand-in engine."""

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
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.networks import ImageNet
from ros_deep_learning.tasks.classification import ClassificationSettings
from ros_deep_learning.tasks.preprocess import preprocess
from ros_deep_learning.tasks.smoothing import Smoother

FLOAT = np.dtype('float32')
IMAGE = np.zeros((200, 400, 3), np.uint8)
LOGITS = np.array([0.0, 3.0, 1.0, -2.0], np.float32)
SHARES = np.exp(LOGITS.astype(np.float64)) / np.exp(LOGITS.astype(np.float64)).sum()


@pytest.fixture
def card(card):
    """A classifier of 4 classes that takes 40x20 pixels."""
    return replace(card, task='classification', outputs={'logits': 'out'}, decoder=None)


@pytest.fixture
def engine(engine, info):
    engine.info = replace(info, outputs=(TensorSpec('out', (1, 4), FLOAT),))
    engine.outputs = {'out': LOGITS[None]}
    return engine


@pytest.fixture
def net(card, engine, make_loader):
    return ImageNet(card, loader=make_loader(engine))


def test_nothing_is_likely_enough(net):
    net.settings = ClassificationSettings(score_threshold=0.99)
    seen = net.classify(IMAGE)
    assert len(seen) == 0
    assert seen.source_wh == (400, 200)


def test_memory_for_frames_is_what_the_engine_allocates(net, card, engine, make_loader):
    assert net.frame_memory is None
    engine.frame_memory = np.empty
    assert ImageNet(card, loader=make_loader(engine)).frame_memory is np.empty


def test_threshold_in_place_of_the_settings(card, engine, make_loader):
    net = ImageNet(card, threshold=0.5, loader=make_loader(engine))
    assert net.settings == ClassificationSettings(score_threshold=0.5)
    assert net.classify(IMAGE).class_ids.tolist() == [1]


def test_classifies(net):
    seen = net.classify(IMAGE)
    assert seen.class_ids.tolist() == [1, 2, 0]
    np.testing.assert_allclose(seen.scores, SHARES[[1, 2, 0]], rtol=1e-6)
    assert net.labels == ('0', '1', '2', '3')
    assert net.colors_rgb.shape == (4, 3)


def test_top_k_of_one_call(net):
    assert net.classify(IMAGE, top_k=1).class_ids.tolist() == [1]
    assert len(net.classify(IMAGE)) == 3
    net.settings = ClassificationSettings(top_k=1, score_threshold=0.0)
    assert len(net.classify(IMAGE)) == 1
    assert net.classify(IMAGE, top_k=0).class_ids.tolist() == [1, 2, 0, 3]
    with pytest.raises(SettingsError, match='top_k'):
        net.classify(IMAGE, top_k=-1)


def test_the_engine_gets_the_cards_tensor(net, engine, card):
    image = np.random.default_rng(0).integers(0, 256, (30, 50, 3), np.uint8)
    net.classify(image)
    np.testing.assert_array_equal(
        engine.inputs[0]['image'], preprocess([Pixels(image)], card.input)
    )


@pytest.mark.parametrize(
    ('role', 'multi_label', 'wanted'),
    [
        ('logits', False, SHARES),
        ('logits', True, 1 / (1 + np.exp(-LOGITS.astype(np.float64)))),
        ('scores', False, SHARES),
        ('probabilities', False, np.clip(LOGITS, None, 1)),
    ],
)
def test_the_role_says_what_the_output_holds(card, engine, make_loader, role, multi_label, wanted):
    settings = ClassificationSettings(top_k=0, score_threshold=0.0, multi_label=multi_label)
    card = replace(card, outputs={role: 'out'})
    net = ImageNet(card, settings=settings, loader=make_loader(engine))
    seen = net.classify(IMAGE)
    np.testing.assert_allclose(seen.scores, wanted[seen.class_ids], rtol=1e-6)
    assert len(seen) == (wanted >= 0).sum()


def test_scores_that_are_probabilities_already(card, engine, make_loader):
    engine.outputs = {'out': SHARES.astype(np.float32)[None]}
    net = ImageNet(replace(card, outputs={'scores': 'out'}), loader=make_loader(engine))
    np.testing.assert_array_equal(net.classify(IMAGE, top_k=1).scores, np.float32(SHARES[1:2]))


def test_smoothing(net, engine):
    net.settings = ClassificationSettings(score_threshold=0.0)
    smoother = Smoother(4)
    first = smoother.update(net.classify(IMAGE))
    np.testing.assert_allclose(first.scores, np.sort(SHARES)[::-1], rtol=1e-6)
    engine.outputs = {'out': np.array([[0, 0, 0, 50.0]], np.float32)}
    second = smoother.update(net.classify(IMAGE))
    wanted = SHARES + (np.array([0, 0, 0, 1]) - SHARES) / 4
    np.testing.assert_allclose(second.scores, wanted[second.class_ids], rtol=1e-6)
    smoother.reset()
    assert smoother.update(net.classify(IMAGE)).scores[0] == 1
    smoother.number = 0
    assert smoother.update(net.classify(IMAGE)).scores[0] == 1
    smoother.number = 4
    engine.outputs = {'out': LOGITS[None]}
    first = smoother.update(net.classify(IMAGE))
    np.testing.assert_allclose(first.scores[0], SHARES[1], rtol=1e-6)


def test_the_network_remembers_nothing(net, engine):
    first = net.classify(IMAGE)
    engine.outputs = {'out': np.array([[0, 0, 0, 50.0]], np.float32)}
    net.classify(IMAGE)
    engine.outputs = {'out': LOGITS[None]}
    np.testing.assert_array_equal(net.classify(IMAGE).scores, first.scores)


def test_a_result_has_its_times_labels_and_probabilities(net):
    seen = net.classify(IMAGE, top_k=1)
    times = seen.times
    assert min(times.preprocess_ms, times.inference_ms, times.postprocess_ms) > 0
    assert seen.labels == net.labels
    assert seen.settings == replace(net.settings, top_k=1)
    np.testing.assert_allclose(seen.probabilities, SHARES, rtol=1e-6)


@pytest.mark.parametrize(
    'image', [None, np.zeros((4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8)]
)
def test_not_an_image(net, image):
    with pytest.raises(ImageError, match='expected a uint8 image'):
        net.classify(image)
    assert len(net.classify(IMAGE)) == 3


def test_hostile_outputs(net, engine):
    for value in (np.nan, np.inf):
        engine.outputs = {'out': np.float32([[1, 2, value, 3]])}
        with pytest.raises(InferenceError, match=r'^net: a score is NaN or infinite; to'):
            net.classify(IMAGE)
    engine.outputs = {'out': np.zeros((1, 5), np.float32)}
    with pytest.raises(DecodeError, match=r'^net: 5 scores for 4 labels$'):
        net.classify(IMAGE)
    engine.outputs = {'out': np.zeros((1, 4, 2, 2), np.float32)}
    with pytest.raises(DecodeError, match='one score a class'):
        net.classify(IMAGE)


@pytest.mark.parametrize(
    'outputs',
    [{}, {'boxes': 'out'}, {'logits': 'out', 'scores': 'out'}, {'logits': 'out', 'x': 'y'}],
)
def test_roles_that_are_not_a_classifiers(card, engine, make_loader, outputs):
    loader = make_loader(engine)
    with pytest.raises(
        CardError, match=r'^net: outputs: expected one, as logits, sigmoid_logits, prob'
    ):
        ImageNet(replace(card, outputs=outputs), loader=loader)
    assert loader.requests == []


def test_cards_that_do_not_fit(card, engine, make_loader, tmp_path):
    labels = tmp_path / 'labels.txt'
    labels.write_text('cat\ndog\n', encoding='utf-8')
    with pytest.raises(CardError, match='2 labels, but the network has 4 classes'):
        ImageNet(replace(card, labels=labels), loader=make_loader(engine))
    assert engine.closed == 1
    with pytest.raises(CardError, match='made for detection, not for classification'):
        ImageNet(replace(card, task='detection'), loader=make_loader(engine))


@pytest.mark.parametrize('shape', [(1, 4, 1, 1), (1, 1, 1, 4), (1, 4), (-1, 4)])
def test_shapes_that_tell_the_number_of_classes(card, engine, info, make_loader, shape):
    engine.info = replace(info, outputs=(TensorSpec('out', shape, FLOAT),))
    assert len(ImageNet(card, loader=make_loader(engine)).labels) == 4


def test_an_open_shape_needs_labels(card, engine, info, make_loader, tmp_path):
    engine.info = replace(info, outputs=(TensorSpec('out', (1, -1), FLOAT),))
    with pytest.raises(CardError, match='labels: missing'):
        ImageNet(card, loader=make_loader(engine))
    labels = tmp_path / 'labels.txt'
    labels.write_text('a\nb\nc\nd\n', encoding='utf-8')
    net = ImageNet(replace(card, labels=labels), loader=make_loader(engine))
    assert net.labels[net.classify(IMAGE).class_ids[0]] == 'b'


def test_context_manager_closes(card, engine, make_loader):
    with ImageNet(card, loader=make_loader(engine)) as net:
        assert len(net.classify(IMAGE)) == 3
    assert engine.closed == 1
