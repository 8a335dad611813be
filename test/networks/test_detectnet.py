# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of DetectNet with stand-in engines."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.base import TensorSpec
from ros_deep_learning.errors import (
    CardError,
    DecodeError,
    ImageError,
    InferenceError,
    ModelNotFoundError,
    SettingsError,
)
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.networks import DetectNet
from ros_deep_learning.tasks.preprocess import preprocess
from ros_deep_learning.tasks.suppression import DetectionFilter, DetectionSettings

IMAGE = np.zeros((200, 400, 3), np.uint8)


@pytest.fixture
def net(card, engine, make_loader):
    return DetectNet(card, loader=make_loader(engine))


def test_nothing_there(net, engine):
    engine.outputs = {name: np.zeros_like(array) for name, array in engine.outputs.items()}
    found = net.detect(IMAGE)
    assert len(found) == 0
    assert (found.boxes_xyxy.shape, found.boxes_xyxy.dtype) == ((0, 4), np.float32)
    assert (found.scores.dtype, found.class_ids.dtype) == (np.float32, np.int32)
    assert found.source_wh == (400, 200)


def test_finds_in_source_pixels(net):
    found = net.detect(IMAGE)
    np.testing.assert_allclose(found.boxes_xyxy, [[100, 100, 300, 200]], rtol=1e-6)
    np.testing.assert_allclose(found.scores, [0.8])
    assert found.class_ids.tolist() == [2]
    assert net.labels == ('0', '1', '2')
    assert net.colors_rgb.shape == (3, 3)
    assert net.colors_rgb.dtype == np.uint8


def test_the_engine_gets_the_cards_tensor(net, engine, card):
    image = np.random.default_rng(0).integers(0, 256, (30, 50, 3), np.uint8)
    net.detect(image)
    net.detect(Pixels(np.ascontiguousarray(image[..., ::-1]), 'bgr'))
    net.detect(np.ascontiguousarray(image[..., ::-1])[..., ::-1])
    wanted = preprocess([Pixels(image)], card.input)
    assert [list(inputs) for inputs in engine.inputs] == [['image']] * 3
    for inputs in engine.inputs:
        np.testing.assert_array_equal(inputs['image'], wanted)


def test_an_engine_that_prepares_frames_gets_the_frames(card, pixels_engine, make_loader):
    net = DetectNet(card, loader=make_loader(pixels_engine))
    found = net.detect(IMAGE)
    ((frames, spec),) = pixels_engine.inputs
    assert spec == card.input
    assert len(frames) == 1
    assert np.shares_memory(frames[0].array, IMAGE)
    assert found.class_ids.tolist() == [2]
    assert found.times.preprocess_ms == 0 < found.times.inference_ms


@pytest.mark.parametrize('shape', [(), (1,), (1, 1)])
def test_rows_behind_the_count_are_padding(card, engine, make_loader, shape):
    outputs = {
        'boxes': np.tile(np.array([[[4, 4, 20, 12]]], np.float32), (1, 3, 1)),
        'classes': np.zeros((1, 3), np.float32),
        'scores': np.array([[0.9, 0.8, 0.7]], np.float32),
        'count': np.full(shape, 2, np.int32),
    }
    image = replace(engine.info.inputs[0], shape=(-1, 3, 20, 40))
    specs = tuple(TensorSpec(name, one.shape, one.dtype) for name, one in outputs.items())
    engine.info = replace(engine.info, inputs=(image,), outputs=specs)
    engine.outputs = outputs
    card = replace(
        card, decoder='labelled_boxes', outputs={role: role for role in outputs}, classes=1
    )
    net = DetectNet(card, loader=make_loader(engine), options=EngineOptions(max_batch=4))
    # A single number does not tell whose rows it counts.
    assert net.max_batch == (4 if shape else 1)
    assert len(net.detect(IMAGE)) == 2
    assert [len(found) for found in net.detect_batch([IMAGE] * (1 if shape else 2))][-1] == 2


def test_settings_change_between_images(net):
    assert net.settings == DetectionSettings()
    assert len(net.detect(IMAGE)) == 1
    net.settings = replace(net.settings, score_threshold=0.81)
    assert len(net.detect(IMAGE)) == 0
    net.settings = DetectionSettings(score_threshold=0.25)
    assert net.detect(IMAGE).class_ids.tolist() == [2, 1]


