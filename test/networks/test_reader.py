# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what reads a detector's outputs, told by an ONNX file of a card without a decoder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ros_deep_learning.cards.card import InputSpec, SourceSpec
from ros_deep_learning.downloads.store import ModelStore
from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.base import TensorSpec
from ros_deep_learning.engines.loader import EngineLoader
from ros_deep_learning.errors import CardError
from ros_deep_learning.networks import DetectNet

SIDE = 64
IMAGE = np.zeros((SIDE, 2 * SIDE, 3), np.uint8)
CAT_AND_DOG = {'task': 'detect', 'names': "{0: 'cat', 1: 'dog'}"}


@pytest.fixture
def make_card(card, tmp_path):
    """Make a card, without outputs and decoder, of a network that answers constants."""

    def make(answers, /, *, metadata=None, nodes=(), inputs=(), batch=1, **changes):
        kinds = {k: helper.np_dtype_to_tensor_dtype(array.dtype) for k, array in answers.items()}
        constants = [
            helper.make_node(
                'Constant', [], [name if not nodes else f'{name}_1'],
                value=numpy_helper.from_array(array),
            )
            for name, array in answers.items()
        ]  # fmt: skip
        graph = helper.make_graph(
            [*constants, *nodes],
            'answers',
            [
                helper.make_tensor_value_info('images', TensorProto.FLOAT, [batch, 3, SIDE, SIDE]),
                *inputs,
            ],
            [
                helper.make_tensor_value_info(name, kinds[name], [batch, *array.shape[1:]])
                for name, array in answers.items()
            ],
        )
        opsets = [helper.make_opsetid('', 13)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        helper.set_model_props(model, metadata or {})
        path = tmp_path / 'answers.onnx'
        onnx.save(model, path)
        return replace(
            card,
            source=SourceSpec(file=path),
            input=InputSpec(SIDE, SIDE),
            **{'outputs': {}, 'decoder': None, **changes},
        )

    return make


@pytest.fixture
def open_net(tmp_path):
    """Open a card's detector on ONNX Runtime; it is closed at the end."""
    nets = []

    def load(card, **arguments):
        loader = EngineLoader(ModelStore(tmp_path / 'cache'))
        options = EngineOptions(threads=1, max_batch=4)
        nets.append(
            DetectNet(card, loader=loader, backend='onnxruntime', options=options, **arguments)
        )
        return nets[-1]

    yield load
    for net in nets:
        net.close()


def yolov8_rows(*rows, classes=2):
    """Rows of centre x, y, width, height, class, score, among the 84 cells of the input."""
    table = np.zeros((1, 4 + classes, 84), np.float32)
    for k, (*box, class_id, score) in enumerate(rows):
        table[0, :4, 7 * k] = box
        table[0, 4 + class_id, 7 * k] = score
    return {'output0': table}


def ssd_rows(scores):
    """Two anchors with these scores."""
    boxes = np.array([[[0.25, 0.5, 0.75, 1.0], [0, 0, 0.5, 0.5]]], np.float32)
    return {'boxes': boxes, 'scores': np.array([scores], np.float32)}


def test_nothing_there(make_card, open_net):
    net = open_net(make_card(yolov8_rows(), metadata=CAT_AND_DOG))
    assert (net.decoder, net.labels) == ('yolov8', ('cat', 'dog'))
    assert len(net.detect(IMAGE)) == 0


def test_yolov8_with_the_names_that_ultralytics_writes(make_card, open_net):
    outputs = yolov8_rows((32, 16, 20, 8, 1, 0.9), (10, 50, 20, 28, 0, 0.7))
    net = open_net(make_card(outputs, metadata=CAT_AND_DOG))
    found = net.detect(IMAGE)
    # The image is twice as wide as the input: x doubles.
    np.testing.assert_allclose(found.boxes_xyxy, [[44, 12, 84, 20], [0, 36, 40, 64]], rtol=1e-6)
    assert [net.labels[k] for k in found.class_ids] == ['dog', 'cat']


@pytest.mark.parametrize('kind', [np.uint8, np.int8, np.int32])
def test_scores_of_whole_numbers_are_refused(make_card, open_net, kind):
    """As int8 networks give them that end before they are dequantised."""
    outputs = {name: array.astype(kind) for name, array in yolov8_rows().items()}
    name = np.dtype(kind).name
    with pytest.raises(CardError, match=f"outputs.predictions: 'output0' has the type {name},"):
        open_net(make_card(outputs, metadata=CAT_AND_DOG))


def test_a_labels_file_wins_over_the_networks_own_names(make_card, open_net, tmp_path):
    labels = tmp_path / 'labels.txt'
    labels.write_text('one\ntwo\n', encoding='utf-8')
    card = make_card(yolov8_rows(), metadata=CAT_AND_DOG)
    assert open_net(card, labels=labels).labels == ('one', 'two')
    assert open_net(card, labels=str(labels)).card.labels == labels
    labels.write_text('one\ntwo\nthree\n', encoding='utf-8')
    with pytest.raises(CardError, match=r'^net: no known decoder can read'):
        open_net(card, labels=labels)


def test_the_networks_own_names_must_fit_its_outputs(make_card, open_net):
    card = make_card(yolov8_rows(classes=3), metadata=CAT_AND_DOG, decoder='yolov8')
    with pytest.raises(
        CardError, match=r"^net: labels: the network's metadata has 2 labels, .* 3"
    ):
        open_net(card)


def test_what_can_be_read_in_two_ways_is_refused_with_both(make_card, open_net):
    card = make_card(ssd_rows([[0.1, 0.2, 0.8], [0.1, 0.3, 0.2]]))
    with pytest.raises(CardError) as caught:
        open_net(card)
    message = str(caught.value)
    assert message.startswith("net: the outputs 'boxes' (2, 4), 'scores' (2, 3) can be read as ")
    assert "ssd (boxes = 'boxes', scores = 'scores')" in message
    assert "pytorch_ssd (boxes = 'boxes', scores = 'scores')" in message


@pytest.mark.parametrize(
    ('labels', 'decoder', 'found'),
    [('a\nb\nc\n', 'ssd', 'c'), ('BACKGROUND\nb\nc\n', 'pytorch_ssd', 'c')],
)
def test_labels_tell_the_background(make_card, open_net, tmp_path, labels, decoder, found):
    path = tmp_path / 'labels.txt'
    path.write_text(labels, encoding='utf-8')
    net = open_net(make_card(ssd_rows([[0.1, 0.2, 0.8], [0.9, 0.3, 0.2]])), labels=path)
    assert net.decoder == decoder
    assert found in [net.labels[k] for k in net.detect(IMAGE).class_ids]


@pytest.mark.parametrize('outputs', [{}, {'boxes': 'boxes'}, {'scores': 'scores'}])
def test_the_cards_decoder_finds_the_roles_it_does_not_tell(make_card, open_net, outputs):
    rows = ssd_rows([[0.1, 0.2, 0.8], [0.1, 0.3, 0.2]])
    net = open_net(make_card(rows, decoder='ssd', outputs=outputs))
    found = net.detect(IMAGE)
    assert found.class_ids.tolist() == [2]
    np.testing.assert_allclose(found.boxes_xyxy, [[32, 32, 96, 64]])


@pytest.mark.parametrize(
    ('answers', 'metadata', 'changes', 'message'),
    [
        ({'x': np.zeros((1, 9), np.float32)}, {}, {}, r"no known decoder can read .* 'x' \(9,\)"),
        (yolov8_rows(), {'task': 'segment'}, {}, "the network is made for 'segment'"),
        (yolov8_rows(), {}, {'decoder': 'ssd'}, 'decoder ssd cannot read'),
        (yolov8_rows(), {}, {'outputs': {'boxes': 'b'}}, 'outputs.boxes: the network has no'),
    ],
)
def test_what_cannot_be_read(make_card, open_net, answers, metadata, changes, message):
    with pytest.raises(CardError, match=f'^net: {message}'):
        open_net(make_card(answers, metadata=metadata, **changes))


@pytest.fixture
def rtdetr_card(make_card, tmp_path):
    """Make a card of a network like RT-DETR's export: it scales its boxes to the given sizes."""
    labels = tmp_path / 'labels.txt'
    labels.write_text('cat\ndog\n', encoding='utf-8')
    outputs = {
        'labels': np.array([[1, 0]], np.int64),
        'boxes': np.array([[[0.25, 0.5, 0.5, 1.0], [0, 0, 0.5, 0.25]]], np.float32),
        'scores': np.array([[0.9, 0.2]], np.float32),
    }

    def make(batch='N', kind=TensorProto.INT64):
        node = helper.make_node
        nodes = [
            node('Cast', ['orig_target_sizes'], ['wh'], to=TensorProto.FLOAT),
            node('Concat', ['wh', 'wh'], ['whwh'], axis=1),
            node('Constant', [], ['one'], value_ints=[1]),
            node('Unsqueeze', ['whwh', 'one'], ['edges']),
            node('Mul', ['boxes_1', 'edges'], ['boxes']),
            # Zeros of the batch's size make the constants as long.
            node('ReduceMax', ['wh'], ['longest'], axes=[1]),
            node('Sub', ['longest', 'longest'], ['zeros']),
            node('Add', ['scores_1', 'zeros'], ['scores']),
            node('Cast', ['zeros'], ['whole_zeros'], to=TensorProto.INT64),
            node('Add', ['labels_1', 'whole_zeros'], ['labels']),
        ]
        sizes = helper.make_tensor_value_info('orig_target_sizes', kind, [batch, 2])
        return make_card(outputs, nodes=nodes, inputs=[sizes], batch=batch, labels=labels)

    return make


@pytest.mark.parametrize('batch', ['N', 1])
@pytest.mark.parametrize('kind', [TensorProto.INT64, TensorProto.INT32])
def test_rtdetr_is_fed_the_size_of_its_input(rtdetr_card, open_net, batch, kind):
    net = open_net(rtdetr_card(batch, kind), threshold=0.1)
    assert net.decoder == 'labelled_boxes'
    images = [IMAGE, np.zeros((SIDE, SIDE, 3), np.uint8), IMAGE[:32]]
    for found, image in zip(net.detect_batch(images), images, strict=True):
        height, width = image.shape[:2]
        shares = np.array([[0.25, 0.5, 0.5, 1.0], [0, 0, 0.5, 0.25]])
        np.testing.assert_allclose(found.boxes_xyxy, shares * (width, height, width, height))
        assert [net.labels[k] for k in found.class_ids] == ['dog', 'cat']


def test_an_engine_that_prepares_frames_is_fed_tensors_then(
    card, info, pixels_engine, make_loader
):
    sizes = TensorSpec('orig_target_sizes', (-1, 2), np.dtype('int64'))
    pixels_engine.info = replace(info, inputs=(*info.inputs, sizes))
    net = DetectNet(card, loader=make_loader(pixels_engine))
    assert net.detect(IMAGE).class_ids.tolist() == [2]
    (inputs,) = pixels_engine.inputs
    assert inputs['image'].shape == (1, 3, 20, 40)
    assert inputs['orig_target_sizes'].tolist() == [[40, 20]]
    assert inputs['orig_target_sizes'].dtype == np.int64
