# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Small networks, the real TensorRT builder, and a private plan cache."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.tensorrt.api import TensorRt, tensorrt
from ros_deep_learning.engines.tensorrt.plan_cache import PlanCache
from ros_deep_learning.engines.tensorrt.plan_key import PlanKey
from ros_deep_learning.engines.tensorrt.plan_record import PlanRecord
from ros_deep_learning.engines.tensorrt.plan_source import request_plan
from ros_deep_learning.engines.tensorrt.target import absent_target

WEIGHTS = Path(__file__).parents[3] / 'models' / 'weights'


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


@pytest.fixture
def cache(tmp_path):
    return PlanCache(tmp_path / 'engines')


@pytest.fixture(scope='session')
def rtx():
    """The real TensorRT for RTX, which builds without a GPU."""
    return tensorrt('tensorrt_rtx')


@pytest.fixture
def ask(rtx):
    """Ask for a plan that the RTX builder can make here."""

    def request(
        path, precision='auto', *, target='8.6', spec=None, sizes=None, limit=False, **options
    ):
        return request_plan(
            path,
            api=rtx,
            target=absent_target(target),
            input_spec=spec,
            precision=precision,
            options=EngineOptions(**options),
            sizes=sizes,
            batch_may_be_fixed=limit,
        )

    return request


def _recorded_api(file):
    data = json.loads((Path(__file__).parent / file).read_text())
    names = {name: SimpleNamespace() for name in data['names']}
    for name, attributes in data['classes'].items():
        names[name] = type(name, (), dict.fromkeys(attributes))
    for name, members in data['enums'].items():
        names[name] = type(name, (), {**members, '__members__': members})
    return TensorRt(SimpleNamespace(__name__=data['module'], __version__=data['version'], **names))


@pytest.fixture(scope='session')
def trt86():
    """TensorRT 8.6.0 by its attributes, as its CPython 3.10 wheel has them.

    api_8_6_0.json was written by importing that wheel from PyPI under CPython 3.10 and listing
    ``dir()`` of the module and its classes, and the members of its enumerations.
    """
    return _recorded_api('api_8_6_0.json')


@pytest.fixture(scope='session')
def trt10():
    """TensorRT 10.16.1 by its attributes, as tools/tensorrt_api.py listed them."""
    return _recorded_api('api_10_16_1.json')


@pytest.fixture(scope='session')
def trt11():
    """TensorRT 11.4.0 by its attributes, as tools/tensorrt_api.py listed them."""
    return _recorded_api('api_11_4_0.json')


def _make_key(**changes):
    values = {
        'onnx_sha256': 'a' * 64,
        'module': 'tensorrt',
        'version': '8.6.0',
        'platform': 'linux-x86_64',
        'gpu': 'NVIDIA Test',
        'compute_capability': '8.7',
        'precision': 'fp16',
    }
    return PlanKey(**{**values, **changes})


def _make_record(plan, key=None, **changes):
    import hashlib

    values = {
        'key': key or _make_key(),
        'network': 'net.onnx',
        'plan_sha256': hashlib.sha256(plan).hexdigest(),
        'plan_bytes': len(plan),
        'created': '2026-01-02T03:04:05+00:00',
        'build_seconds': 1.5,
        'reason': 'no plan yet',
    }
    return PlanRecord(**{**values, **changes})


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
def make_key():
    return _make_key


@pytest.fixture(scope='session')
def make_record():
    return _make_record


@pytest.fixture(scope='session')
def weights():
    """Folder of the networks that come with the package."""
    return WEIGHTS


@pytest.fixture(scope='session')
def gpu():
    """The backend on a machine with a GPU; its plans stay in the user's cache folder."""
    from ros_deep_learning.engines.tensorrt.backend import TensorRtBackend

    backend = TensorRtBackend()
    reason = backend.unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    return backend


@pytest.fixture
def load(gpu):
    """Load a network on the GPU and free it after the test; builds are quick, not thorough."""
    networks = []

    def run(path, precision='auto', *, backend=gpu, spec=None, **options):
        options = {'optimization_level': 1, **options}
        network = backend.load(
            path,
            input_spec=spec,
            precision=precision,
            options=EngineOptions(**options),
            progress=lambda stage, share: None,
        )
        networks.append(network)
        return network

    yield run
    for network in networks:
        network.free()
