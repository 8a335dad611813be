# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Facts of an ONNX file; test_onnx_precision.py has those of its precision."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx.external_data_helper import convert_model_to_external_data

from ros_deep_learning.errors import CardError, EngineError, OnnxError
from ros_deep_learning.onnx_tools.facts import read_facts


def test_reads_tensors_and_precision(save, conv_model):
    facts = read_facts(save(conv_model(batch='n')))
    (tensor,) = facts.inputs.values()
    assert (list(facts.inputs), list(facts.outputs)) == (['x'], ['y'])
    assert (tensor.shape, tensor.dtype) == ((-1, 3, 8, 8), np.float32)
    assert facts.precision == 'fp32'
    assert facts.external_files == ()


def test_reads_metadata(save, conv_model):
    model = conv_model()
    assert dict(read_facts(save(model)).metadata) == {}
    helper.set_model_props(model, {'names': 'cat, dog'})
    assert dict(read_facts(save(model)).metadata) == {'names': 'cat, dog'}


def test_initialisers_are_not_inputs(save, conv_model):
    model = conv_model()
    model.graph.input.append(helper.make_tensor_value_info('w', TensorProto.FLOAT, [4, 3, 3, 3]))
    assert list(read_facts(save(model)).inputs) == ['x']


def test_an_input_that_is_not_a_tensor_has_no_type(save, conv_model):
    model = conv_model()
    model.graph.input.append(helper.make_tensor_sequence_value_info('s', TensorProto.FLOAT, [1]))
    assert read_facts(save(model)).inputs['s'].dtype is None


def test_weights_in_other_files_are_named(tmp_path, conv_model):
    model = conv_model()
    convert_model_to_external_data(model, location='net.bin', size_threshold=0)
    onnx.save(model, str(tmp_path / 'net.onnx'))
    assert read_facts(tmp_path / 'net.onnx').external_files == ('net.bin',)


def test_a_file_that_is_missing_or_empty_is_an_error_of_card_and_engine(tmp_path):
    (tmp_path / 'empty.onnx').write_bytes(b'')
    for name in ('none.onnx', 'empty.onnx'):
        with pytest.raises(OnnxError, match=name) as caught:
            read_facts(tmp_path / name)
        assert isinstance(caught.value, CardError)
        assert isinstance(caught.value, EngineError)