def test_colours_of_the_card(card, engine, make_loader, tmp_path):
    colors = tmp_path / 'colors.txt'
    colors.write_text('1 2 3\n4 5 6\n7 8 9\n', encoding='utf-8')
    net = DetectNet(replace(card, colors=colors), loader=make_loader(engine))
    assert net.colors_rgb.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    colors.write_text('1 2 3\n', encoding='utf-8')
    with pytest.raises(CardError, match=r'^net: colors: .* has 1 colours for 3 classes$'):
        DetectNet(replace(card, colors=colors), loader=make_loader(engine))
    assert engine.closed == 1


def test_threshold_wins_over_the_settings(card, engine, make_loader):
    settings = DetectionSettings(score_threshold=0.9, iou_threshold=0.3)
    net = DetectNet(card, threshold=0.2, settings=settings, loader=make_loader(engine))
    assert net.settings == DetectionSettings(score_threshold=0.2, iou_threshold=0.3)
    with pytest.raises(SettingsError, match='score_threshold'):
        DetectNet(card, threshold=2.0, loader=make_loader(engine))


def test_a_result_has_its_times_and_labels(net):
    first = net.detect(IMAGE)
    times = first.times
    assert min(times.preprocess_ms, times.inference_ms, times.postprocess_ms) > 0
    assert net.detect(IMAGE).times is not times
    assert first.times is times
    with pytest.raises(FrozenInstanceError):
        times.inference_ms = 0.0
    assert first.labels == net.labels


def test_settings_of_one_image(net):
    assert len(net.detect(IMAGE, settings=DetectionSettings(score_threshold=0.81))) == 0
    low = DetectionSettings(score_threshold=0.25)
    (found,) = net.detect_batch([IMAGE], settings=low)
    assert found.class_ids.tolist() == [2, 1]
    assert net.detect(IMAGE).class_ids.tolist() == [2]
    assert net.settings == DetectionSettings()


def test_the_request_reaches_the_loader(card, engine, make_loader):
    def progress(stage, share):
        pass

    loader = make_loader(engine)
    options = EngineOptions(threads=1)
    net = DetectNet(
        card,
        loader=loader,
        precision='fp16',
        backend='fake',
        options=options,
        progress=progress,
    )
    request = {
        'precision': 'fp16',
        'backend': 'fake',
        'options': options,
        'progress': progress,
    }
    assert loader.requests == [(card, request)]
    assert net.card is card
    assert net.engine is engine
    assert net.info is engine.info


def test_context_manager_closes(card, engine, make_loader):
    with DetectNet(card, loader=make_loader(engine)) as net:
        assert len(net.detect(IMAGE)) == 1
        assert engine.closed == 0
    assert engine.closed == 1


@pytest.mark.parametrize(
    'image',
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
        None,
    ],
)
def test_not_an_image(net, image):
    with pytest.raises(ImageError, match='expected a uint8 image'):
        net.detect(image)
    assert len(net.detect(IMAGE)) == 1


@pytest.mark.parametrize(
    ('output', 'value', 'message'),
    [
        (
            'out/scores',
            np.nan,
            "^net: its output 'out/scores' has NaN; to fix: try precision",
        ),
        ('out/boxes', np.nan, "^net: its output 'out/boxes' has NaN; "),
        ('out/scores', np.inf, '^net: a box has a NaN or infinite edge or score; to fix: '),
        ('out/boxes', -np.inf, '^net: a box has a NaN or infinite edge or score; to fix: '),
    ],
)
def test_nan_and_infinity_are_a_failure_and_not_nothing(net, engine, output, value, message):
    whole = engine.outputs[output].copy()
    engine.outputs[output][0, np.argmax(engine.outputs['out/scores'].max(axis=2))] = value
    with pytest.raises(InferenceError, match=message):
        net.detect(IMAGE)
    engine.outputs[output] = whole
    assert len(net.detect(IMAGE)) == 1


