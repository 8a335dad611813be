# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of whether card, labels and network fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ros_deep_learning.cards.card import InputSpec
from ros_deep_learning.cards.labels import load_labels
from ros_deep_learning.cards.zoo import zoo_folder
from ros_deep_learning.engines.base import TensorSpec
from ros_deep_learning.errors import CardError
from ros_deep_learning.networks.fit import (
    check_input,
    match_labels,
    output_shapes,
    read_labels,
)
from ros_deep_learning.networks.side_inputs import fill_side_inputs, side_inputs

FLOAT = np.dtype('float32')


@pytest.mark.parametrize('name', ['image', None])
@pytest.mark.parametrize('shape', [(1, 3, 20, 40), (-1, 3, -1, -1), (-1, -1, -1, -1)])
def test_input_that_fits(card, info, name, shape):
    card = replace(card, input=InputSpec(40, 20, name=name))
    info = replace(info, inputs=(TensorSpec('image', shape, FLOAT),))
    assert check_input(card, info) == 'image'


@pytest.mark.parametrize(
    ('shape', 'changes'),
    [
        ((4, 3, 20, 40), {}),
        ((3, 20, 40), {}),
        ((1, 1, 20, 40), {'channels': 'grey'}),
        ((-1, 20, 40, 1), {'channels': 'grey', 'layout': 'nhwc'}),
    ],
)
def test_inputs_of_a_batch_of_one_image_and_of_grey_ones_fit(card, info, shape, changes):
    card = replace(card, input=replace(InputSpec(40, 20), **changes))
    info = replace(info, inputs=(TensorSpec('i', shape, FLOAT),))
    assert check_input(card, info) == 'i'


@pytest.mark.parametrize(
    ('name', 'shape', 'dtype', 'value'),
    [
        ('scale_factor', (1, 2), 'float32', [[1, 1]]),
        ('im_shape', (1, 2), 'float32', [[2, 4]]),
        ('pixel_mask', (1, -1, -1), 'int64', [[[1] * 4] * 2]),
        ('pixel_mask', (1, 1, 3), 'int64', [[[1, 1, 1]]]),
    ],
)
def test_known_inputs_beside_the_image_are_filled(info, name, shape, dtype, value):
    tensor = TensorSpec(name, shape, np.dtype(dtype))
    both = replace(info, inputs=(*info.inputs, tensor))
    filled = fill_side_inputs(side_inputs(both), (4, 2), 1)
    assert (filled[name].dtype, filled[name].tolist()) == (tensor.dtype, value)


def test_nhwc_uint8_input_that_fits(card, info):
    card = replace(card, input=InputSpec(40, 20, layout='nhwc', dtype='uint8'))
    info = replace(info, inputs=(TensorSpec('i', (1, 20, 40, 3), np.dtype('uint8')),))
    assert check_input(card, info) == 'i'


@pytest.mark.parametrize(
    ('shape', 'dtype', 'given'),
    [
        ((1, 3, 40, 20), 'float32', 'float32 1x3x40x20'),
        ((1, 20, 40, 3), 'float32', 'float32 1x20x40x3'),
        ((1, 1, 20, 40), 'float32', 'float32 1x1x20x40'),
        ((20, 40), 'float32', 'float32 20x40'),
        ((1, 3, 20, 40), 'uint8', 'uint8 1x3x20x40'),
        ((1, 3, 20, 40), 'float16', 'float16 1x3x20x40; to fix: dtype float16 in the card'),
    ],
)
def test_input_of_another_form(card, info, shape, dtype, given):
    info = replace(info, inputs=(TensorSpec('image', shape, np.dtype(dtype)),))
    message = f"^net: input: the card gives float32 1x3x20x40, .* 'image' as {given}$"
    with pytest.raises(CardError, match=message):
        check_input(card, info)


@pytest.mark.parametrize(
    ('wanted', 'names'), [('other', ['image']), (None, []), (None, ['a', 'b']), ('a', ['a', 'b'])]
)
def test_input_names(card, info, wanted, names):
    card = replace(card, input=InputSpec(40, 20, name=wanted))
    info = replace(info, inputs=tuple(TensorSpec(n, (1, 3, 20, 40), FLOAT) for n in names))
    with pytest.raises(CardError, match=rf'^net: input\.name: .*\[{", ".join(names)}\]'):
        check_input(card, info)


@pytest.mark.parametrize('name', ['image', None])
def test_sizes_may_be_asked_for_too(card, info, name):
    assert side_inputs(info) == {}
    sizes = TensorSpec('orig_target_sizes', (-1, 2), np.dtype('int64'))
    for inputs in ((*info.inputs, sizes), (sizes, *info.inputs)):
        both = replace(info, inputs=inputs)
        assert check_input(replace(card, input=InputSpec(40, 20, name=name)), both) == 'image'
        assert side_inputs(both) == {'orig_target_sizes': sizes}
    filled = fill_side_inputs(side_inputs(both), (40, 20), 2)
    assert filled['orig_target_sizes'].tolist() == [[40, 20], [40, 20]]


