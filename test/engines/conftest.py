# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Small networks and fake backends for the tests of the engines."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save

from ros_deep_learning.cards.card import InputSpec, ModelCard, SourceSpec
from ros_deep_learning.engines.loader import EngineLoader

GATE_S = 20


class Store:
    """A model store with one file per card."""

    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()

    def onnx_path(self, card, progress):
        path = self.folder / f'{card.name}.onnx'
        with self.lock:
            if not path.exists():
                path.write_bytes(b'network')
        return path


class Engine:
    def __init__(self, on_close):
        self.on_close = on_close

    def close(self):
        on_close, self.on_close = self.on_close, None
        if on_close:
            on_close()


class Network:
    def __init__(self, backend):
        self.backend = backend
        self.freed = 0

    def handle(self, on_close):
        if self.backend.handle_error:
            raise self.backend.handle_error
        return Engine(on_close)

    def free(self):
        self.freed += 1


class Backend:
    """Record requests; each load waits for ``gate`` and raises the next of ``errors``."""

    def __init__(self, name='fake', reason=None):
        self.name = name
        self.reason = reason
        self.networks = []
        self.requests = []
        self.errors = []
        self.handle_error = None
        self.started = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def unavailable_reason(self):
        return self.reason

    def load(self, onnx_path, **request):
        self.requests.append((onnx_path, request))
        self.started.set()
        assert self.gate.wait(GATE_S)
        if self.errors:
            raise self.errors.pop()
        self.networks.append(Network(self))
        return self.networks[-1]


@pytest.fixture
def affine_onnx(tmp_path):
    """Return a function that writes a network ``y = x @ w + b`` with w (3, 2) and b (2,)."""

    def make(name='affine.onnx', *, shape=('n', 3), kind=TensorProto.FLOAT, opset=17, nodes=None):
        text = kind == TensorProto.STRING
        dtype = np.float32 if text else helper.tensor_dtype_to_np_dtype(kind)
        rng = np.random.default_rng(5)
        w, b = rng.normal(size=(3, 2)).astype(dtype), rng.normal(size=2).astype(dtype)
        nodes = nodes or [
            helper.make_node('MatMul', ['x', 'w'], ['xw']),
            helper.make_node('Add', ['xw', 'b'], ['y']),
        ]
        graph = helper.make_graph(
            nodes,
            'affine',
            [helper.make_tensor_value_info('x', kind, shape)],
            [helper.make_tensor_value_info('y', kind, [*shape[:-1], 2])],
            [numpy_helper.from_array(w, 'w'), numpy_helper.from_array(b, 'b')],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', opset)])
        model.ir_version = 8
        path = tmp_path / name
        save(model, str(path))
        return path, w, b

    return make


@pytest.fixture
def backend():
    return Backend()


@pytest.fixture
def make_backend():
    return Backend


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


@pytest.fixture
def loader(store, backend):
    return EngineLoader(store, backends={'fake': lambda: backend})


@pytest.fixture
def card():
    return ModelCard(
        name='net',
        task='detection',
        source=SourceSpec(),
        format='onnx',
        input=InputSpec(8, 8),
        licence='MIT',
        folder=Path(),
    )
