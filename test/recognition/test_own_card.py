# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the card that a network file brings along: beside it, or in its metadata."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from ros_deep_learning.cards.card import InputSpec, ModelCard
from ros_deep_learning.cards.card_text import card_text
from ros_deep_learning.cards.embedded_card import CARD_KEY, card_metadata
from ros_deep_learning.cards.source import SourceSpec
from ros_deep_learning.errors import CardError
from ros_deep_learning.recognition.choice import choose_card
from ros_deep_learning.recognition.hints import Hints


def network(path: Path, metadata: dict[str, str]) -> Path:
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (('images', [1, 3, 8, 8]), ('prob', [1, 3, 8, 8]))
    ]
    node = helper.make_node('Identity', ['images'], ['prob'])
    model = helper.make_model(helper.make_graph([node], 'net', values[:1], values[1:]))
    helper.set_model_props(model, metadata)
    onnx.save(model, str(path))
    return path


@pytest.fixture
def card(tmp_path: Path) -> ModelCard:
    return ModelCard(
        name='origin',
        task='segmentation',
        source=SourceSpec(file=tmp_path / 'net.onnx'),
        format='onnx',
        input=InputSpec(8, 8, resize='letterbox', pad_value=9, mean=(1.0, 2.0, 3.0)),
        licence='MIT',
        folder=tmp_path,
        outputs={'probabilities': 'prob'},
    )


def test_a_file_with_its_card_inside(tmp_path: Path, card: ModelCard) -> None:
    path = network(tmp_path / 'net.onnx', card_metadata(card, ('a', 'b', "c's")))
    found = choose_card(path)
    assert found == replace(card, name='net')
    assert '"c\'s"' in {p.key: p.value for p in onnx.load(path).metadata_props}['names']
    labels = tmp_path / 'other.txt'
    labels.write_text('x\ny\nz\n')
    assert choose_card(path, None, Hints(labels=labels)).labels == labels


@pytest.mark.parametrize('place', ['net.yaml', '../cards/net.yaml'])
def test_a_card_beside_comes_before_the_one_inside(
    tmp_path: Path, card: ModelCard, place: str
) -> None:
    (tmp_path / 'weights').mkdir()
    (tmp_path / 'cards').mkdir()
    path = network(tmp_path / 'weights' / 'net.onnx', card_metadata(card, None))
    edited = replace(card, name='edited', source=SourceSpec(file=path))
    (path.parent / place).write_text(card_text(edited))
    assert choose_card(path).name == 'edited'


@pytest.mark.parametrize(
    'text', ['nc: 80\nbackbone: [1]\n', 'names: [a, b', 'name: x\ntask: detect\n']
)
def test_yaml_files_of_others_are_left_alone(tmp_path: Path, card: ModelCard, text: str) -> None:
    path = network(tmp_path / 'net.onnx', card_metadata(card, None))
    path.with_suffix('.yaml').write_text(text)
    assert choose_card(path).input == card.input


def test_the_card_of_another_file_is_left_alone(tmp_path: Path, card: ModelCard) -> None:
    path = network(tmp_path / 'net.onnx', card_metadata(card, None))
    other = network(tmp_path / 'other.onnx', {})
    path.with_suffix('.yaml').write_text(
        card_text(replace(card, name='other', source=SourceSpec(file=other)))
    )
    assert choose_card(path).name == 'net'


def test_a_malformed_card_inside_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = network(tmp_path / 'net.onnx', {CARD_KEY: 'name: x\ntask: dance\n'})
    with pytest.raises(CardError, match=r"net\.onnx: task: .*'dance'"):
        choose_card(path)