@pytest.mark.parametrize(
    'other',
    [
        TensorSpec('orig_target_sizes', (-1, 2), FLOAT),
        TensorSpec('orig_target_sizes', (-1, 4), np.dtype('int64')),
        TensorSpec('orig_target_sizes', (2,), np.dtype('int64')),
        TensorSpec('im_shape', (-1, 2), np.dtype('int64')),
    ],
)
def test_other_inputs_are_refused(card, info, other):
    both = replace(info, inputs=(*info.inputs, other))
    assert side_inputs(both) == {}
    with pytest.raises(CardError, match=rf'^net: input\.name: .*\[image, {other.name}\]'):
        check_input(card, both)


def test_output_shapes_have_no_batch_axis(card, info):
    assert output_shapes(card, info) == {'boxes': (2, 4), 'scores': (2, 3)}
    assert output_shapes(replace(card, outputs={}), info) == {}


def test_missing_output(card, info):
    card = replace(card, outputs={'boxes': 'out/boxes', 'scores': 'scores'})
    message = r"^net: outputs\.scores: .* no output 'scores'; it has \[out/boxes, out/scores\]"
    with pytest.raises(CardError, match=message):
        output_shapes(card, info)


def test_scalar_output(card, info):
    info = replace(info, outputs=(TensorSpec('out/boxes', (), FLOAT), info.outputs[1]))
    with pytest.raises(CardError, match=r"^net: outputs\.boxes: 'out/boxes' has no batch axis"):
        output_shapes(card, info)


def test_labels(card, tmp_path):
    path = tmp_path / 'labels.txt'
    path.write_text('cat\ndog\n', encoding='utf-8')
    assert read_labels(card) is None
    assert read_labels(replace(card, labels=path)) == ('cat', 'dog')


@pytest.mark.parametrize(
    ('labels', 'count', 'matched'),
    [
        (None, 0, ()),
        (None, 3, ('0', '1', '2')),
        (('cat', 'dog'), 2, ('cat', 'dog')),
        (('cat', 'dog'), None, ('cat', 'dog')),
    ],
)
def test_labels_that_match(card, labels, count, matched):
    assert match_labels(card, labels, count) == matched


def test_labels_of_the_networks_own(card):
    said = {'names': "{0: 'cat', 1: 'dog'}"}
    assert match_labels(card, None, 2, said) == ('cat', 'dog')
    assert match_labels(card, None, None, said) == ('cat', 'dog')
    assert match_labels(card, ('a', 'b'), 2, said) == ('a', 'b')
    assert match_labels(card, None, 2, {'names': 'nonsense'}) == ('0', '1')
    with pytest.raises(CardError, match=r"^net: labels: the network's metadata has 2 labels"):
        match_labels(card, None, 3, said)


def test_a_label_for_the_background_that_is_left_out(card):
    assert match_labels(card, ('unlabeled', 'cat', 'dog'), 2) == ('cat', 'dog')
    assert match_labels(card, ('BACKGROUND', 'cat', 'dog'), 3) == ('BACKGROUND', 'cat', 'dog')
    with pytest.raises(CardError, match='3 labels'):
        match_labels(card, ('horse', 'cat', 'dog'), 2)


def test_a_background_that_the_network_never_finds_is_left_out(card):
    # TensorFlow's label maps have it as number 0, which is no class of the network's.
    for first in ('background', '???'):
        labels = (first, 'cat', 'dog')
        assert match_labels(card, labels, None, by_coco=True) == ('cat', 'dog')
        assert match_labels(card, labels, 2, by_coco=True) == ('cat', 'dog')
        assert match_labels(card, labels, None, background=True, by_coco=True) == labels
        assert match_labels(card, labels, None) == labels
    with pytest.raises(CardError, match='3 labels, but the network has 2 classes, of which'):
        match_labels(card, ('background', 'cat', 'dog'), 2, background=True)


def test_labels_in_the_metadata_are_completed_as_those_of_a_file(card):
    said = {'names': "['cat', 'dog']"}
    named = ('background', 'cat', 'dog')
    assert match_labels(card, None, 3, said, background=True) == named
    said = {'names': repr(load_labels(zoo_folder() / 'labels' / 'coco80.txt'))}
    assert match_labels(card, None, None, said, by_coco=True)[89] == 'toothbrush'


def test_a_background_that_stands_last_is_refused(card):
    # Every class would have the name of the one before it.
    for count in (None, 2, 3):
        with pytest.raises(CardError, match=r"'BACKGROUND' last, .* move that line to the top"):
            match_labels(card, ('cat', 'dog', 'BACKGROUND'), count, background=True)
    metadata = {'names': "{0: 'cat', 1: 'dog', 2: 'background'}"}
    with pytest.raises(CardError, match=r"metadata has 'background' last, .* it first"):
        match_labels(card, None, 3, metadata, background=True)
    assert match_labels(card, ('cat', 'BACKGROUND'), 2) == ('cat', 'BACKGROUND')


def test_labels_that_do_not_match(card):
    with pytest.raises(CardError, match=r'^net: labels: .* 2 labels, .* 3 classes$'):
        match_labels(card, ('cat', 'dog'), 3)
    with pytest.raises(CardError, match=r'^net: labels: missing'):
        match_labels(card, None, None)
