# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the input shapes that engines are built for."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from ros_deep_learning.cards.card import InputSpec
from ros_deep_learning.engines.base import TensorSpec
from ros_deep_learning.engines.tensorrt.profile import InputRange, input_ranges
from ros_deep_learning.errors import BuildError


def tensor(*shape, name='x'):
    return TensorSpec(name, shape, np.dtype(np.float32))


CARD = InputSpec(width=320, height=240)


def test_no_inputs_have_no_ranges():
    assert input_ranges([], CARD) == ()


def test_a_fixed_network_has_one_shape():
    (item,) = input_ranges([tensor(1, 3, 240, 320)], CARD)
    assert item == InputRange('x', (1, 3, 240, 320), (1, 3, 240, 320), (1, 3, 240, 320))


def test_an_open_batch_goes_up_to_the_wanted_one():
    (item,) = input_ranges([tensor(-1, 3, 240, 320)], CARD, max_batch=4)
    assert item == InputRange('x', (1, 3, 240, 320), (4, 3, 240, 320), (4, 3, 240, 320))


def test_open_sides_are_the_cards():
    (item,) = input_ranges([tensor(-1, -1, -1, -1)], CARD)
    assert item.smallest == item.largest == (1, 3, 240, 320)
    nhwc = InputSpec(width=320, height=240, layout='nhwc')
    (item,) = input_ranges([tensor(1, -1, -1, 3)], nhwc)
    assert item.best == (1, 240, 320, 3)


def test_a_grey_input_has_one_channel():
    grey = InputSpec(width=320, height=240, channels='grey')
    (item,) = input_ranges([tensor(-1, 1, -1, -1)], grey, max_batch=2)
    assert (item.smallest, item.largest) == ((1, 1, 240, 320), (2, 1, 240, 320))


def test_card_and_network_must_agree():
    with pytest.raises(BuildError, match='the card has 320x240 in nchw'):
        input_ranges([tensor(1, 3, 224, 224)], CARD)
    with pytest.raises(BuildError, match='in nchw'):
        input_ranges([tensor(1, 240, 320, 3)], CARD)


def test_a_fixed_batch_takes_no_other():
    with pytest.raises(BuildError, match='fixed batch, and max_batch is 4'):
        input_ranges([tensor(1, 3, 240, 320)], CARD, max_batch=4)


def test_without_a_card_only_the_batch_may_be_open():
    (item,) = input_ranges([tensor(-1, 7)], None, max_batch=3)
    assert item.largest == (3, 7)
    with pytest.raises(BuildError, match='its size is open; to fix: give'):
        input_ranges([tensor(1, 3, -1, -1)], None)


def test_other_inputs_than_the_cards_are_taken_as_they_are():
    card = InputSpec(width=320, height=240, name='x')
    ranges = input_ranges([tensor(1, 3, 240, 320), tensor(1, 2, name='size')], card)
    assert [r.name for r in ranges] == ['x', 'size']
    assert ranges[1].largest == (1, 2)


def test_a_scalar_input_has_its_shape():
    (item,) = input_ranges([tensor()], None)
    assert item == InputRange('x', (), (), ())


def test_a_range_survives_json():
    (item,) = input_ranges([tensor(-1, 7)], None, max_batch=3)
    assert InputRange.from_json(json.loads(json.dumps(asdict(item)))) == item
