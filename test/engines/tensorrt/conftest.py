# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Recorded TensorRT modules, keys and records, and the backend on a machine with a GPU."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.tensorrt.api import TensorRt
from ros_deep_learning.engines.tensorrt.plans.plan_key import PlanKey
from ros_deep_learning.engines.tensorrt.plans.plan_record import PlanRecord


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
    """TensorRT 8.6.0 with the attributes of its CPython 3.10 wheel.

    api_8_6_0.json was written by importing that wheel from PyPI under CPython 3.10 and listing
    ``dir()`` of the module and its classes, and the members of its enumerations.
    """
    return _recorded_api('api_8_6_0.json')


@pytest.fixture(scope='session')
def trt10():
    """TensorRT 10.16.1 with its attributes, as recorded by dev/tensorrt_api.py."""
    return _recorded_api('api_10_16_1.json')


@pytest.fixture(scope='session')
def trt11():
    """TensorRT 11.4.0 with its attributes, as recorded by dev/tensorrt_api.py."""
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
def make_key():
    return _make_key


@pytest.fixture(scope='session')
def make_record():
    return _make_record


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
    """Load a network on the GPU and free it after the test; builds are fast, not optimal."""
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
