# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Small networks and their answers, by ONNX's own reference and by ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

WEIGHTS = Path(__file__).parents[2] / 'models' / 'weights'


def _make_model(nodes, inputs, outputs, constants=(), opset=13):
    """Assemble a network; inputs and outputs are (name, shape) of float32."""
    graph = helper.make_graph(
        nodes,
        'test',
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', opset)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


def _conv_model(batch=1, size=8, channels=4, seed=0):
    """A convolution with bias, a ReLU and a soft-max over the channels; sizes may be names."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(0, 0.3, (channels, 3, 3, 3)).astype(np.float32)
    bias = rng.normal(0, 0.3, channels).astype(np.float32)
    nodes = [
        helper.make_node('Conv', ['x', 'w', 'b'], ['c'], 'conv', pads=[1, 1, 1, 1]),
        helper.make_node('Relu', ['c'], ['r'], 'relu'),
        helper.make_node('Softmax', ['r'], ['y'], 'softmax', axis=1),
    ]
    return _make_model(
        nodes,
        [('x', [batch, 3, size, size])],
        [('y', [batch, channels, size, size])],
        [('w', weights), ('b', bias)],
    )


def _run_model(model, feed):
    """Run a network on the CPU as its graph is written, without any rewriting."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=['CPUExecutionProvider']
    )
    return session.run(None, feed)


def _doubled(model):
    """Make every float32 of a network a float64."""
    graph = model.graph

    def widen(tensor):
        if tensor.data_type == TensorProto.FLOAT:
            value = numpy_helper.to_array(tensor).astype(np.float64)
            tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))

    for tensor in graph.initializer:
        widen(tensor)
    for value in (*graph.input, *graph.output, *graph.value_info):
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            value.type.tensor_type.elem_type = TensorProto.DOUBLE
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                widen(attribute.t)
            elif (node.op_type, attribute.name, attribute.i) == ('Cast', 'to', TensorProto.FLOAT):
                attribute.i = TensorProto.DOUBLE
    return model


@pytest.fixture(scope='session')
def run_double():
    """Run a float32 network in float64 by ONNX's own reference, on one set of inputs.

    Up to 20 s a picture for networks of wide convolutions.
    """
    from onnx.reference import ReferenceEvaluator

    evaluators = {}

    def run(path, feed):
        if path not in evaluators:
            evaluators[path] = ReferenceEvaluator(_doubled(onnx.load(str(path))))
        doubles = {name: value.astype(np.float64) for name, value in feed.items()}
        # Its sigmoid overflows to the right value.
        with np.errstate(over='ignore'):
            values = evaluators[path].run(None, doubles)
        assert {value.dtype for value in values} == {np.dtype(np.float64)}
        return dict(zip(evaluators[path].output_names, values, strict=True))

    return run


@pytest.fixture
def save(tmp_path):
    """Save a network, and answer its path."""

    def write(model, name='net.onnx'):
        path = tmp_path / name
        onnx.save(model, str(path))
        return path

    return write


@pytest.fixture(scope='session')
def make_model():
    return _make_model


@pytest.fixture(scope='session')
def conv_model():
    return _conv_model


@pytest.fixture(scope='session')
def run_model():
    return _run_model


@pytest.fixture(scope='session')
def weights():
    """Folder of the networks that come with the package."""
    return WEIGHTS
