# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what a graph does first and last."""

from __future__ import annotations

import pytest
from onnx import ModelProto, TensorProto, helper

from ros_deep_learning.onnx_tools.graph_ends import graph_ends


def chain(*operators: str) -> ModelProto:
    """Make a network of one operator after the other."""
    names = ['x', *(f't{k}' for k in range(1, len(operators))), 'y']
    pairs = zip(operators, names[:-1], names[1:], strict=True)
    nodes = [helper.make_node(kind, [first], [second]) for kind, first, second in pairs]
    values = [helper.make_tensor_value_info(k, TensorProto.FLOAT, [1]) for k in ('x', 'y')]
    return helper.make_model(helper.make_graph(nodes, 'net', values[:1], values[1:]))


@pytest.mark.parametrize(
    ('operators', 'last', 'normalises'),
    [
        (('Conv', 'Softmax'), 'Softmax', False),
        (('Conv', 'Sigmoid', 'Cast', 'Squeeze', 'Identity'), 'Sigmoid', False),
        (('Cast', 'Transpose', 'Mul', 'Conv', 'Gemm'), 'Gemm', True),
        (('Resize', 'Sub', 'Conv'), 'Conv', True),
        (('Conv', 'Mul', 'Resize'), 'Resize', False),
        (('Identity',), '', False),
        (('Conv', 'Softmax', 'QuantizeLinear', 'DequantizeLinear'), 'Softmax', False),
        (('QuantizeLinear', 'DequantizeLinear', 'Sub', 'Conv'), 'Conv', True),
        (('QuantizeLinear', 'QLinearSoftmax', 'DequantizeLinear'), 'Softmax', False),
        (('QuantizeLinear', 'QGemm', 'DequantizeLinear'), 'Gemm', False),
        (('QuantizeLinear', 'QLinearConv', 'DequantizeLinear'), 'Conv', False),
    ],
)
def test_ends(operators: tuple[str, ...], last: str, normalises: bool) -> None:
    ends = graph_ends(chain(*operators))
    assert ends.operators == set(operators)
    assert (ends.last['y'], ends.normalises) == (last, normalises)


def test_a_loop_of_broken_names_ends() -> None:
    model = chain('Identity', 'Identity')
    model.graph.node[0].input[0] = 't1'
    assert graph_ends(model).last == {'y': ''}
