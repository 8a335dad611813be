# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the ONNX builder: names are unique, and folding does not change results."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ros_deep_learning.errors import ConversionError
from ros_deep_learning.importers.onnx_builder import OnnxBuilder, Tensor

RNG = np.random.default_rng(3)
IMAGE = RNG.normal(size=(1, 3, 6, 6)).astype(np.float32)


def values(*shape: int) -> NDArray[np.float32]:
    return RNG.normal(size=shape).astype(np.float32)


def build() -> OnnxBuilder:
    """A convolution, a scale, a shift, and a second convolution with two users, one a scale."""
    builder = OnnxBuilder()
    emit, keep = builder.emit, builder.keep
    emit('Conv', ['x', keep('w1', values(4, 3, 3, 3)), keep('b1', values(4))], 'c1')
    emit('Mul', ['c1', keep('m1', values(1, 4, 1, 1))], 'n1')
    emit('Add', ['n1', keep('a1', values(1, 4, 1, 1))], 'n2')
    emit('Conv', ['n2', keep('w2', values(4, 4, 1, 1)), keep('b2', values(4))], 'c2')
    emit('Mul', ['c2', keep('m2', values(1, 4, 1, 1))], 'n3')
    emit('Add', ['c2', 'n3'], 'y')
    return builder


def run(builder: OnnxBuilder) -> NDArray[np.float32]:
    graph = helper.make_graph(
        builder.nodes,
        'g',
        [helper.make_tensor_value_info('x', TensorProto.FLOAT, IMAGE.shape)],
        [helper.make_tensor_value_info('y', TensorProto.FLOAT, [1, 4, 4, 4])],
        [numpy_helper.from_array(array, name) for name, array in builder.constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    return np.asarray(session.run(['y'], {'x': IMAGE})[0])


def test_folding_keeps_the_result_and_drops_nodes() -> None:
    builder = build()
    before = run(builder)
    builder.fold_into_convolutions()
    # The second convolution's result has two users, so its scale must not be folded.
    assert [node.op_type for node in builder.nodes] == ['Conv', 'Conv', 'Mul', 'Add']
    assert set(builder.constants) == {'w1', 'b1', 'w2', 'b2', 'm2'}
    np.testing.assert_allclose(run(builder), before, rtol=1e-4, atol=1e-5)


def test_a_name_is_given_once() -> None:
    builder = OnnxBuilder()
    builder.keep('a', np.zeros(1))
    builder.emit('Relu', ['x'], 'b')
    assert 'a' in builder
    assert 'x' not in builder
    with pytest.raises(ConversionError, match="have the name 'a'"):
        builder.emit('Relu', ['x'], 'a')
    with pytest.raises(ConversionError, match="have the name 'b'"):
        builder.keep('b', np.zeros(1))


def test_plain_transposes_once() -> None:
    builder = OnnxBuilder()
    planar = Tensor('x', (1, 6, 6, 3), planar=True)
    assert builder.plain(planar) == builder.plain(planar) == 'x/nhwc'
    assert [node.op_type for node in builder.nodes] == ['Transpose']
    assert builder.plain(Tensor('z', (1, 4), planar=False)) == 'z'


def test_constants_are_copies() -> None:
    builder = OnnxBuilder()
    array = np.zeros(3, np.float32)
    builder.keep('a', array)
    builder.constants['a'] += 1
    assert array.tolist() == [0, 0, 0]


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
def test_constants_that_are_no_numbers_are_refused(value: float) -> None:
    with pytest.raises(ConversionError, match="the constant 'w' has values that are not finite"):
        OnnxBuilder().keep('w', np.float32([1, value]))
