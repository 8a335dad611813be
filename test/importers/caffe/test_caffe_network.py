# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the layers and inputs of a deployed network."""

from __future__ import annotations

import pytest

from ros_deep_learning.errors import ConversionError
from ros_deep_learning.importers.caffe import input_shapes
from ros_deep_learning.importers.caffe.caffe_network import read_network


@pytest.fixture
def read(tmp_path):
    def read_text(text):
        path = tmp_path / 'deploy.prototxt'
        path.write_text(text)
        return read_network(path)

    return read_text


INPUT = 'input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 9 '


@pytest.mark.parametrize(
    'text',
    [
        INPUT,
        'input: "data" input_shape { dim: 1 dim: 3 dim: 8 dim: 9 }',
        'layer { name: "d" type: "Input" top: "data"'
        ' input_param { shape { dim: [1, 3, 8, 9] } } }',
        'layer { name: "d" type: "DummyData" top: "data" dummy_data_param {'
        ' shape { dim: 1 dim: 3 dim: 8 dim: 9 } data_filler { type: "constant" } } }',
        'layer { name: "d" type: "DummyData" top: "data"'
        ' dummy_data_param { num: 1 channels: 3 height: 8 width: 9 } }',
        'layers { name: "d" type: DUMMY_DATA top: "data"'
        ' dummy_data_param { num: 1 channels: 3 height: 8 width: 9 } }',
    ],
)
def test_every_form_of_input_is_understood(text, read, tmp_path):
    network = read(text)
    assert network.inputs == {'data': (1, 3, 8, 9)}
    assert network.layers == ()
    assert input_shapes(tmp_path / 'deploy.prototxt') == network.inputs


def test_one_layer_gives_many_inputs(read):
    found = read(
        'layer { name: "d" type: "Input" top: "a" top: "b" input_param { '
        'shape { dim: 1 dim: 2 } shape { dim: 3 } } }'
        'layer { name: "e" type: "Input" top: "c" top: "d" input_param { shape { dim: 4 } } }'
    )
    assert found.inputs == {'a': (1, 2), 'b': (3,), 'c': (4,), 'd': (4,)}


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('input: "data"', '1 inputs with 0 shapes'),
        ('input: "data" input_dim: 1 input_dim: 3', '1 inputs with 0 shapes and 2 input_dim'),
        ('input: "data" input_dim: [1, 1, 1, 1, 1]', '1 inputs with 1 shapes and 5 input_dim'),
        ('input: "a" input: "a" input_dim: [1, 1, 1, 1, 1, 1, 1, 1]', 'its own name'),
        ('input_shape { dim: 1 }', '0 inputs with 1 shapes'),
        ('input: "" input_shape { dim: 1 }', "input '' has"),
        ('input: "data" input_shape { dim: 0 }', r'has the shape \(0,\): refused'),
        ('input: "data" input_shape { dim: -1 }', r'has the shape \(-1,\): refused'),
        ('input: "data" input_shape { }', r'has the shape \(\): refused'),
        ('layer { name: "d" type: "Input" top: "data" }', '1 tops with 0 shapes'),
        ('layer { name: "d" type: "Input" input_param { shape { dim: 1 } } }', '0 tops with'),
        (
            f'{INPUT} layer {{ name: "d" type: "Input" top: "data"'
            ' input_param { shape { dim: 1 } } }',
            'another input of this name',
        ),
        (
            'layer { name: "d" type: "Input" top: "a" top: "a" input_param { shape { dim: 1 } } }',
            'another input of this name',
        ),
        ('layer { name: "a" } layer { name: "a" }', "line 1: layer 'a' .* another layer of this"),
        (
            'layer { name: "a" include { phase: TEST } exclude { phase: TRAIN } }',
            'has both include and exclude',
        ),
    ],
)
def test_networks_that_caffe_does_not_take_are_refused(text, reason, read):
    with pytest.raises(ConversionError, match=reason):
        read(text)


@pytest.mark.parametrize(
    ('rules', 'is_there'),
    [
        ('', True),
        ('include { phase: TRAIN }', False),
        ('include { phase: TEST }', True),
        ('exclude { phase: TRAIN }', True),
        ('exclude { phase: TEST }', False),
        ('include { phase: TRAIN } include { phase: TEST }', True),
        ('include { phase: TEST stage: "val" }', False),
        ('include { phase: TEST not_stage: "val" }', True),
        ('include { stage: "deploy" }', True),
        ('exclude { stage: "deploy" }', False),
        ('include { stage: "deploy" stage: "val" }', False),
        ('include { not_stage: "deploy" }', False),
        ('include { min_level: 1 }', False),
        ('include { max_level: 0 }', True),
        ('include { max_level: -1 }', False),
        ('exclude { min_level: 0 }', False),
        ('include { }', True),
    ],
)
@pytest.mark.parametrize('form', ['layer', 'layers'])
def test_only_deployed_layers_are_there(rules, is_there, form, read):
    kind = '"ReLU"' if form == 'layer' else 'RELU'
    found = read(f'{form} {{ name: "a" type: {kind} bottom: "x" top: "y" {rules} }}')
    assert [layer.kind for layer in found.layers] == ['ReLU'] * is_there


def test_the_state_of_a_file_counts(read):
    text = 'state { level: 2 stage: "x" } layer { name: "a" include { min_level: 2 stage: "x" } }'
    assert len(read(text).layers) == 1


def test_the_train_val_of_detectnet_becomes_its_deployed_form(read):
    """As in detectnet_network.prototxt of NVIDIA/caffe, with separate data for every phase."""
    found = read("""
        layer { name: "train_data" type: "Data" top: "data" include: { phase: TRAIN } }
        layer { name: "val_data" type: "Data" top: "data" include: { phase: TEST stage: "val" } }
        layer { name: "deploy_data" type: "Input" top: "data"
                input_param { shape { dim: 1 dim: 3 dim: 640 dim: 640 } }
                include: { phase: TEST not_stage: "val" } }
        layer { name: "val_transform" type: "DetectNetTransformation" bottom: "data"
                bottom: "label" top: "transformed_data" transform_param { mean_value: 127 }
                include: { phase: TEST stage: "val" } }
        layer { name: "deploy_transform" type: "Power" bottom: "data" top: "transformed_data"
                power_param { shift: -127 } include: { phase: TEST not_stage: "val" } }
        """)
    assert found.inputs == {'data': (1, 3, 640, 640)}
    assert [layer.name for layer in found.layers] == ['deploy_transform']
    assert found.layers[0].message.power_param.shift == -127
