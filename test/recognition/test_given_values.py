# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what users give about a network's input, as text or as values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.cli.vision_arguments import chosen_card, vision_parser
from ros_deep_learning.errors import CardError, SettingsError
from ros_deep_learning.networks import ImageNet
from ros_deep_learning.nodes.parameters.imagenet_settings import ImageNetSettings
from ros_deep_learning.nodes.parameters.model_choice import CardChanges
from ros_deep_learning.nodes.parameters.model_choice import chosen_card as card_of_node
from ros_deep_learning.recognition.given_values import read_given


@pytest.mark.parametrize(
    ('values', 'given'),
    [
        ({}, {}),
        ({'decoder': '', 'resize': '', 'mean': '', 'input_size': ''}, {}),
        ({'decoder': 'yolox', 'resize': 'crop'}, {'decoder': 'yolox', 'resize': 'crop'}),
        ({'scale': '1/255', 'mean': '127'}, {'scale': 1 / 255, 'mean': (127.0,) * 3}),
        ({'scale': 0.5, 'std': (1, 2, 3)}, {'scale': 0.5, 'std': (1.0, 2.0, 3.0)}),
        ({'mean': '[0.1, 0.2,0.3]'}, {'mean': (0.1, 0.2, 0.3)}),
        ({'mean': 0}, {'mean': (0.0,) * 3}),
        ({'input_size': '640x480'}, {'size_wh': (640, 480)}),
        ({'input_size': (640, 480)}, {'size_wh': (640, 480)}),
    ],
)
def test_what_is_given(values: dict[str, Any], given: dict[str, Any]) -> None:
    assert read_given(**values) == given


@pytest.mark.parametrize(
    ('values', 'words'),
    [
        ({'resize': 'squash'}, "resize: expected one of stretch, letterbox, crop, got 'squash'"),
        ({'scale': '0'}, 'scale: expected a number such as 1/255, above 0'),
        ({'scale': '1/0'}, 'scale: expected'),
        ({'mean': '1,2'}, 'mean: expected a number or three, joined by commas'),
        ({'mean': 'nan'}, 'mean: expected'),
        ({'std': '1,0,1'}, 'std: expected .* above 0'),
        ({'input_size': '640'}, 'input_size: expected a size such as 640x480'),
        ({'input_size': '0x5'}, 'input_size: expected'),
    ],
)
def test_what_is_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        read_given(**values)


def test_programs_and_nodes_and_the_library_take_the_same(coffee: Any) -> None:
    options = ['--network=efficientnet-lite0', '--mean=1,2,3', '--std=4', '--scale=1/2']
    options += ['--resize=stretch', '--channels=bgr']
    arguments = vision_parser('imagenet', '', '').parse_args(['x.jpg', *options])
    by_program = chosen_card(arguments, 'classification').input
    settings = ImageNetSettings(mean='1,2,3', std='4', scale=0.5, resize='stretch', channels='bgr')
    changes = CardChanges(task='classification')
    assert card_of_node(settings, 'efficientnet-lite0', changes).input == by_program
    assert (by_program.mean, by_program.std, by_program.scale) == ((1, 2, 3), (4, 4, 4), 0.5)
    assert (by_program.resize, by_program.channels) == ('stretch', 'bgr')
    with ImageNet(
        find_card('efficientnet-lite0'),
        mean=(1, 2, 3),
        std=4,
        scale=0.5,
        resize='stretch',
        channels='bgr',
    ) as network:
        assert network.card.input == by_program
        assert network.classify(coffee, top_k=1)[0].label != 'espresso'


def test_a_size_that_the_network_does_not_have_is_refused() -> None:
    with pytest.raises(CardError, match='the card gives float32 1x3x100x200, but the network'):
        ImageNet('efficientnet-lite0', input_size=(200, 100))


def test_parameters_are_named_in_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match='parameter mean: expected a number or three'):
        ImageNetSettings(mean='a')
