# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the form of quantised networks, compared with the original in ONNX Runtime."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from ros_deep_learning.errors import BuildError
from ros_deep_learning.onnx_tools.qdq import fit_qdq


def quantised_conv(zero, *, scale=0.05, relu=False, weights_zero=0):
    """x -> Q/DQ -> Conv with stored int8 weights per channel and an int32 bias -> Q/DQ -> y."""
    rng = np.random.default_rng(0)
    weights = rng.integers(-127, 128, (4, 3, 3, 3)).astype(np.int8)
    bias = rng.integers(-500, 500, 4).astype(np.int32)
    scales = rng.uniform(0.001, 0.01, 4).astype(np.float32)
    dtype = zero.dtype
    constants = [
        ('s', np.float32(scale)),
        ('z', zero),
        ('wq', weights),
        ('ws', scales),
        ('wz', np.full(4, weights_zero, np.int8)),
        ('bq', bias),
        ('bs', (scales * np.float32(scale)).astype(np.float32)),
        ('bz', np.zeros(4, np.int32)),
        ('out_s', np.float32(0.1)),
        ('out_z', np.array(np.iinfo(dtype).min if relu else zero, dtype)),
    ]
    nodes = [
        helper.make_node('QuantizeLinear', ['x', 's', 'z'], ['xq'], 'xq'),
        helper.make_node('DequantizeLinear', ['xq', 's', 'z'], ['xd'], 'xd'),
        helper.make_node('DequantizeLinear', ['wq', 'ws', 'wz'], ['w'], 'wd', axis=0),
        helper.make_node('DequantizeLinear', ['bq', 'bs', 'bz'], ['b'], 'bd', axis=0),
        helper.make_node('Conv', ['xd', 'w', 'b'], ['c'], 'conv', pads=[1, 1, 1, 1]),
        helper.make_node('QuantizeLinear', ['c', 'out_s', 'out_z'], ['yq'], 'yq'),
        helper.make_node('DequantizeLinear', ['yq', 'out_s', 'out_z'], ['y'], 'yd'),
    ]
    return nodes, [('x', [1, 3, 6, 6])], [('y', [1, 4, 6, 6])], constants


def compare(run_model, make_model, parts, tolerance):
    model = make_model(*parts)
    text = model.SerializeToString()
    fitted, changes = fit_qdq(model)
    assert model.SerializeToString() == text
    for node in fitted.graph.node:
        if node.op_type in ('QuantizeLinear', 'DequantizeLinear'):
            values = {t.name: numpy_helper.to_array(t) for t in fitted.graph.initializer}
            scale, zero = values[node.input[1]], values[node.input[2]]
            assert zero.dtype == np.int8
            assert not zero.any()
            assert zero.shape == scale.shape
    x = np.random.default_rng(1).uniform(-3, 3, (1, 3, 6, 6)).astype(np.float32)
    before, after = (run_model(m, {'x': x})[0] for m in (model, fitted))
    np.testing.assert_allclose(after, before, rtol=0, atol=tolerance)
    return fitted, changes, after


def test_symmetric_int8_keeps_its_values(run_model, make_model):
    parts = quantised_conv(np.int8(0))
    _, changes, _ = compare(run_model, make_model, parts, 1e-6)
    assert (changes.activations, changes.biases, changes.weights) == (0, 1, 1)
    assert 'biases made float32' in changes.note


def test_a_zero_point_becomes_a_wider_symmetric_range(run_model, make_model):
    # One step of the input's symmetric scale, times the kernel, plus one step of the output's.
    parts = quantised_conv(np.uint8(120))
    _, changes, _ = compare(run_model, make_model, parts, 0.25)
    assert changes.activations == 2


def test_the_relu_that_a_one_sided_range_stands_for_is_written_out(run_model, make_model):
    parts = quantised_conv(np.uint8(128), relu=True)
    fitted, _, after = compare(run_model, make_model, parts, 0.25)
    assert [n.op_type for n in fitted.graph.node].count('Relu') == 1
    assert after.min() == 0.0
    assert after.max() > 1.0


def test_weights_with_a_zero_point_become_symmetric(run_model, make_model):
    parts = quantised_conv(np.int8(0), weights_zero=20)
    compare(run_model, make_model, parts, 0.3)


def test_a_shared_scale_is_made_symmetric_once(make_model):
    fitted, changes = fit_qdq(make_model(*quantised_conv(np.uint8(120))))
    scales = {n.input[1] for n in fitted.graph.node if n.op_type == 'QuantizeLinear'}
    assert len(scales) == 3
    assert changes.activations == 2


def test_a_float_network_is_left_as_it_is(conv_model):
    model = conv_model()
    fitted, changes = fit_qdq(model)
    assert changes.note is None
    assert [n.op_type for n in fitted.graph.node] == [n.op_type for n in model.graph.node]


