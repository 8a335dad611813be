# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Clips before a quantise node, compared with the original network in ONNX Runtime."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from ros_deep_learning.onnx_tools.qdq import fit_qdq


@pytest.fixture
def clipped(make_model):
    """x -> Clip -> Q/DQ -> y; with ``both``, the clipped tensor is an output, too."""

    def make(low, high, scale, zero, *, both=False):
        nodes = [
            helper.make_node('Clip', ['x', 'low', 'high'], ['c'], 'clip'),
            helper.make_node('QuantizeLinear', ['c', 's', 'z'], ['q'], 'q'),
            helper.make_node('DequantizeLinear', ['q', 's', 'z'], ['y'], 'dq'),
        ]
        shape = [1, 4, 50, 50]
        outputs = [('y', shape), ('c', shape)] if both else [('y', shape)]
        constants = [
            ('low', np.float32(low)),
            ('high', np.float32(high)),
            ('s', np.float32(scale)),
            ('z', np.array(zero)),
        ]
        return make_model(nodes, [('x', shape)], outputs, constants)

    return make


def same_values(run_model, model):
    fitted, changes = fit_qdq(model)
    rng = np.random.default_rng(0)
    x = rng.uniform(-20, 20, (1, 4, 50, 50)).astype(np.float32)
    for before, after in zip(run_model(model, {'x': x}), run_model(fitted, {'x': x}), strict=True):
        np.testing.assert_array_equal(after, before)
    return Counter(node.op_type for node in fitted.graph.node), changes


@pytest.mark.parametrize('end', [6.0, 5.2, 0.01])
def test_a_relu6_whose_range_ends_first_becomes_a_relu(clipped, run_model, end):
    kinds, changes = same_values(run_model, clipped(0, 6, end / 127, np.int8(0)))
    assert kinds == {'Relu': 1, 'QuantizeLinear': 1, 'DequantizeLinear': 1}
    assert changes.clips == 1
    assert '1 clips made ReLUs' in changes.note


def test_what_else_reads_the_clip_keeps_it(clipped, run_model):
    kinds, _ = same_values(run_model, clipped(0, 6, 6 / 127, np.int8(0), both=True))
    assert kinds == {'Clip': 1, 'Relu': 1, 'QuantizeLinear': 1, 'DequantizeLinear': 1}


def test_a_one_sided_range_of_unsigned_steps(clipped):
    fitted, changes = fit_qdq(clipped(0, 6, 6 / 255, np.uint8(0)))
    assert changes.clips == 1
    assert 'Clip' not in {node.op_type for node in fitted.graph.node}


@pytest.mark.parametrize(
    ('low', 'high', 'scale'),
    [(0, 6, 6.1 / 127), (-1, 6, 6 / 127), (0.5, 6, 6 / 127), (0, 126.4 / 127, 1 / 127)],
)
def test_a_clip_that_the_range_does_not_replace_stays(clipped, run_model, low, high, scale):
    kinds, changes = same_values(run_model, clipped(low, high, scale, np.int8(0)))
    assert kinds['Clip'] == 1
    assert (changes.clips, changes.note) == (0, None)


def test_a_range_that_becomes_wider_than_the_clip_keeps_it(clipped):
    # 200 steps below zero and 55 above: the symmetric range ends at 21.8.
    fitted, changes = fit_qdq(clipped(0, 6, 6 / 55, np.uint8(200)))
    assert changes.clips == 0
    assert 'Clip' in {node.op_type for node in fitted.graph.node}


def test_a_scale_of_zero_is_left_to_the_parser(clipped):
    assert fit_qdq(clipped(0, 6, 0.0, np.int8(0)))[1].clips == 0


def test_a_clip_that_a_branch_reads_stays(clipped):
    model = clipped(0, 6, 6 / 127, np.int8(0))
    value = helper.make_tensor_value_info('b', TensorProto.FLOAT, None)
    branch = helper.make_graph([helper.make_node('Identity', ['c'], ['b'])], 'branch', [], [value])
    model.graph.node.append(
        helper.make_node('If', ['on'], ['z'], 'if', then_branch=branch, else_branch=branch)
    )
    model.graph.initializer.append(numpy_helper.from_array(np.array(True), 'on'))
    model.graph.output.append(helper.make_tensor_value_info('z', TensorProto.FLOAT, None))
    fitted, _ = fit_qdq(model)
    assert 'Clip' in {node.op_type for node in fitted.graph.node}
