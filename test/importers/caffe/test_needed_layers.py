# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the names of states, and of the layers that outputs need."""

from __future__ import annotations

import pytest

from ros_deep_learning.errors import ConversionError
from ros_deep_learning.importers.caffe.caffe_network import read_network
from ros_deep_learning.importers.caffe.needed_layers import needed_layers

INPUT = 'input: "data" input_shape { dim: 1 }\n'


@pytest.fixture
def plan(tmp_path):
    def plan_text(layers, outputs=None):
        lines = []
        for name, bottoms, tops in layers:
            wires = [f'bottom: "{b}"' for b in bottoms.split()]
            wires += [f'top: "{t}"' for t in tops.split()]
            lines.append(f'layer {{ name: "{name}" {" ".join(wires)} }}')
        path = tmp_path / 'net.prototxt'
        path.write_text(INPUT + '\n'.join(lines))
        return needed_layers(read_network(path), outputs)

    return plan_text


def test_a_blob_changed_in_place_has_states(plan):
    layers = [
        ('conv', 'data', 'conv'),
        ('bn', 'conv', 'conv'),
        ('relu', 'conv', 'conv'),
        ('pool', 'conv', 'pool'),
    ]
    found = plan(layers)
    assert [(step.sources, step.results) for step in found.steps] == [
        (('data',), ('conv@conv',)),
        (('conv@conv',), ('conv@bn',)),
        (('conv@bn',), ('conv',)),
        (('conv',), ('pool',)),
    ]
    assert found.outputs == ('pool',)
    assert found.inputs == ('data',)


def test_outputs_are_what_nobody_reads_in_order(plan):
    layers = [('a', 'data', 'a b'), ('c', 'a', 'c'), ('d', 'data', 'd'), ('s', 'd', '')]
    assert plan(layers).outputs == ('b', 'c')


def test_layers_that_no_output_needs_are_left_out(plan):
    layers = [
        ('a', 'data', 'a'),
        ('relu', 'a', 'a'),
        ('b', 'data', 'b'),
        ('c', 'a', 'c'),
        ('cluster', 'b c', 'list'),
    ]
    assert [step.layer.name for step in plan(layers).steps] == ['a', 'relu', 'b', 'c', 'cluster']
    assert [step.layer.name for step in plan(layers, ['c']).steps] == ['a', 'relu', 'c']
    assert [step.layer.name for step in plan(layers, ['a@a']).steps] == ['a']
    found = plan(layers, ['c', 'b', 'c'])
    assert found.outputs == ('c', 'b')
    assert [step.layer.name for step in found.steps] == ['a', 'relu', 'b', 'c']


def test_an_input_keeps_its_name_when_it_is_changed_in_place(plan):
    found = plan([('shift', 'data', 'data'), ('conv', 'data', 'conv')])
    assert found.inputs == ('data',)
    assert found.steps[0].results == ('data@shift',)
    assert plan([('shift', 'data', 'data')], ['data']).outputs == ('data@shift',)


@pytest.mark.parametrize(
    ('layers', 'outputs', 'reason'),
    [
        ([], None, 'has no outputs'),
        ([('a', 'data', 'a')], [], 'has no outputs'),
        ([], ['data'], "no layer writes the output 'data'; the last blobs are none"),
        ([('a', 'data', 'a')], ['data'], "no layer writes the output 'data'"),
        ([('a', 'data', 'a'), ('b', 'a', 'b')], ['x'], "output 'x'; the last blobs are 'b', 'a'"),
        (
            [('a', 'nix', 'a')],
            None,
            "line 2: layer 'a' of type '': no .* provides its bottom 'nix'",
        ),
        ([('a', 'a', 'a')], None, "provides its bottom 'a'"),
        ([('a', 'data', 'a'), ('b', 'data', 'a')], None, "its top 'a' .* written by a layer"),
        ([('a', 'data', 'a a')], None, "its top 'a'"),
        ([('a', '', 'data')], None, "its top 'data'"),
    ],
)
def test_blobs_that_are_missing_or_written_twice_are_refused(layers, outputs, reason, plan):
    with pytest.raises(ConversionError, match=reason):
        plan(layers, outputs)


def test_a_chain_of_any_length_is_planned(plan):
    layers = [(f'n{i}', f'b{i - 1}' if i else 'data', f'b{i}') for i in range(1000)]
    assert len(plan(layers).steps) == 1000
