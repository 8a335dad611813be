# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what is known of a classifier that others exported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from exported import write_exported
from made_exports import (
    IMAGE,
    SIZE,
)

from ros_deep_learning import ImageNet
from ros_deep_learning.recognition.custom import card_from_file


@pytest.mark.parametrize(
    ('last', 'name', 'role'),
    [
        ('Softmax', 'output', 'probabilities'),
        ('Sigmoid', 'output', 'probabilities'),
        ('LogSoftmax', 'output', 'logits'),
        ('Identity', 'probs', 'probabilities'),
        ('Identity', 'logits', 'logits'),
        ('Identity', 'output', 'scores'),
    ],
)
def test_the_end_of_the_graph_tells_what_scores_are(
    tmp_path: Path, last: str, name: str, role: str
) -> None:
    outputs = {name: np.zeros((1, 5), np.float32)}
    path = write_exported(tmp_path / 'net.onnx', outputs, inputs={'x': IMAGE}, last=last)
    assert dict(card_from_file(path).outputs) == {role: name}


def test_the_scores_of_an_int8_softmax_need_not_add_up_to_1(tmp_path: Path) -> None:
    """Of a thousand classes, most have less than half a step."""
    helper, shares = onnx.helper, np.full((1, 1000), 0.7 / 999, np.float32)
    shares[0, 7] = 0.3
    names = {'step': np.float32(1 / 255), 'zero': np.uint8(0)}
    path = write_exported(tmp_path / 'net.onnx', {'made': np.log(shares)}, inputs={'x': IMAGE})
    model = onnx.load(path)
    graph = model.graph
    graph.initializer.extend(
        onnx.numpy_helper.from_array(np.array(v), k) for k, v in names.items()
    )
    graph.node.extend(
        [
            helper.make_node('Softmax', ['made'], ['shares']),
            helper.make_node('QuantizeLinear', ['shares', *names], ['int8']),
            helper.make_node('DequantizeLinear', ['int8', *names], ['output']),
        ]
    )
    graph.output[0].name = 'output'
    onnx.save(model, path)
    with ImageNet(path, backend='onnxruntime') as net:
        found = net.classify(np.zeros((SIZE, SIZE, 3), np.uint8))
    assert found.class_ids.tolist() == [7]
    assert found.scores.tolist() == pytest.approx([0.3], abs=1 / 255)


def test_a_head_of_one_class(tmp_path: Path) -> None:
    outputs = {'output': np.full((1, 1), 2.1972246, np.float32)}
    path = write_exported(tmp_path / 'net.onnx', outputs, inputs={'x': IMAGE}, last='Sigmoid')
    with ImageNet(path, threshold=0.5) as net:
        (found,) = net.classify(np.zeros((SIZE, SIZE, 3), np.uint8))
    assert found.score == pytest.approx(0.9)


def test_keras_networks_that_normalise_images_themselves(tmp_path: Path) -> None:
    outputs = {'predictions': np.full((1, 5), 0.2, np.float32)}
    inputs = {'input_1': ['b', 224, 224, 3]}
    path = write_exported(tmp_path / 'net.onnx', outputs, inputs=inputs, producer='tf2onnx')
    model = onnx.load(path)
    model.graph.node.append(onnx.helper.make_node('Mul', ['input_1', 'input_1'], ['scaled']))
    onnx.save(model, path)
    card = card_from_file(path)
    scale = next(decision for decision in card.decisions if decision.key == 'scale')
    assert (scale.value, scale.guess) == (1.0, False)


def test_preprocessor_config_of_a_classifier(tmp_path: Path) -> None:
    config = {
        'do_center_crop': True,
        'crop_size': {'height': 224, 'width': 224},
        'size': {'shortest_edge': 256},
        'image_mean': [0.1, 0.2, 0.3],
        'image_std': [0.4, 0.5, 0.6],
        'rescale_factor': 0.5,
    }
    (tmp_path / 'preprocessor_config.json').write_text(json.dumps(config))
    outputs = {'logits': np.zeros((1, 5), np.float32)}
    inputs = {'pixel_values': [1, 3, 224, 224]}
    card = card_from_file(write_exported(tmp_path / 'net.onnx', outputs, inputs=inputs))
    spec = card.input
    assert (spec.mean, spec.std, spec.scale) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6), 0.5)
    assert (spec.resize, spec.crop_fraction) == ('crop', 0.875)
    assert not [decision for decision in card.decisions if decision.guess]