def test_outputs_of_another_form(net, engine):
    engine.outputs['out/boxes'] = np.zeros((1, 5, 4), np.float32)
    with pytest.raises(DecodeError, match='decoder ssd expects'):
        net.detect(IMAGE)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'task': 'segmentation'}, 'net is made for segmentation, not for detection'),
        ({'decoder': 'other'}, "net: decoder: no decoder 'other'; it is one of "),
        ({'decoder': ''}, "net: decoder: no decoder ''; it is one of "),
    ],
)
def test_cards_that_cannot_be_are_refused_before_loading(
    card, engine, make_loader, changes, message
):
    loader = make_loader(engine)
    with pytest.raises(CardError, match=message):
        DetectNet(replace(card, **changes), loader=loader)
    assert loader.requests == []


def test_missing_labels_are_refused_before_loading(card, engine, make_loader, tmp_path):
    loader = make_loader(engine)
    with pytest.raises(CardError, match=r'labels file .*none\.txt'):
        DetectNet(replace(card, labels=tmp_path / 'none.txt'), loader=loader)
    assert loader.requests == []


def test_what_does_not_fit_closes_the_engine(card, engine, make_loader, tmp_path):
    labels = tmp_path / 'labels.txt'
    labels.write_text('cat\ndog\n', encoding='utf-8')
    wrong = (
        replace(card, labels=labels),
        replace(card, outputs={'boxes': 'b', 'scores': 's'}),
        replace(card, input=replace(card.input, width=41)),
    )
    for closed, bad in enumerate(wrong, start=1):
        with pytest.raises(CardError):
            DetectNet(bad, loader=make_loader(engine))
        assert engine.closed == closed


def test_a_class_beyond_the_labels(card, engine, info, make_loader, tmp_path):
    labels = tmp_path / 'labels.txt'
    labels.write_text('cat\ndog\n', encoding='utf-8')
    boxes, scores = info.outputs
    engine.info = replace(info, outputs=(boxes, replace(scores, shape=(1, 2, -1))))
    net = DetectNet(replace(card, labels=labels), loader=make_loader(engine))
    with pytest.raises(DecodeError, match=r'net: .* class 2, but .*labels\.txt has only 2 labels'):
        net.detect(IMAGE)


def test_classes_by_name(card, engine, make_loader, tmp_path):
    labels = tmp_path / 'labels.txt'
    labels.write_text('cat\ndog\nbird\n', encoding='utf-8')
    net = DetectNet(card, labels=labels, loader=make_loader(engine))
    assert net.decoder == 'ssd'
    assert net.class_ids([]) == frozenset()
    assert net.class_ids(['Bird', 'cat']) == {0, 2}
    for names, found in (([], []), (['cat', 'dog'], []), (['bird'], [2])):
        only = DetectionFilter(class_ids=net.class_ids(names))
        net.settings = DetectionSettings(only=only)
        assert net.detect(IMAGE).class_ids.tolist() == found
    with pytest.raises(SettingsError, match=r"^classes: 'bord' is none .* close to it: bird$"):
        net.class_ids(['bord'])


@pytest.mark.parametrize('class_id', [3, -1])
def test_wanted_classes_that_are_none(card, engine, make_loader, class_id):
    settings = DetectionSettings(only=DetectionFilter(class_ids=frozenset([class_id])))
    message = rf'^classes: net has the classes 0 to 2, not {class_id}$'
    with pytest.raises(SettingsError, match=message):
        DetectNet(card, settings=settings, loader=make_loader(engine))
    assert engine.closed == 1
    net = DetectNet(card, loader=make_loader(engine))
    with pytest.raises(SettingsError, match=message):
        net.settings = settings
    assert net.settings == DetectionSettings()


def test_boxes_on_one_object_are_merged_on_request(net, engine):
    engine.outputs['out/boxes'][:] = [[[0.0, 0.0, 0.5, 1.0], [0.1, 0.0, 0.6, 1.0]]]
    engine.outputs['out/scores'][:] = [[[0.7, 0, 0], [0.9, 0, 0]]]
    net.settings = DetectionSettings(iou_threshold=1.0)
    assert len(net.detect(IMAGE)) == 2
    net.settings = DetectionSettings(cluster_overlap=0.75)
    found = net.detect(IMAGE)
    np.testing.assert_allclose(found.boxes_xyxy, [[0, 0, 240, 200]], rtol=1e-6)
    np.testing.assert_allclose(found.scores, [0.9])


def test_no_such_network():
    with pytest.raises(ModelNotFoundError):
        DetectNet('no-such-network')
