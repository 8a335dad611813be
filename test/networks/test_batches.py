# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of several images at once: with a stand-in, and with ONNX Runtime on a tiny network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from ros_deep_learning.cards.card import SourceSpec
from ros_deep_learning.downloads.store import ModelStore
from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.base import TensorSpec
from ros_deep_learning.engines.loader import EngineLoader
from ros_deep_learning.errors import ImageError, InferenceError
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.networks import DetectNet, ImageNet, SegNet
from ros_deep_learning.tasks.classification import ClassificationSettings
from ros_deep_learning.tasks.smoothing import Smoother

FLOAT = np.dtype('float32')
RANDOM = np.random.default_rng(0)
IMAGES = [RANDOM.integers(0, 256, (h, w, 3), np.uint8) for h, w in ((20, 40), (9, 7), (50, 30))]


@pytest.fixture
def batch_engine(engine, info):
    """A segmentation engine of open batch whose two planes are the first two channels."""
    engine.info = replace(
        info,
        inputs=(TensorSpec('image', (-1, 3, 20, 40), FLOAT),),
        outputs=(TensorSpec('out', (-1, 2, 20, 40), FLOAT),),
    )
    engine.run = lambda inputs: (
        engine.inputs.append(inputs),
        {'out': inputs['image'][:, :2]},
    )[1]
    return engine


@pytest.fixture
def seg_card(card):
    return replace(card, task='segmentation', outputs={'logits': 'out'}, decoder=None)


@pytest.mark.parametrize(
    ('max_batch', 'sizes'), [(1, [1] * 6), (2, [2, 2, 2]), (4, [4, 2]), (9, [6])]
)
def test_as_many_at_a_time_as_allowed(seg_card, batch_engine, make_loader, max_batch, sizes):
    options = EngineOptions(max_batch=max_batch)
    net = SegNet(seg_card, loader=make_loader(batch_engine), options=options)
    assert net.segment_batch([]) == []
    together = net.segment_batch(IMAGES * 2)
    assert [len(inputs['image']) for inputs in batch_engine.inputs] == sizes
    for times in (parts.times for parts in together):
        assert min(times.preprocess_ms, times.inference_ms, times.postprocess_ms) > 0
    for image, parts in zip(IMAGES * 2, together, strict=True):
        alone = net.segment(image)
        np.testing.assert_array_equal(parts.class_mask, alone.class_mask)
        assert parts.class_mask.shape == image.shape[:2]


def test_a_fixed_batch_goes_one_by_one(card, engine, make_loader):
    net = DetectNet(card, loader=make_loader(engine), options=EngineOptions(max_batch=8))
    found = net.detect_batch(IMAGES)
    assert [one.source_wh for one in found] == [(40, 20), (7, 9), (30, 50)]
    assert [len(inputs['image']) for inputs in engine.inputs] == [1, 1, 1]
    assert [one.class_ids.tolist() for one in found] == [[2]] * 3


def test_pixels_and_arrays_mixed(seg_card, batch_engine, make_loader):
    options = EngineOptions(max_batch=8)
    net = SegNet(seg_card, loader=make_loader(batch_engine), options=options)
    bgr = Pixels(np.ascontiguousarray(IMAGES[0][..., ::-1]), 'bgr')
    first, second = net.segment_batch([IMAGES[0], bgr])
    np.testing.assert_array_equal(first.class_mask, second.class_mask)


def test_one_that_is_no_image(seg_card, batch_engine, make_loader):
    net = SegNet(seg_card, loader=make_loader(batch_engine))
    with pytest.raises(ImageError):
        net.segment_batch([IMAGES[0], None])


def test_answers_of_another_number(seg_card, batch_engine, make_loader):
    options = EngineOptions(max_batch=8)
    net = SegNet(seg_card, loader=make_loader(batch_engine), options=options)
    batch_engine.run = lambda inputs: {'out': inputs['image'][:1, :2]}
    with pytest.raises(InferenceError, match=r"^net: 3 images gave 1 of 'out'$"):
        net.segment_batch(IMAGES)


@pytest.fixture
def mean_color_card(card, tmp_path):
    """A classifier whose logits are the mean of each channel."""
    graph = helper.make_graph(
        [
            helper.make_node('GlobalAveragePool', ['image'], ['pooled']),
            helper.make_node('Flatten', ['pooled'], ['logits']),
        ],
        'means',
        [helper.make_tensor_value_info('image', TensorProto.FLOAT, ['N', 3, 20, 40])],
        [helper.make_tensor_value_info('logits', TensorProto.FLOAT, ['N', 3])],
    )
    path = tmp_path / 'means.onnx'
    opsets = [helper.make_opsetid('', 13)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return replace(
        card,
        task='classification',
        outputs={'logits': 'logits'},
        decoder=None,
        source=SourceSpec(file=path),
        input=replace(card.input, scale=1 / 255),
    )


def test_onnxruntime_runs_a_batch(mean_color_card, tmp_path):
    settings = ClassificationSettings(score_threshold=0.0)
    loader = EngineLoader(ModelStore(tmp_path / 'cache'))
    with ImageNet(
        mean_color_card,
        settings=settings,
        loader=loader,
        backend='onnxruntime',
        options=EngineOptions(max_batch=4, threads=1),
    ) as net:
        assert net.classify_batch([]) == []
        plain = [np.full((20, 40, 3), level, np.uint8) for level in ((255, 0, 0), (0, 51, 255))]
        seen = net.classify_batch(plain * 3, top_k=2)
        assert [one.class_ids.tolist() for one in seen] == [[0, 1], [2, 1]] * 3
        means = np.array([[1, 0, 0], [0, 0.2, 1]])
        shares = np.exp(means) / np.exp(means).sum(axis=1, keepdims=True)
        for one, wanted in zip(seen, np.tile(shares, (3, 1)), strict=True):
            np.testing.assert_allclose(one.scores, wanted[one.class_ids], rtol=1e-6)


def test_the_scores_of_cameras_in_one_batch_are_smoothed_by_themselves(mean_color_card, tmp_path):
    settings = ClassificationSettings(score_threshold=0.0)
    ways = {
        'settings': settings,
        'loader': EngineLoader(ModelStore(tmp_path / 'cache')),
        'backend': 'onnxruntime',
        'options': EngineOptions(max_batch=2, threads=1),
    }
    frames = {
        'front': [np.full((20, 40, 3), (255, 0, 25 * k), np.uint8) for k in range(6)],
        'rear': [np.full((20, 40, 3), (0, 40 * k, 255), np.uint8) for k in range(6)],
    }
    alone = {}
    for name, images in frames.items():
        with ImageNet(mean_color_card, **ways) as net:
            smoother = Smoother(0.25)
            alone[name] = [smoother.update(net.classify(image)) for image in images]
    cameras = [Smoother(0.25), Smoother(0.25)]
    with ImageNet(mean_color_card, **ways) as net:
        for k in range(6):
            pair = [frames['front'][k], frames['rear'][k]]
            together = net.classify_batch(pair)
            assert all(one.times.postprocess_ms > 0 for one in together)
            seen = [camera.update(one) for camera, one in zip(cameras, together, strict=True)]
            for one, name in zip(seen, frames, strict=True):
                np.testing.assert_allclose(one.scores, alone[name][k].scores, rtol=1e-5)
                np.testing.assert_array_equal(one.class_ids, alone[name][k].class_ids)
