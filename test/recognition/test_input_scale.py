# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the range of pixels that a network takes: told by its first layer, or a question."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import yaml
from exported import write_exported
from onnx import helper, numpy_helper

from ros_deep_learning import DetectNet
from ros_deep_learning.cli.models import main
from ros_deep_learning.errors import CardError, OpenQuestionError
from ros_deep_learning.recognition.custom import card_from_file
from ros_deep_learning.recognition.hints import Hints
from ros_deep_learning.tasks.decoders.arrays import cells

SIZE = 320
CELLS = 40 * 40 + 20 * 20 + 10 * 10
IMAGE = [1, 3, SIZE, SIZE]
FOR_255, FOR_1 = 0.02, 3.0


def table(classes: int) -> Any:
    """Return a box and scores for each cell, with one object."""
    grid = cells((SIZE, SIZE), (8, 16, 32))
    centres = (grid[:, :2] + 0.5) * grid[:, 2:]
    boxes = np.concatenate([centres - 20, centres + 20], axis=1)[None].copy()
    scores = np.zeros((1, CELLS, classes))
    boxes[0, 7], scores[0, 7, 1] = (80, 80, 160, 200), 0.9
    return boxes.astype(np.float32), scores.astype(np.float32)


def write(path: Path, names: tuple[str, str], gain: float | None, **more: Any) -> Path:
    """Write two tensors in the order of the names, behind a first layer of a gain."""
    boxes, scores = table(3)
    arrays = [boxes, scores] if 'box' in names[0] or names[0] == '904' else [scores, boxes]
    inputs = {more.pop('image', 'images'): IMAGE}
    write_exported(path, dict(zip(names, arrays, strict=True)), inputs=inputs, **more)
    return path if gain is None else with_first_layer(path, gain)


def with_first_layer(path: Path, gain: float) -> Path:
    """Add a convolution of the image to a network, whose result nothing reads."""
    model = onnx.load(str(path))
    weights = np.random.default_rng(0).normal(size=(8, 3, 3, 3)).astype(np.float32)
    weights *= gain / np.sqrt((weights**2).sum(axis=(1, 2, 3), keepdims=True))
    model.graph.initializer.append(numpy_helper.from_array(weights, 'first/weights'))
    conv = helper.make_node('Conv', [model.graph.input[0].name, 'first/weights'], ['first'])
    model.graph.node.insert(0, conv)
    onnx.save(model, str(path))
    return path


@pytest.mark.parametrize(
    'names', [('pred_scores', 'pred_boxes'), ('pred_boxes', 'pred_scores'), ('scores', 'boxes')]
)
def test_what_nothing_tells_is_a_question(names: tuple[str, str], tmp_path: Path) -> None:
    path = write(tmp_path / 'net.onnx', names, None)
    with pytest.raises(OpenQuestionError, match=r'to fix: --scale 1/255 or --scale 1 \(') as asked:
        DetectNet(path)
    assert (asked.value.key, len(asked.value.candidates)) == ('scale', 2)
    for scale, resize in ((1 / 255, 'letterbox'), (1.0, 'stretch')):
        with DetectNet(path, scale=scale, threshold=0.5) as net:
            assert (net.card.input.scale, net.card.input.resize) == (scale, resize)
            (found,) = net.detect(np.zeros((SIZE, SIZE, 3), np.uint8))
        assert found.box_xyxy == pytest.approx((80, 80, 160, 200))


@pytest.mark.parametrize(('gain', 'scale'), [(FOR_255, 1.0), (FOR_1, 1 / 255)])
def test_the_first_layer_answers(gain: float, scale: float, tmp_path: Path) -> None:
    card = card_from_file(write(tmp_path / 'net.onnx', ('pred_scores', 'pred_boxes'), gain))
    assert card.input.scale == scale
    (decision,) = (one for one in card.decisions if one.key == 'scale')
    assert 'first layer for pixels of 0..' in decision.evidence


def test_a_whole_number_needs_no_answer(tmp_path: Path) -> None:
    path = write(tmp_path / 'net.onnx', ('scores', 'boxes'), None, input_type='uint8')
    assert card_from_file(path).input.scale == 1.0


@pytest.mark.parametrize(
    ('names', 'more', 'scale'),
    [
        (('904', '913'), {'image': 'input.1'}, 1 / 255),
        (('output', '952'), {}, 1.0),
    ],
)
def test_names_of_the_exporters_tell(
    names: tuple[str, str], more: dict[str, Any], scale: float, tmp_path: Path
) -> None:
    right, wrong = (FOR_1, FOR_255) if scale < 1 else (FOR_255, FOR_1)
    path = tmp_path / 'net.onnx'
    for gain in (None, right):
        assert card_from_file(write(path, names, gain, **more)).input.scale == scale
    with pytest.raises(OpenQuestionError, match='the weights of its first layer') as caught:
        card_from_file(write(path, names, wrong, **more))
    for typed in re.findall(r'--scale (\S+?)[, ]', str(caught.value)):
        number = 1 / 255 if typed == '1/255' else float(typed)
        assert card_from_file(path, None, Hints(scale=number)).input.scale == number


def test_a_classifier_of_raw_pixels_is_no_classifier_of_torchvision(tmp_path: Path) -> None:
    outputs = {'scores': np.eye(1, 5, dtype=np.float32)}
    path = write_exported(tmp_path / 'net.onnx', outputs, inputs={'data': IMAGE})
    assert card_from_file(with_first_layer(path, FOR_1)).input.scale == 1 / 255
    with pytest.raises(CardError, match='to fix: --scale 1 --mean 0 --std 1, or --scale 1/255'):
        card_from_file(with_first_layer(write_exported(path, outputs, inputs={'data': IMAGE}),
                                        FOR_255 / 4))  # fmt: skip


def test_inspect_writes_the_candidates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / 'net.onnx', ('pred_scores', 'pred_boxes'), None)
    card = tmp_path / 'card.yaml'
    assert main(['inspect', str(path), '--write', str(card)]) == 1
    assert 'choose its scale, then: rdl models add' in capsys.readouterr().out
    text = card.read_text()
    assert f'\n  scale:  # choose one: {1 / 255}, 1.0; the rest is that of {1 / 255}\n' in text
    assert yaml.safe_load(text)['input']['scale'] is None
    with pytest.raises(CardError, match='scale'):
        DetectNet(card)
    card.write_text(text.replace('scale:', 'scale: 1.0'))
    with DetectNet(card, threshold=0.5) as net:
        assert net.decoder == 'boxes_scores'
