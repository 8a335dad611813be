# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of engines that run on a server, over gRPC and HTTP."""

from __future__ import annotations

import logging
import threading
import time

import grpc
import numpy as np
import pytest

from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.base import PipelinedEngine
from ros_deep_learning.engines.loader import EngineLoader
from ros_deep_learning.engines.remote.backend import RemoteBackend
from ros_deep_learning.engines.remote.options import RemoteOptions
from ros_deep_learning.errors import EngineError, InferenceError, ServerError, SettingsError
from ros_deep_learning.progress import silent

X = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
SOON_S = 0.2


def test_says_what_is_served(engine, server):
    info = engine.info
    assert isinstance(engine, PipelinedEngine)
    assert (info.backend, info.version, info.precision) == ('remote', 'test 2.0', 'served')
    assert info.device == f'{server.url}, net version 1'
    assert [(t.name, t.shape, t.dtype) for t in info.inputs] == [('x', (-1, 3), np.float32)]
    assert [(t.name, t.shape) for t in info.outputs] == [('y', (-1, 3)), ('count', (1,))]


def test_gives_new_arrays(engine):
    outputs = engine.run({'x': X})
    np.testing.assert_array_equal(outputs['y'], 2 * X + 1)
    assert outputs['count'].tolist() == [2]
    outputs['y'][:] = 0
    np.testing.assert_array_equal(engine.run({'x': X[::-1]})['y'], 2 * X[::-1] + 1)


def test_asks_for_no_output_that_nobody_wants(engine, model):
    assert list(engine.start({'x': X}, {'y'})()) == ['y']
    assert model.requests[-1][1] == ['y']


def test_tells_the_bytes_of_an_image(server, model, opened):
    model.inputs = [('x', 'FP32', [-1, 3, 2, 2])]
    model.outputs = [('y', 'FP32', [-1, 3, 2, 2])]
    engine = opened(server.url)
    assert (engine.info.sent_bytes, engine.info.received_bytes) == (0, 0)
    engine.run({'x': np.zeros((5, 3, 2, 2), np.float32)})
    assert (engine.info.sent_bytes, engine.info.received_bytes) == (48, 48)


@pytest.mark.parametrize('kind', ['FP16', 'FP64', 'UINT8', 'INT32', 'BOOL'])
def test_takes_other_types(server, model, opened, kind):
    model.inputs = model.outputs = [('x', kind, [2, 3])]
    model.run = lambda given: given
    engine = opened(server.url)
    given = X.astype(engine.info.inputs[0].dtype)
    assert engine.run({'x': given})['x'].tolist() == given.tolist()


def test_a_server_without_bytes_in_http_gets_numbers(server, model, opened):
    model.extensions = []
    np.testing.assert_array_equal(opened(server.url).run({'x': X})['y'], 2 * X + 1)


def test_a_wrong_tensor_is_not_sent(engine, model):
    with pytest.raises(InferenceError, match=r"input 'x': expected float32 \?x3"):
        engine.run({'x': X[:, :2]})
    assert model.requests == []


def test_several_requests_are_on_their_way(server, model, opened):
    engine = opened(server.url, in_flight=3)
    meeting = threading.Barrier(3)
    plain = model.run

    def run(given):
        meeting.wait(20)
        return plain(given)

    model.run = run
    waits = [engine.start({'x': X + k}) for k in range(3)]
    for k, wait in enumerate(waits):
        np.testing.assert_array_equal(wait()['y'], 2 * (X + k) + 1)


def test_a_server_that_is_not_there(server, opened):
    server.end()
    with pytest.raises(ServerError, match=rf'^{server.url} net: .*refused') as caught:
        opened(server.url)
    assert '\n' not in str(caught.value)


def test_a_server_is_waited_for(server, opened):
    server.end()

    def progress(stage, share):
        if stage.startswith('waiting'):
            server.start()
            assert f'waiting for {server.url} net: ' in stage

    assert opened(server.url, wait_s=20, progress=progress).run({'x': X})['count'] == 2


def test_a_model_that_is_not_there(server, opened):
    with pytest.raises(ServerError, match=r'other.*unknown model'):
        opened(server.url, model='other')


def test_a_model_that_is_not_ready(server, model, opened):
    model.ready = False
    with pytest.raises(ServerError, match=r'not ready'):
        opened(server.url)


def test_a_token(server, model, opened, tmp_path):
    model.token = 'secret'
    with pytest.raises(ServerError, match=r'refuses access.*remote_token_file'):
        opened(server.url)
    path = tmp_path / 'token'
    path.write_text('secret\n')
    assert opened(server.url, token_file=path).run({'x': X})['count'] == 2


def test_a_late_answer_is_not_waited_for(server, model, opened, back):
    engine = opened(server.url, deadline_s=SOON_S)
    model.delay_s = 3.0
    with pytest.raises(ServerError, match=r'no answer within 0\.2 s'):
        engine.run({'x': X})
    model.delay_s = 0.0
    assert back(engine, {'x': X})[0]['count'] == 2


def test_a_server_that_ends_comes_back_by_itself(engine, server, back):
    engine.run({'x': X})
    server.end()
    for _ in range(3):
        with pytest.raises(ServerError, match=rf'^{server.url} net: '):
            engine.run({'x': X})
    server.start()
    assert back(engine, {'x': X})[0]['count'] == 2


