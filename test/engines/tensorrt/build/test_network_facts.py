# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what is read from an ONNX file before a build."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from ros_deep_learning.engines.tensorrt.build.network_facts import read_network
from ros_deep_learning.errors import BuildError, EngineError


def test_reads_inputs_and_precision(save, conv_model):
    facts = read_network(save(conv_model(batch='n')))
    (tensor,) = facts.inputs
    assert (tensor.name, tensor.shape, tensor.dtype) == ('x', (-1, 3, 8, 8), np.float32)
    assert facts.precision == 'fp32'
    assert len(facts.sha256) == 64


def test_reads_what_the_file_says_of_itself(save, conv_model):
    model = conv_model()
    assert dict(read_network(save(model)).metadata) == {}
    helper.set_model_props(model, {'names': 'cat, dog'})
    assert dict(read_network(save(model)).metadata) == {'names': 'cat, dog'}


def test_initialisers_are_no_inputs(save, conv_model):
    model = conv_model()
    model.graph.input.append(helper.make_tensor_value_info('w', TensorProto.FLOAT, [4, 3, 3, 3]))
    assert [t.name for t in read_network(save(model)).inputs] == ['x']


def test_refuses_an_input_that_is_no_tensor(save, conv_model):
    model = conv_model()
    value = helper.make_tensor_sequence_value_info('s', TensorProto.FLOAT, [1])
    model.graph.input.append(value)
    with pytest.raises(BuildError, match="'s' is no tensor"):
        read_network(save(model))


@pytest.mark.parametrize('data', [b'\xff\xff\xffrubbish', b'PK\x03\x04'])
def test_refuses_what_is_not_onnx(tmp_path, data):
    path = tmp_path / 'net.onnx'
    path.write_bytes(data)
    with pytest.raises(EngineError, match=r'net\.onnx as ONNX'):
        read_network(path)


def test_refuses_a_missing_file(tmp_path):
    with pytest.raises(EngineError, match=r'none\.onnx'):
        read_network(tmp_path / 'none.onnx')
