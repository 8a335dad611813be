# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The other networks that are downloaded: stand-ins of the right form, fetched and run by name."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import zoo_stand_ins as stand_ins
from https_server import HttpsServer
from onnx import TensorProto, helper, numpy_helper

from ros_deep_learning.cards import zoo
from ros_deep_learning.cards.labels import load_labels
from ros_deep_learning.cards.zoo import find_card, list_cards
from ros_deep_learning.cli import detectnet, imagenet, segnet

PROGRAMS = {'classification': imagenet, 'detection': detectnet, 'segmentation': segnet}
CARDS = {c.name: c for c in list_cards() if c.source.urls and c.family != 'jetson-inference'}

# Shapes of the real outputs, batch axis first.
OUTPUTS = {
    'mobilenetv4-small': {'logits': [1, 1000]},
    'pp-humanseg': {'save_infer_model/scale_0.tmp_1': [1, 2, 192, 192]},
    'pp-resnet50': {'save_infer_model/scale_0.tmp_0': [1, 1000]},
    'rtdetr-r18': {'logits': [1, 300, 80], 'pred_boxes': [1, 300, 4]},
    'rtdetr-r50': {'logits': [1, 300, 80], 'pred_boxes': [1, 300, 4]},
    # A row a cell of the grids with strides 8, 16 and 32.
    'yolox-nano': {'output': [1, 52**2 + 26**2 + 13**2, 85]},
    'yolox-s': {'output': [1, 80**2 + 40**2 + 20**2, 85]},
    'yolox-tiny': {'output': [1, 52**2 + 26**2 + 13**2, 85]},
}


def stand_in(name: str) -> bytes:
    """A network that adds a little of the image's mean to fixed noise of the right shape."""
    spec, rng = CARDS[name].input, np.random.default_rng(0)
    image = spec.name or 'x'
    nodes = [
        helper.make_node('ReduceMean', [image], ['all'], keepdims=0),
        helper.make_node('Mul', ['all', 'little'], ['mean']),
    ]
    constants = [numpy_helper.from_array(np.float32(1e-5), 'little')]
    for output, shape in OUTPUTS[name].items():
        noise = rng.random(shape).astype(np.float32)
        if output == 'logits':
            # A box or two over the threshold; a picture has no more than a few objects.
            noise = rng.normal(-6, 1.5, shape).astype(np.float32)
        elif name.startswith('yolox'):
            noise *= 0.75  # no product of two of them is far over the threshold
        elif len(shape) == 2:
            noise *= 99  # far enough apart that a softmax has a best class
        constants.append(numpy_helper.from_array(noise, f'{output}/noise'))
        nodes.append(helper.make_node('Add', ['mean', f'{output}/noise'], [output]))
    # transformers.js leaves these axes open.
    batch = 'batch' if name.startswith(('rtdetr', 'mobilenet')) else 1
    shape = [batch, 3, spec.height, spec.width]
    graph = helper.make_graph(
        nodes,
        'net',
        [helper.make_tensor_value_info(image, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in OUTPUTS[name].items()],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)], ir_version=7)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def test_there_is_a_stand_in_for_each() -> None:
    assert set(OUTPUTS) == set(CARDS)
    assert {card.checked for card in CARDS.values()} == {'card only'}


@pytest.mark.parametrize('name', CARDS)
def test_its_program_runs_it(
    https_server: HttpsServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    folder = stand_ins.local_zoo(tmp_path / 'zoo', https_server.url('')[:-1])
    monkeypatch.setattr(zoo, 'zoo_folder', lambda: folder)
    monkeypatch.setenv('ROS_DEEP_LEARNING_CACHE', str(tmp_path / 'cache'))
    card = find_card(name)
    https_server.put(name, stand_in(name))
    picture = tmp_path / 'picture.png'
    cv2.imwrite(str(picture), np.full((60, 80, 3), 128, np.uint8))
    arguments = [str(picture), f'--network={name}', '--backend=onnxruntime']
    assert PROGRAMS[card.task].main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    labels = load_labels(card.labels or '')
    assert lines[0] == f'{name}: onnxruntime, fp32, {len(labels)} classes'
    if card.task != 'detection':
        assert any(label in lines[2] for label in labels)


@pytest.mark.parametrize('name', ['yolox-s', 'pp-humanseg', 'pp-resnet50'])
def test_a_pinned_one_takes_nothing_else(
    https_server: HttpsServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    url = https_server.put(name, stand_in(name))
    text = (zoo.zoo_folder() / 'cards' / f'{name}.yaml').read_text()
    for address in CARDS[name].source.urls:
        text = text.replace(address, url)
    monkeypatch.setenv('ROS_DEEP_LEARNING_CACHE', str(tmp_path / 'cache'))
    (tmp_path / 'cards').mkdir()
    (tmp_path / 'labels').symlink_to(zoo.zoo_folder() / 'labels')
    (tmp_path / 'cards' / 'net.yaml').write_text(text)
    picture = tmp_path / 'picture.png'
    cv2.imwrite(str(picture), np.zeros((8, 8, 3), np.uint8))
    program = PROGRAMS[CARDS[name].task]
    assert program.main([str(picture), f'--network={tmp_path}/cards/net.yaml']) == 1
    assert f'expected the SHA-256 {CARDS[name].source.sha256}, got ' in capsys.readouterr().err
    assert not list((tmp_path / 'cache').rglob('*.onnx'))