@pytest.mark.parametrize('folder', ['.', 'onnx'])
@pytest.mark.parametrize(
    ('config', 'resize', 'fraction'),
    [
        ({'crop_pct': 0.95, 'crop_mode': 'center'}, 'crop', 0.95),
        ({'crop_pct': 1.0, 'crop_mode': 'squash'}, 'stretch', 1.0),
    ],
)
def test_the_config_of_timm_beside_a_classifier(
    tmp_path: Path, folder: str, config: dict[str, Any], resize: str, fraction: float
) -> None:
    config |= {'mean': [0.5, 0.5, 0.5], 'std': [0.1, 0.2, 0.3], 'input_size': [3, 64, 64]}
    text = json.dumps({'architecture': 'resnet18', 'pretrained_cfg': config})
    (tmp_path / 'config.json').write_text(text)
    (tmp_path / folder).mkdir(exist_ok=True)
    outputs = {'output': np.zeros((1, 5), np.float32)}
    path = write_exported(
        tmp_path / folder / 'net.onnx', outputs, inputs={'input': [1, 3, SIZE, SIZE]}
    )
    card = card_from_file(path)
    spec = card.input
    assert (spec.scale, spec.mean, spec.std) == (1 / 255, (0.5,) * 3, (0.1, 0.2, 0.3))
    assert (spec.resize, spec.crop_fraction, spec.interpolation) == (resize, fraction, 'area')
    # A constant does not tell whether it is a logit.
    assert {decision.key for decision in card.decisions if decision.guess} <= {'scores'}


def test_a_classifier_of_which_nothing_is_known_is_a_guess(tmp_path: Path) -> None:
    outputs = {'output': np.zeros((1, 5), np.float32)}
    path = write_exported(tmp_path / 'net.onnx', outputs, inputs={'input': [1, 3, SIZE, SIZE]})
    card = card_from_file(path)
    assert card.input.interpolation == 'area'
    guessed = {decision.key for decision in card.decisions if decision.guess}
    assert guessed == {'resize', 'channels', 'scale', 'mean', 'std', 'scores'}


def test_a_classifier_of_seven_classes_is_no_yolov7(tmp_path: Path) -> None:
    outputs = {'output': np.zeros((1, 7), np.float32)}
    for batch in ('batch', 1):
        path = write_exported(
            tmp_path / 'net.onnx',
            outputs,
            inputs={'images': [batch, 3, SIZE, SIZE]},
            declared={'output': [batch, 7]},
        )
        assert card_from_file(path).task == 'classification'


def test_scores_that_no_detector_gives_are_those_of_a_classifier(tmp_path: Path) -> None:
    # Of one image, and yet with an open number of rows, as of objects.
    path = write_exported(
        tmp_path / 'net.onnx',
        {'logits': np.zeros((1, 1000), np.float32)},
        inputs={'images': [1, 3, SIZE, SIZE]},
        declared={'logits': ['rows', 1000]},
    )
    card = card_from_file(path)
    assert (card.task, dict(card.outputs)) == ('classification', {'logits': 'logits'})
    assert next(one for one in card.decisions if one.key == 'task').guess is False


@pytest.mark.parametrize('where', ['config.json', 'metadata'])
def test_timms_configuration(tmp_path: Path, where: str) -> None:
    config = {'mean': [0.1, 0.2, 0.3], 'std': [0.4, 0.5, 0.6], 'crop_pct': 0.95}
    metadata = {}
    if where == 'metadata':
        metadata = {key: str(value) for key, value in config.items()}
    else:
        (tmp_path / where).write_text(json.dumps({'pretrained_cfg': config}))
    outputs = {'output0': np.zeros((1, 5), np.float32)}
    path = write_exported(
        tmp_path / 'net.onnx', outputs, inputs={'input0': IMAGE}, metadata=metadata
    )
    card = card_from_file(path)
    spec = card.input
    assert (spec.mean, spec.std) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    assert (spec.resize, spec.crop_fraction) == ('crop', 0.95)
    guesses = {decision.key for decision in card.decisions if decision.guess}
    assert guesses == {'scores'}


def test_mean_and_std_in_the_metadata_may_be_of_pixels(tmp_path: Path) -> None:
    metadata = {'mean': '[123.675, 116.28, 103.53]', 'std': '[58.395, 57.12, 57.375]'}
    outputs = {'output0': np.zeros((1, 5), np.float32)}
    path = write_exported(
        tmp_path / 'net.onnx', outputs, inputs={'input0': IMAGE}, metadata=metadata
    )
    card = card_from_file(path)
    assert card.input.scale == 1
    assert (card.input.mean, card.input.std) == (
        (123.675, 116.28, 103.53),
        (58.395, 57.12, 57.375),
    )
    (scale,) = (decision for decision in card.decisions if decision.key == 'scale')
    assert scale.evidence == 'mean and std of pixels 0..255 in the metadata'
