# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests that cards written as YAML are the same when loaded again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ros_deep_learning.cards.card import InputSpec, ModelCard, load_card
from ros_deep_learning.cards.card_text import card_text
from ros_deep_learning.cards.source import SourceSpec
from ros_deep_learning.cards.zoo import list_cards


@pytest.mark.parametrize('card', list_cards(), ids=lambda card: card.name)
def test_every_card_survives(tmp_path: Path, card: ModelCard) -> None:
    path = tmp_path / 'card.yaml'
    path.write_text(card_text(card), encoding='utf-8')
    assert load_card(path) == replace(card, folder=tmp_path)


def test_every_field_survives(tmp_path: Path) -> None:
    for name in ('net.caffemodel', 'deploy.prototxt', 'labels.txt', 'colors.txt'):
        (tmp_path / name).write_bytes(b'x')
    card = ModelCard(
        name='odd',
        task='segmentation',
        source=SourceSpec(
            file=tmp_path / 'net.caffemodel',
            prototxt=tmp_path / 'deploy.prototxt',
            sha256='0' * 64,
            size_bytes=1,
            credit='Émile: "he said"',
        ),
        format='caffe',
        input=InputSpec(
            7, 5, name='0', layout='nhwc', channels='bgr', resize='letterbox',
            crop_fraction=0.5, interpolation='area', pad_value=(9, 0, 255), scale=1 / 3,
            mean=(0.1, 1e-9, 3.0), std=(1.0, 2.0, 1e9), dtype='uint8',
        ),
        licence='yes',
        folder=tmp_path,
        aliases=('1.0', 'null'),
        description='a # b: c',
        outputs={'logits': '537'},
        labels=tmp_path / 'labels.txt',
        colors=tmp_path / 'colors.txt',
        accuracy='~',
        checked='card only',
        family='no',
        notes='line\nline',
    )  # fmt: skip
    path = tmp_path / 'card.yaml'
    for folder in (None, tmp_path):
        path.write_text(card_text(card, folder), encoding='utf-8')
        assert load_card(path) == card
    assert str(tmp_path) not in path.read_text()
