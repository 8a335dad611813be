# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the choice of a card by name, card or network file, with hints."""

from __future__ import annotations

from pathlib import Path

import pytest
import zoo_stand_ins as stand_ins

from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.errors import CardError, ModelNotFoundError
from ros_deep_learning.networks import SegNet
from ros_deep_learning.recognition.choice import choose_card
from ros_deep_learning.recognition.hints import Hints


@pytest.fixture
def fcn(tmp_path: Path) -> Path:
    path = tmp_path / 'fcn.onnx'
    path.write_bytes(stand_ins.fcn_resnet18((96, 64), 3))
    return path


def test_a_name_without_hints_is_its_card() -> None:
    assert choose_card('SSD-Mobilenet-v2', 'detection') == find_card('ssd-mobilenet-v2')


def test_a_card_by_its_path() -> None:
    card = find_card('selfie')
    assert choose_card(card.folder / 'selfie.yaml', 'segmentation') == card


def test_hints_win_over_the_card(tmp_path: Path) -> None:
    hints = Hints(
        labels=tmp_path / 'l.txt',
        colors=tmp_path / 'c.txt',
        input_name='in',
        outputs={'coverage': 'cvg', 'boxes': ''},
        mean_pixel=51.0,
        decoder='pytorch_ssd',
    )
    card = choose_card('ssd-mobilenet-v2', 'detection', hints)
    assert (card.labels, card.colors) == (tmp_path / 'l.txt', tmp_path / 'c.txt')
    assert card.input.name == 'in'
    # The card's scale, 1 / 127.5, comes first.
    assert card.input.mean == pytest.approx((0.4, 0.4, 0.4))
    # jetson-inference calls the scores coverage; an empty name keeps the card's.
    assert dict(card.outputs) == {'scores': 'cvg', 'boxes': 'boxes'}
    assert card.decoder == 'pytorch_ssd'


def test_scores_mean_the_only_output() -> None:
    card = choose_card('selfie', 'segmentation', Hints(outputs={'scores': 'out'}))
    assert dict(card.outputs) == {'mask': 'out'}
    with pytest.raises(CardError, match=r'which output of ssd-mobilenet-v2 .* stays open'):
        choose_card('ssd-mobilenet-v2', 'detection', Hints(outputs={'scores': 'out'}))
    with pytest.raises(CardError, match=r'which output of selfie .* stays open'):
        choose_card('selfie', 'segmentation', Hints(outputs={'boxes': 'out'}))


def test_a_networks_own_file(fcn: Path) -> None:
    card = choose_card(str(fcn), 'segmentation', Hints(labels=Path('labels.txt')))
    assert (card.name, card.source.file) == ('fcn', fcn)
    assert card.labels == Path.cwd() / 'labels.txt'


def test_the_library_takes_a_file(fcn: Path) -> None:
    for model in (fcn, str(fcn)):
        with SegNet(model) as net:
            assert net.labels == ('0', '1', '2')
            assert net.grid_size_wh == (3, 2)


def test_many_classes_on_a_small_grid_without_labels(tmp_path: Path) -> None:
    path = tmp_path / 'fcn21.onnx'
    path.write_bytes(stand_ins.fcn_resnet18((512, 256), 21))
    with SegNet(path) as net:
        assert len(net.labels) == 21
        assert net.grid_size_wh == (16, 8)


def test_mistakes_are_told(fcn: Path) -> None:
    with pytest.raises(ModelNotFoundError):
        choose_card('googelnet', 'classification')
    with pytest.raises(CardError, match=r'p\.txt belongs to a caffemodel, but googlenet names'):
        choose_card('googlenet', 'classification', Hints(prototxt=Path('p.txt')))
    with pytest.raises(CardError, match='there is no network file'):
        choose_card(fcn.with_name('none.onnx'), 'segmentation')
    other = fcn.with_name('net.tflite')
    other.write_bytes(bytes(8))
    for model in (other, str(other)):
        with pytest.raises(
            CardError, match=r'net\.tflite is not a network file: expected \.onnx.*\.yaml'
        ):
            choose_card(model, 'segmentation')
    with pytest.raises(CardError, match="has no output 'x'"):
        choose_card(fcn, 'segmentation', Hints(outputs={'scores': 'x'}))
