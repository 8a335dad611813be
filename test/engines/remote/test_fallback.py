# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of networks that run on this machine while their server fails."""

from __future__ import annotations

import logging
import time

import numpy as np
import pytest
from inference_server import served_onnx

from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.base import PipelinedEngine
from ros_deep_learning.engines.loader import EngineLoader
from ros_deep_learning.engines.remote.options import RemoteOptions
from ros_deep_learning.errors import EngineError, InferenceError, SettingsError

X = np.random.default_rng(1).normal(size=(2, 3, 8, 8)).astype(np.float32)
FEED = {'x': X}


class Store:
    def __init__(self, path):
        self.path = path

    def onnx_path(self, card, progress):
        return self.path


@pytest.fixture
def network(tmp_path, conv_model):
    path = tmp_path / 'net.onnx'
    path.write_bytes(conv_model(batch='n').SerializeToString())
    return path


@pytest.fixture
def model(network):
    return served_onnx(network)


@pytest.fixture
def load(network, card):
    engines = []

    def start(url):
        remote = RemoteOptions(url, deadline_s=20, fallback='onnxruntime')
        engines.append(
            EngineLoader(Store(network)).load(card, options=EngineOptions(remote=remote))
        )
        return engines[-1]

    yield start
    for engine in engines:
        engine.close()


def test_no_frame_is_lost_while_the_server_is_gone(server, load, model, caplog):
    caplog.set_level(logging.INFO, 'ros_deep_learning')
    engine = load(server.url)
    assert isinstance(engine, PipelinedEngine)
    expected = model.run(FEED)['y']

    def right():
        np.testing.assert_allclose(engine.run(FEED)['y'], expected, rtol=0, atol=1e-5)

    right()
    asked = len(model.requests)
    assert asked == 1
    assert engine.info.warning == ''
    assert engine.info.sent_bytes == X.nbytes // 2
    server.end()
    for _ in range(3):
        right()
    assert len(model.requests) == asked
    assert 'runs here (onnxruntime on CPU) until its server is back' in engine.info.warning
    assert server.url in engine.info.warning
    server.start()
    until_s = time.monotonic() + 20
    while engine.info.warning:
        right()
        assert time.monotonic() < until_s
    assert len(model.requests) > asked
    told = [record.levelname for record in caplog.records if 'its server' in record.message]
    assert told == ['WARNING', 'INFO']


def test_a_frame_that_was_on_its_way_is_run_here(server, load, model):
    engine = load(server.url)
    engine.run(FEED)
    plain = model.run
    model.run = lambda given: {'y': plain(given)['y'][:, :1]}
    np.testing.assert_allclose(engine.run(FEED)['y'], plain(FEED)['y'], rtol=0, atol=1e-5)
    assert "output 'y': expected" in engine.info.warning


def test_a_frame_that_does_not_fit_fails_as_ever(server, load):
    engine = load(server.url)
    with pytest.raises(InferenceError, match="input 'x'"):
        engine.run({'x': X[:, :2]})
    assert engine.info.warning == ''


def test_another_network_here_than_there(server, load, network, conv_model):
    network.write_bytes(conv_model(batch='n', channels=5).SerializeToString())
    with pytest.raises(EngineError, match=r'the network here is not the one on .*5x8x8'):
        load(server.url)


@pytest.mark.parametrize('kind', ['inputs', 'outputs'])
def test_a_server_with_more_tensors_than_the_network_here(server, load, model, kind):
    """What reads the outputs, or fills the inputs, goes by those on the server."""
    getattr(model, kind).append(('more', 'FP32', [-1, 3]))
    with pytest.raises(EngineError, match=r'the network here is not the one on .*more float32'):
        load(server.url)


def test_a_server_is_no_fallback():
    with pytest.raises(SettingsError, match='fallback'):
        RemoteOptions('grpc://host', fallback='remote')
