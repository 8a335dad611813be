# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests that a wrong number of labels is refused for networks that finish their boxes."""

from __future__ import annotations

import lzma
from pathlib import Path

import onnx
import pytest
from onnx import parser

from ros_deep_learning import DetectNet
from ros_deep_learning.cards.card import load_card
from ros_deep_learning.cards.card_text import card_text
from ros_deep_learning.errors import CardError
from ros_deep_learning.recognition.custom import card_from_file
from ros_deep_learning.recognition.hints import Hints

REFERENCES = Path(__file__).parent.parent / 'references'
DEIM = """<ir_version: 8, opset_import: ["" : 17]>
net (float[1,3,64,64] images, int64[1,2] orig_target_sizes)
    => (int64[1,9] labels, float[1,9,4] boxes, float[1,9] scores)
<float[1,300,7] table, float[1,9,4] places> {
    all = Constant<value = int64[2] {1, 2100}>()
    flat = Reshape(table, all)
    k = Constant<value = int64[1] {9}>()
    scores, index = TopK(flat, k)
    seven = Constant<value = int64 {7}>()
    labels = Mod(index, seven)
    boxes = Identity(places)
}"""


def write_deim(folder: Path) -> Path:
    """Write a network with the end of DEIM, of 7 classes, which finds nothing."""
    model = parser.parse_model(DEIM)
    for name, dims in (('table', (1, 300, 7)), ('places', (1, 9, 4))):
        size = dims[0] * dims[1] * dims[2]
        tensor = onnx.helper.make_tensor(name, onnx.TensorProto.FLOAT, dims, [0.0] * size)
        model.graph.initializer.append(tensor)
    path = folder / 'net.onnx'
    onnx.save(model, str(path))
    return path


def write_labels(folder: Path, count: int) -> Path:
    """Write a file of so many labels."""
    path = folder / f'{count}.txt'
    path.write_text('\n'.join(f'name {k}' for k in range(count)))
    return path


def reference(name: str, folder: Path) -> Path:
    """Unpack a network of a framework into a folder."""
    path = folder / f'{name}.onnx'
    path.write_bytes(lzma.decompress((REFERENCES / f'{name}.onnx.xz').read_bytes()))
    return path


def test_labels_are_counted_before_the_first_frame(tmp_path: Path) -> None:
    path = write_deim(tmp_path)
    with pytest.raises(CardError, match='has 3 labels, but the network has 7 classes'):
        DetectNet(path, labels=write_labels(tmp_path, 3))
    with DetectNet(path, labels=write_labels(tmp_path, 7)) as net:
        assert net.labels[6] == 'name 6'
    with DetectNet(path) as net:
        assert net.labels == tuple('0123456')


def test_a_card_keeps_the_number_of_classes(tmp_path: Path) -> None:
    card = card_from_file(write_deim(tmp_path))
    assert 'classes 7 (what the graph chooses the class from)' in map(str, card.decisions)
    written = tmp_path / 'card.yaml'
    written.write_text(card_text(card))
    assert load_card(written).classes == 7
    with pytest.raises(CardError, match='has 8 labels, but the network has 7 classes'):
        DetectNet(load_card(written), labels=write_labels(tmp_path, 8))


def test_a_card_that_contradicts_the_outputs_is_refused(tmp_path: Path) -> None:
    text = 'source: {file: X}\nname: n\ntask: detection\nlicence: MIT\nclasses: 4\n'
    path = Path(__file__).parent.parent / 'cases' / 'yolov8_1class_nometa.onnx'
    written = tmp_path / 'card.yaml'
    written.write_text(text.replace('X', str(path)) + 'input: {width: 640, height: 640}\n')
    with pytest.raises(CardError, match='classes: the card has 4, but the network 1'):
        DetectNet(written)


def test_labels_that_nothing_confirms_are_a_guess(tmp_path: Path) -> None:
    path = Path(__file__).parent.parent / 'cases' / 'mmdeploy.onnx'
    card = card_from_file(path, None, Hints(labels=write_labels(tmp_path, 3)))
    (decided,) = (one for one in card.decisions if one.key == 'classes')
    assert decided.guess
    assert str(decided).startswith('classes 3 (a guess: the labels; nothing in the network tells')
    card = card_from_file(write_deim(tmp_path), None, Hints(labels=write_labels(tmp_path, 7)))
    assert not [one for one in card.decisions if one.key == 'classes' and one.guess]


@pytest.mark.parametrize(
    ('case', 'told'), [('efficientdet_tf2onnx', True), ('efficientdet_automl', True),
                       ('efficientdet_lite_tflite', False)],
)  # fmt: skip
def test_numbers_that_begin_at_1_in_the_network_are_a_guess(
    case: str, told: bool, tmp_path: Path
) -> None:
    path = Path(__file__).parent.parent / 'cases' / f'{case}.onnx'
    card = card_from_file(path)
    guessed = [str(one) for one in card.decisions if one.key == 'labels']
    assert bool(guessed) == told
    if told:
        with DetectNet(card) as net:
            assert any('class 0 is number 1 of its label map' in one for one in net.guesses)
        # The card has no key for it.
        assert f'\n# {guessed[0]}\n' in card_text(card)
    labelled = card_from_file(path, None, Hints(labels=write_labels(tmp_path, 3)))
    assert not [one for one in labelled.decisions if one.key == 'labels']
    (counted,) = (str(one) for one in labelled.decisions if one.key == 'classes')
    assert '(a guess: the labels; nothing in the network tells' in counted
    assert f'\n# {counted}\n' in card_text(labelled)


@pytest.mark.parametrize('name', ['faster_rcnn', 'fcos', 'retinanet', 'ssdlite'])
def test_torchvisions_classes_are_counted(name: str, tmp_path: Path) -> None:
    path = reference(f'torchvision_{name}', tmp_path)
    labels = Hints(labels=write_labels(tmp_path, 4))
    assert card_from_file(path, None, labels).classes == 5
    told = 'has 7 labels, but the network has 5 classes, of which class 0 is the background'
    with pytest.raises(CardError, match=told):
        DetectNet(path, labels=write_labels(tmp_path, 7))


def test_as_many_labels_as_classes_leave_no_room_for_a_background(tmp_path: Path) -> None:
    path = reference('torchvision_fcos', tmp_path)
    with pytest.raises(CardError, match='a box has class 0, the background'):
        DetectNet(path, labels=write_labels(tmp_path, 4))
    with DetectNet(path, labels=write_labels(tmp_path, 5)) as net:
        assert net.labels[:2] == ('name 0', 'name 1')
        assert "class 0 is the background, which the labels call 'name 0'" in net.warnings[0]