@pytest.mark.parametrize('operator', ['QLinearConv', 'DynamicQuantizeLinear', 'ConvInteger'])
def test_integer_operators_are_refused(conv_model, operator):
    model = conv_model()
    model.graph.node.append(helper.make_node(operator, ['x'], ['q'], 'q'))
    with pytest.raises(BuildError, match=f'{operator}.*to fix: make it again'):
        fit_qdq(model)


def test_a_scale_that_is_computed_is_refused(make_model):
    nodes, inputs, outputs, constants = quantised_conv(np.int8(0))
    constants = [(n, v) for n, v in constants if n != 's']
    model = make_model(nodes, [*inputs, ('s', [])], outputs, constants)
    with pytest.raises(BuildError, match=r"'xq' \(QuantizeLinear\): scale and zero point must"):
        fit_qdq(model)


@pytest.mark.parametrize('kind', [TensorProto.INT8, TensorProto.UINT8, None])
def test_a_zero_point_that_is_not_named_has_the_type_of_the_attribute(run_model, make_model, kind):
    """Of int8 it is in the middle of the range; of uint8, the default, negative values are 0."""
    types = {} if kind is None else {'output_dtype': kind}
    nodes = [
        helper.make_node('QuantizeLinear', ['x', 's'], ['xq'], 'xq', **types),
        helper.make_node('DequantizeLinear', ['xq', 's'], ['xd'], 'xd'),
        helper.make_node('DequantizeLinear', ['wq', 's'], ['w'], 'wd'),
        helper.make_node('Mul', ['xd', 'w'], ['y'], 'product'),
    ]
    constants = [('s', np.float32(0.025)), ('wq', np.full((1, 3, 6, 6), 40, np.int8))]
    parts = nodes, [('x', [1, 3, 6, 6])], [('y', [1, 3, 6, 6])], constants
    tolerance = 1e-6 if kind == TensorProto.INT8 else 0.03
    _, _, after = compare(run_model, partial(make_model, opset=21), parts, tolerance)
    assert (after < 0).any() == (kind == TensorProto.INT8)
    assert np.abs(after).max() > 2.7


def test_scales_of_blocks_are_refused(make_model):
    nodes = [
        helper.make_node('DequantizeLinear', ['wq', 's'], ['w'], 'wd', axis=1, block_size=4),
        helper.make_node('MatMul', ['x', 'w'], ['y'], 'product'),
    ]
    constants = [
        ('wq', np.arange(32, dtype=np.int8).reshape(4, 8)),
        ('s', np.arange(1, 9, dtype=np.float32).reshape(4, 2)),
    ]
    model = make_model(nodes, [('x', [1, 4])], [('y', [1, 8])], constants, opset=21)
    with pytest.raises(BuildError, match=r"'wd' .* has a scale for each 4 values; .* to fix: "):
        fit_qdq(model)


@pytest.mark.parametrize('stored', [True, False])
def test_transposed_convolutions_by_output_channel_become_float(run_model, make_model, stored):
    """TensorRT 8.6.0 failed with ``buildRefitEngine: Assertion engine failed`` for them."""
    rng = np.random.default_rng(0)
    weights = rng.integers(-127, 128, (3, 5, 2, 2)).astype(np.int8)
    scales = rng.uniform(0.01, 0.05, 5).astype(np.float32)
    # Between two steps of the scale, to show the rounding.
    floats = (weights + rng.uniform(-0.4, 0.4, weights.shape)) * scales.reshape(1, 5, 1, 1)
    names = ['wq' if stored else 'wr', 'ws', 'wz']
    nodes = [
        helper.make_node('QuantizeLinear', ['x', 's', 'z'], ['xq'], 'xq'),
        helper.make_node('DequantizeLinear', ['xq', 's', 'z'], ['xd'], 'xd'),
        *(
            []
            if stored
            else [helper.make_node('QuantizeLinear', ['wf', 'ws', 'wz'], ['wr'], 'wr', axis=1)]
        ),
        helper.make_node('DequantizeLinear', names, ['w'], 'wd', axis=1),
        helper.make_node('ConvTranspose', ['xd', 'w'], ['y'], 'up', strides=[2, 2]),
    ]
    constants = [
        ('s', np.float32(0.05)),
        ('z', np.int8(0)),
        ('ws', scales),
        ('wz', np.zeros(5, np.int8)),
        ('wq', weights) if stored else ('wf', floats.astype(np.float32)),
    ]
    parts = nodes, [('x', [1, 3, 6, 6])], [('y', [1, 5, 12, 12])], constants
    _, changes, _ = compare(run_model, make_model, parts, 1e-5)
    assert (changes.transposed, changes.weights) == (1, 0)
    assert changes.note == 'int8 form for TensorRT: 1 transposed convolutions made float'
    fitted, _ = fit_qdq(make_model(*parts))
    left = [node.name for node in fitted.graph.node]
    assert left == ['xq', 'xd', 'up']
