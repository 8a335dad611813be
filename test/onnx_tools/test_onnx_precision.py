# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the precision of an ONNX graph."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save

from ros_deep_learning.errors import OnnxError
from ros_deep_learning.onnx_tools.facts import read_facts

FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16


@pytest.fixture
def network(tmp_path):
    """Return a function that writes a network of nodes, with the weights ``w`` and ``w16``."""

    def make(nodes, kind=FLOAT, **weights):
        weights = {
            'w': np.ones((64, 64), np.float32),
            'w16': np.ones((64, 64), np.float16),
        } | weights
        graph = helper.make_graph(
            nodes,
            'g',
            [helper.make_tensor_value_info('x', kind, [1, 64])],
            [helper.make_tensor_value_info('y', kind, [1, 64])],
            [numpy_helper.from_array(array, name) for name, array in weights.items()],
        )
        path = tmp_path / 'network.onnx'
        save(helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)]), str(path))
        return path

    return make


def node(operator, inputs, output, **attributes):
    return helper.make_node(operator, inputs.split(), [output], **attributes)


def test_no_product_is_fp32(network):
    assert read_facts(network([node('Relu', 'x', 'y')])).precision == 'fp32'


def test_single_precision(network):
    assert read_facts(network([node('MatMul', 'x w', 'y')])).precision == 'fp32'


def test_weights_only_stored_in_half_are_fp32(network):
    nodes = [node('Cast', 'w16', 'wide', to=FLOAT), node('MatMul', 'x wide', 'y')]
    assert read_facts(network(nodes)).precision == 'fp32'


def test_half_inside_with_single_precision_outside(network):
    nodes = [
        node('Cast', 'x', 'h', to=HALF),
        node('MatMul', 'h w16', 'p'),
        node('Relu', 'p', 'q'),
        node('Gemm', 'q w16', 'r'),
        node('Cast', 'r', 'y', to=FLOAT),
    ]
    assert read_facts(network(nodes)).precision == 'fp16'


def test_half_throughout(network):
    assert read_facts(network([node('MatMul', 'x w16', 'y')], HALF)).precision == 'fp16'


def test_half_and_single_are_mixed(network):
    nodes = [
        node('Cast', 'x', 'h', to=HALF),
        node('MatMul', 'h w16', 'p'),
        node('Cast', 'p', 'q', to=FLOAT),
        node('MatMul', 'q w', 'y'),
    ]
    assert read_facts(network(nodes)).precision == 'mixed'


def test_quantised_activations_are_int8(network):
    nodes = [
        node('QuantizeLinear', 'x s z', 'q'),
        node('DequantizeLinear', 'q s z', 'd'),
        node('MatMul', 'd w', 'y'),
    ]
    path = network(nodes, s=np.array(0.1, np.float32), z=np.array(0, np.int8))
    assert read_facts(path).precision == 'int8'


def test_quantised_weights_alone_are_fp32(network):
    nodes = [node('DequantizeLinear', 'q s z', 'd'), node('MatMul', 'x d', 'y')]
    path = network(
        nodes,
        q=np.ones((64, 64), np.int8),
        s=np.array(0.1, np.float32),
        z=np.array(0, np.int8),
    )
    assert read_facts(path).precision == 'fp32'


@pytest.mark.parametrize(
    'content', [b'garbage', b'\x08\x08\x12', b'\xff\xff\xffrubbish', b'PK\x03\x04']
)
def test_not_onnx(tmp_path, content):
    path = tmp_path / 'bad.onnx'
    path.write_bytes(content)
    with pytest.raises(OnnxError, match=r'cannot read .*bad\.onnx as an ONNX file') as caught:
        read_facts(path)
    assert '\n' not in str(caught.value)


def test_no_such_file(tmp_path):
    with pytest.raises(OnnxError, match=r'none\.onnx'):
        read_facts(tmp_path / 'none.onnx')
