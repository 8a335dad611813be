# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of finding the card of a network."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from ros_deep_learning.downloads.store import ModelStore
from ros_deep_learning.errors import CardError, ModelNotFoundError
from ros_deep_learning.recognition.find import find_network


def test_a_card_is_taken_as_it_is(card):
    assert find_network(card, 'detection') is card


def test_networks_are_found_by_name_and_by_path():
    by_name = find_network('SSD-Mobilenet-v2', 'detection')
    assert by_name.name == 'ssd-mobilenet-v2'
    assert find_network(by_name.folder / 'ssd-mobilenet-v2.yaml', 'detection') == by_name


def test_a_labels_file_in_place_of_the_cards(card, tmp_path):
    labels = tmp_path / 'labels.txt'
    for given in (labels, str(labels)):
        assert find_network(card, 'detection', given) == replace(card, labels=labels)


def test_no_such_network(tmp_path):
    for model in ('no-such-network', tmp_path / 'none.yaml'):
        with pytest.raises(ModelNotFoundError):
            find_network(model, 'detection')


def test_the_guides_card_of_an_engine_is_found(tmp_path):
    guide = Path(__file__).parents[2] / 'docs' / 'engines.md'
    (example,) = re.findall('^```yaml\n(.*?)^```$', guide.read_text(), re.DOTALL | re.MULTILINE)
    path, engine = tmp_path / 'mine.yaml', tmp_path / 'mine.engine'
    path.write_text(example)
    engine.write_bytes(b'plan')
    card = find_network(path, 'classification')
    assert dict(card.outputs) == {'logits': 'output_0'}
    assert ModelStore(tmp_path, offline=True).onnx_path(card) == engine


def test_networks_of_another_task(card):
    with pytest.raises(CardError, match=r'^net is made for classification, not for detection$'):
        find_network(replace(card, task='classification'), 'detection')