def test_a_server_that_ended_without_a_run_meanwhile(engine, server, back):
    engine.run({'x': X})
    server.end()
    server.start()
    outputs, said = back(engine, {'x': X})
    np.testing.assert_array_equal(outputs['y'], 2 * X + 1)
    assert len(said) <= 1 or server.scheme == 'grpc'


@pytest.mark.parametrize('status', [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL])
def test_a_server_that_refuses(engine, model, back, status):
    model.refusal = status, 'too much to do'
    with pytest.raises(ServerError, match=r'too much to do'):
        engine.run({'x': X})
    model.refusal = None
    assert back(engine, {'x': X})[0]['count'] == 2


def test_a_model_that_was_unloaded(engine, model, back):
    model.name = 'other'
    with pytest.raises(ServerError, match=r'unknown model'):
        engine.run({'x': X})
    model.name = 'net'
    assert back(engine, {'x': X})[0]['count'] == 2


def test_another_version_of_the_model_is_told(engine, model, back, caplog):
    caplog.set_level(logging.INFO, 'ros_deep_learning')
    engine.run({'x': X})
    model.versions = ['1', '12']
    with pytest.raises(ServerError, match=r'version 12 .* answered, before it was 1'):
        engine.run({'x': X})
    assert back(engine, {'x': X})[0]['count'] == 2
    assert 'version 12 is served now, before it was 1' in caplog.text
    assert engine.info.device.endswith(', net version 12')


def test_another_version_with_other_tensors_is_refused_until_it_goes(engine, model, back):
    model.versions, outputs = ['2'], model.outputs
    model.outputs = [('y', 'FP32', [-1, 4]), outputs[1]]
    engine.run({'x': X})
    model.versions = ['3']
    said = []
    while not any('version 3 of the model has the outputs y float32 ?x4' in one for one in said):
        with pytest.raises(ServerError) as caught:
            engine.run({'x': X})
        said.append(str(caught.value))
    model.outputs = outputs
    assert back(engine, {'x': X})[0]['count'] == 2


WRONG = {
    'no output': lambda found: {'count': found['count']},
    'shape': lambda found: {**found, 'y': found['y'][:, :2].copy()},
    'axes': lambda found: {**found, 'y': found['y'].ravel()},
    'type': lambda found: {**found, 'y': found['y'].astype(np.float64)},
}


@pytest.mark.parametrize('fault', WRONG)
def test_a_wrong_answer_is_no_result(engine, model, back, fault):
    plain = model.run
    model.run = lambda given: WRONG[fault](plain(given))
    with pytest.raises(ServerError, match=r'output'):
        engine.run({'x': X})
    model.run = plain
    assert back(engine, {'x': X})[0]['count'] == 2


def test_a_type_that_numpy_lacks(server, model, opened):
    model.inputs = [('x', 'BYTES', [1])]
    with pytest.raises(ServerError, match="tensor 'x' has the type BYTES"):
        opened(server.url)


def test_the_batch_limit_of_the_server(server, model, opened):
    model.extensions = ['binary_tensor_data', 'model_configuration']
    model.max_batch = 8
    assert opened(server.url).info.max_batch == 8


def test_a_closed_engine(engine, server, model):
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match=r'the engine is closed'):
        engine.run({'x': X})


def test_closing_ends_the_wait_for_an_answer(server, model, opened):
    """Else a node does not end before the deadline of a server that hangs, at most an hour."""
    asked, ended = threading.Event(), threading.Event()

    def run(given):
        asked.set()
        ended.wait(20)
        return {'y': given['x'], 'count': np.array([1])}

    model.run = run
    engine = opened(server.url, deadline_s=20)
    try:
        wait = engine.start({'x': X})
        assert asked.wait(20)
        closed_s = time.monotonic()
        engine.close()
        with pytest.raises(ServerError):
            wait()
        assert time.monotonic() - closed_s < 10
    finally:
        ended.set()


def test_a_precision_is_not_asked_of_a_server(server, opened):
    with pytest.raises(EngineError, match=r'precision fp16: .*to fix: precision auto'):
        opened(server.url, precision='fp16')


class NoFiles:
    def onnx_path(self, card, progress):
        pytest.fail('the file of a served network is not needed')


def test_the_loader_needs_no_file(server, card):
    options = EngineOptions(remote=RemoteOptions(server.url))
    loader = EngineLoader(NoFiles())
    for backend in ('auto', 'remote'):
        engine = loader.load(card, backend=backend, options=options)
        assert engine.info.backend == 'remote'
        engine.close()


def test_the_loader_takes_the_model_that_is_served_now(server, model, card):
    """A node that is told to load it anew has the one before until then."""
    options = EngineOptions(remote=RemoteOptions(server.url, deadline_s=20))
    loader = EngineLoader(NoFiles())
    before = loader.load(card, options=options)
    model.versions, model.outputs = ['2'], [('sum', 'FP32', [-1])]
    model.run = lambda given: {'sum': given['x'].sum(axis=1)}
    now = loader.load(card, options=options)
    assert [spec.name for spec in now.info.outputs] == ['sum']
    assert now.info.device.endswith(', net version 2')
    assert now.run({'x': X})['sum'].tolist() == [6, 15]
    before.close()
    now.close()


def test_a_server_without_an_address(card):
    with pytest.raises(SettingsError, match=r'remote_url:=grpc://HOST:8001'):
        RemoteBackend().load_served(
            card, precision='auto', options=EngineOptions(), progress=silent
        )
