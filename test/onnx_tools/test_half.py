# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the conversion to half, compared with the float32 network in ONNX Runtime."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.errors import BuildError
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.onnx_tools.half import to_half
from ros_deep_learning.tasks.preprocess import preprocess

RELATIVE = 2e-3


def types_of(model):
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True).graph
    return {
        v.name: v.type.tensor_type.elem_type
        for v in (*inferred.input, *inferred.output, *inferred.value_info)
    } | {t.name: t.data_type for t in inferred.initializer}


def types_into(model, operator, slot=0):
    types = types_of(model)
    return [types[n.input[slot]] for n in model.graph.node if n.op_type == operator]


def assert_same(run_model, model, feed, relative=RELATIVE):
    half = to_half(model)
    onnx.checker.check_model(half)
    for before, after in zip(run_model(model, feed), run_model(half, feed), strict=True):
        assert before.dtype == after.dtype
        limit = relative * max(float(np.abs(before).max()), 1e-6)
        np.testing.assert_allclose(after, before, rtol=0, atol=limit)
    return half


def image(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def test_products_become_half_and_the_ends_stay(run_model, conv_model):
    model = conv_model()
    text = model.SerializeToString()
    half = assert_same(run_model, model, {'x': image(1, 3, 8, 8)})
    assert model.SerializeToString() == text
    types = types_of(half)
    assert types['x'] == types['y'] == TensorProto.FLOAT
    assert types_into(half, 'Conv') == types_into(half, 'Conv', 1) == [TensorProto.FLOAT16]
    assert types_into(half, 'Softmax') == [TensorProto.FLOAT]


@pytest.mark.parametrize('name', ['efficientnet-lite0', 'duckietown-lanes', 'selfie'])
def test_the_kept_networks(run_model, astronaut, name):
    card = find_card(name)
    model = onnx.load(str(card.source.file))
    feed = {model.graph.input[0].name: preprocess([Pixels(astronaut)], card.input)}
    half = assert_same(run_model, model, feed, 1e-2)
    products = types_into(half, 'Conv') + types_into(half, 'ConvTranspose')
    assert set(products) == {TensorProto.FLOAT16}
    assert len(half.SerializeToString()) < 1.05 * len(model.SerializeToString())


def test_decoding_after_the_last_product_never_passes_through_half(run_model, make_model):
    # float16 would round these fractions of pixel coordinates near 1000 to integers or halves.
    nodes = [
        helper.make_node('MatMul', ['x', 'w'], ['m'], 'product'),
        helper.make_node('Sigmoid', ['m'], ['s'], 'squash'),
        helper.make_node('Mul', ['s', 'size'], ['p'], 'scale'),
        helper.make_node('Add', ['p', 'grid'], ['y'], 'shift'),
    ]
    model = make_model(
        nodes,
        [('x', [2, 4])],
        [('y', [2, 4])],
        [
            ('w', np.eye(4, dtype=np.float32)),
            ('size', np.float32(0.25)),
            ('grid', np.float32(1000.125)),
        ],
    )
    half = assert_same(run_model, model, {'x': np.zeros((2, 4), np.float32)}, 1e-7)
    assert types_into(half, 'Add') == types_into(half, 'Sigmoid') == [TensorProto.FLOAT]
    casts = [n.attribute[0].i for n in half.graph.node if n.op_type == 'Cast']
    assert sorted(casts) == [TensorProto.FLOAT, TensorProto.FLOAT16]


def test_an_exponential_between_products_stays(run_model, make_model):
    nodes = [
        helper.make_node('MatMul', ['x', 'w'], ['m'], 'first'),
        helper.make_node('Exp', ['m'], ['e'], 'exp'),
        helper.make_node('Log', ['e'], ['l'], 'log'),
        helper.make_node('MatMul', ['l', 'w'], ['y'], 'second'),
    ]
    eye = np.eye(2, dtype=np.float32)
    model = make_model(nodes, [('x', [1, 2])], [('y', [1, 2])], [('w', eye)])
    half = assert_same(run_model, model, {'x': np.array([[20.0, -20.0]], np.float32)})
    assert types_into(half, 'Exp') == types_into(half, 'Log') == [TensorProto.FLOAT]
    assert types_into(half, 'MatMul') == [TensorProto.FLOAT16] * 2


@pytest.mark.parametrize('constant', [1e6, -70000.0, 1e-12])
def test_a_constant_that_half_cannot_hold_keeps_its_node(run_model, make_model, constant):
    nodes = [
        helper.make_node('Mul', ['x', 'k'], ['m'], 'scale'),
        helper.make_node('Div', ['m', 'k'], ['d'], 'unscale'),
        helper.make_node('MatMul', ['d', 'w'], ['y'], 'product'),
    ]
    model = make_model(
        nodes,
        [('x', [1, 2])],
        [('y', [1, 2])],
        [('k', np.float32(constant)), ('w', np.eye(2, dtype=np.float32))],
    )
    half = assert_same(run_model, model, {'x': image(1, 2)})
    assert types_into(half, 'Mul') == types_into(half, 'Div') == [TensorProto.FLOAT]
    assert types_into(half, 'MatMul') == [TensorProto.FLOAT16]


def test_a_bound_beyond_half_is_rounded_to_the_range(run_model, make_model):
    nodes = [
        helper.make_node('MatMul', ['x', 'w'], ['m'], 'first'),
        helper.make_node('Clip', ['m', 'low', 'high'], ['c'], 'clip'),
        helper.make_node('MatMul', ['c', 'w'], ['y'], 'second'),
    ]
    model = make_model(
        nodes,
        [('x', [1, 2])],
        [('y', [1, 2])],
        [
            ('w', np.eye(2, dtype=np.float32)),
            ('low', np.float32(0)),
            ('high', np.finfo(np.float32).max),
        ],
    )
    half = assert_same(run_model, model, {'x': np.array([[3.5, -2.0]], np.float32)})
    assert types_into(half, 'Clip') == [TensorProto.FLOAT16]


def test_sizes_are_counted_in_float32(run_model, make_model):
    # Old exporters convert the width to float32; float16 has no 4099.
    nodes = [
        helper.make_node('Shape', ['x'], ['shape'], 'shape'),
        helper.make_node('Cast', ['shape'], ['f'], 'to_float', to=TensorProto.FLOAT),
        helper.make_node('Mul', ['f', 'one'], ['g'], 'scale'),
        helper.make_node('Cast', ['g'], ['sizes'], 'to_int', to=TensorProto.INT64),
        helper.make_node('Relu', ['x'], ['r'], 'relu'),
        helper.make_node('Reshape', ['r', 'sizes'], ['s'], 'reshape'),
        helper.make_node('MatMul', ['s', 'w'], ['y'], 'product'),
    ]
    model = make_model(
        nodes,
        [('x', [1, 4099])],
        [('y', [1, 2])],
        [('one', np.float32(1)), ('w', np.full((4099, 2), 1e-3, np.float32))],
    )
    half = assert_same(run_model, model, {'x': image(1, 4099)}, 5e-3)
    assert types_into(half, 'Mul') == [TensorProto.FLOAT]


def test_resize_keeps_its_scales(run_model, make_model, conv_model):
    base = conv_model()
    nodes = [
        *base.graph.node[:2],
        helper.make_node('Resize', ['r', '', 'scales'], ['big'], 'up', mode='linear'),
        helper.make_node('Softmax', ['big'], ['y'], 'softmax', axis=1),
    ]
    constants = [(t.name, numpy_helper.to_array(t)) for t in base.graph.initializer]
    model = make_model(
        nodes,
        [('x', [1, 3, 8, 8])],
        [('y', [1, 4, 16, 16])],
        [*constants, ('scales', np.array([1, 1, 2, 2], np.float32))],
    )
    half = assert_same(run_model, model, {'x': image(1, 3, 8, 8)})
    assert types_into(half, 'Resize') == [TensorProto.FLOAT16]
    assert types_into(half, 'Resize', 2) == [TensorProto.FLOAT]


def test_a_tensor_that_is_also_an_output_serves_both(run_model, make_model):
    nodes = [
        helper.make_node('MatMul', ['x', 'w'], ['a'], 'first'),
        helper.make_node('MatMul', ['a', 'w'], ['y'], 'second'),
    ]
    model = make_model(
        nodes,
        [('x', [2, 2])],
        [('y', [2, 2]), ('a', [2, 2])],
        [('w', image(2, 2, seed=3))],
    )
    half = assert_same(run_model, model, {'x': image(2, 2)})
    assert types_into(half, 'MatMul') == [TensorProto.FLOAT16] * 2


def test_bodies_of_control_flow_find_their_outer_tensors(run_model, make_model):
    def branch(operator):
        out = helper.make_tensor_value_info('b', TensorProto.FLOAT, [2, 2])
        node = helper.make_node(operator, ['m'], ['b'], operator)
        return helper.make_graph([node], operator, [], [out])

    nodes = [
        helper.make_node('MatMul', ['x', 'w'], ['m'], 'first'),
        helper.make_node(
            'If', ['yes'], ['i'], 'if', then_branch=branch('Abs'), else_branch=branch('Neg')
        ),
        helper.make_node('MatMul', ['i', 'w'], ['y'], 'second'),
    ]
    model = make_model(
        nodes,
        [('x', [2, 2])],
        [('y', [2, 2])],
        [('w', image(2, 2, seed=3)), ('yes', np.array(True))],
    )
    assert_same(run_model, model, {'x': image(2, 2)})


def test_constant_nodes_and_stored_halves_are_folded(run_model, make_model):
    weights = image(2, 2, seed=3).astype(np.float16)
    nodes = [
        helper.make_node('Constant', [], ['k'], 'k', value=numpy_helper.from_array(weights)),
        helper.make_node('Cast', ['k'], ['w'], 'widen', to=TensorProto.FLOAT),
        helper.make_node('Constant', [], ['two'], 'two', value_float=2.0),
        helper.make_node('Mul', ['x', 'two'], ['d'], 'double'),
        helper.make_node('MatMul', ['d', 'w'], ['y'], 'product'),
    ]
    model = make_model(nodes, [('x', [2, 2])], [('y', [2, 2])])
    half = assert_same(run_model, model, {'x': image(2, 2)})
    assert {n.op_type for n in half.graph.node} == {'Cast', 'Mul', 'MatMul'}


def test_a_network_without_products_is_left_in_float32(run_model, make_model):
    nodes = [helper.make_node('Relu', ['x'], ['y'], 'relu')]
    model = make_model(nodes, [('x', [2, 2])], [('y', [2, 2])])
    half = assert_same(run_model, model, {'x': image(2, 2)}, 1e-9)
    assert [n.op_type for n in half.graph.node] == ['Relu']


def test_an_unknown_operator_is_refused_with_the_fix(make_model):
    nodes = [helper.make_node('Magic', ['x'], ['m'], 'magic', domain='my.own')]
    graph = helper.make_graph(
        [*nodes, helper.make_node('Relu', ['m'], ['y'], 'relu')],
        'test',
        [helper.make_tensor_value_info('x', TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info('y', TensorProto.FLOAT, [1])],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid('', 13), helper.make_opsetid('my.own', 1)]
    )
    with pytest.raises(BuildError, match=r'magic \(Magic\).*to fix: use fp32'):
        to_half(model)
