# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the loader: sharing, counting, and clean-up after failures."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import replace

import numpy as np
import onnx
import pytest

from ros_deep_learning.cards.card import InputSpec
from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.loader import EngineLoader, default_loader
from ros_deep_learning.errors import BackendUnavailableError, EngineError

JOIN_S = 20


def in_threads(count, work):
    """Start threads that run ``work(k)``, and return them."""
    threads = [threading.Thread(target=work, args=(k,)) for k in range(count)]
    for thread in threads:
        thread.start()
    return threads


def join(threads):
    for thread in threads:
        thread.join(JOIN_S)
        assert not thread.is_alive()


def test_equal_requests_share_one_network(loader, backend, card):
    first, second = loader.load(card), loader.load(card)
    assert first is not second
    assert len(backend.networks) == 1
    network = backend.networks[0]
    first.close()
    first.close()
    assert network.freed == 0
    second.close()
    assert network.freed == 1


def test_after_the_last_close_it_is_loaded_anew(loader, backend, card):
    loader.load(card).close()
    loader.load(card).close()
    assert [network.freed for network in backend.networks] == [1, 1]


def test_the_request_reaches_the_backend(loader, backend, card, tmp_path):
    def progress(stage, share):
        pass

    options = EngineOptions(threads=3)
    loader.load(card, precision='int8', options=options, progress=progress)
    assert backend.requests == [
        (
            tmp_path / 'net.onnx',
            {
                'input_spec': card.input,
                'precision': 'int8',
                'options': options,
                'progress': progress,
            },
        )
    ]


def test_unequal_requests_do_not_share(loader, backend, card):
    loader.load(card)
    loader.load(card, precision='fp16')
    loader.load(card, options=EngineOptions(threads=1))
    loader.load(replace(card, input=InputSpec(16, 16)))
    loader.load(replace(card, name='other'))
    assert len(backend.networks) == 5
    loader.load(replace(card, description='the same network, described otherwise'))
    assert len(backend.networks) == 5


def test_a_file_that_changed_is_another_network(loader, backend, card, tmp_path):
    old = loader.load(card)
    path = tmp_path / 'net.onnx'
    os.utime(path, ns=(1, 1))
    new = loader.load(card)
    assert len(backend.networks) == 2
    old.close()
    assert [network.freed for network in backend.networks] == [1, 0]
    new.close()
    assert [network.freed for network in backend.networks] == [1, 1]


def test_weights_beside_the_file_that_changed_are_another_network(
    loader, backend, card, tmp_path, affine_onnx
):
    """Exporters write the same graph for new weights, so the ONNX file itself stays as it was."""
    path, weights = tmp_path / 'net.onnx', tmp_path / 'net.onnx.data'
    model = onnx.load(affine_onnx()[0])
    onnx.save(model, path, save_as_external_data=True, location=weights.name, size_threshold=0)
    before = path.stat()
    old = loader.load(card)
    loader.load(card)
    assert len(backend.networks) == 1
    weights.write_bytes(bytes(weights.stat().st_size))
    os.utime(weights, ns=(1, 1))
    loader.load(card)
    assert len(backend.networks) == 2
    weights.unlink()
    loader.load(card)
    assert len(backend.networks) == 3
    assert (path.stat().st_mtime_ns, path.stat().st_size) == (before.st_mtime_ns, before.st_size)
    old.close()


def test_a_file_that_is_no_network_is_left_to_the_backend(loader, backend, card, tmp_path):
    (tmp_path / 'net.onnx').write_bytes(b'\0 no ONNX file')
    loader.load(card)
    loader.load(card)
    assert len(backend.networks) == 1


def test_concurrent_requests_build_once(loader, backend, card):
    backend.gate.clear()
    engines = []
    threads = in_threads(8, lambda k: engines.append(loader.load(card)))
    assert backend.started.wait(JOIN_S)
    backend.gate.set()
    join(threads)
    assert (len(engines), len(backend.networks)) == (8, 1)
    join(in_threads(8, lambda k: engines[k].close()))
    assert backend.networks[0].freed == 1


def test_other_networks_do_not_wait_for_a_build(loader, backend, card):
    backend.gate.clear()
    threads = in_threads(2, lambda k: loader.load(replace(card, name=f'net{k}')))
    try:
        for _ in range(1000):
            if len(backend.requests) == 2:
                break
            threading.Event().wait(0.005)
        assert len(backend.requests) == 2
    finally:
        backend.gate.set()
        join(threads)


def test_load_and_close_in_a_storm(loader, backend, card):
    def work(k):
        for _ in range(100):
            loader.load(card).close()

    join(in_threads(6, work))
    assert all(network.freed == 1 for network in backend.networks)
    loader.load(card)
    assert backend.networks[-1].freed == 0


@pytest.mark.parametrize('error', [EngineError('no memory'), KeyboardInterrupt()])
def test_a_failed_load_leaves_nothing(loader, backend, card, error):
    backend.errors = [error]
    with pytest.raises(type(error)):
        loader.load(card)
    assert backend.networks == []
    loader.load(card).close()
    assert [network.freed for network in backend.networks] == [1]


def test_who_waited_for_a_failed_load_tries_itself(loader, backend, card):
    backend.errors = [EngineError('no memory')]
    backend.gate.clear()
    engines, errors = [], []

    def work(k):
        try:
            engines.append(loader.load(card))
        except EngineError as err:
            errors.append(err)

    threads = in_threads(3, work)
    assert backend.started.wait(JOIN_S)
    backend.gate.set()
    join(threads)
    assert (len(engines), len(errors), len(backend.networks)) == (2, 1, 1)


def test_who_waits_can_give_up(loader, backend, card):
    backend.gate.clear()
    threads = in_threads(1, lambda k: loader.load(card))
    assert backend.started.wait(JOIN_S)

    def give_up(stage, share):
        raise TimeoutError(stage)

    try:
        with pytest.raises(TimeoutError, match='waiting for another load of net'):
            loader.load(card, progress=give_up)
    finally:
        backend.gate.set()
        join(threads)
    assert [network.freed for network in backend.networks] == [0]


def test_a_failed_handle_frees_a_network_nobody_else_uses(loader, backend, card):
    backend.handle_error = EngineError('no memory for a context')
    with pytest.raises(EngineError, match='no memory for a context'):
        loader.load(card)
    assert [network.freed for network in backend.networks] == [1]


def test_a_failed_handle_leaves_the_other_users_alone(loader, backend, card):
    first = loader.load(card)
    backend.handle_error = EngineError('no memory for a context')
    with pytest.raises(EngineError):
        loader.load(card)
    assert backend.networks[0].freed == 0
    first.close()
    assert backend.networks[0].freed == 1


def test_auto_logs_its_reason_once(store, backend, make_backend, card, caplog):
    better = make_backend('better', reason='no GPU')
    loader = EngineLoader(store, backends={'better': lambda: better, 'fake': lambda: backend})
    with caplog.at_level(logging.INFO, 'ros_deep_learning'):
        loader.load(card, backend='fake')
        assert caplog.messages == []
        loader.load(card)
        loader.load(card)
    assert caplog.messages == ['backend fake because better cannot run: no GPU']
    assert len(backend.networks) == 1


def test_an_unavailable_backend_is_refused_before_anything_is_fetched(
    tmp_path, store, make_backend, card
):
    loader = EngineLoader(store, backends={'fake': lambda: make_backend(reason='no GPU')})
    with pytest.raises(BackendUnavailableError, match='backend fake cannot run here: no GPU'):
        loader.load(card, backend='fake')
    with pytest.raises(BackendUnavailableError, match="there is no backend 'other'"):
        loader.load(card, backend='other')
    assert list(tmp_path.iterdir()) == []


def test_one_default_loader_a_process():
    loaders = []
    join(in_threads(8, lambda k: loaders.append(default_loader())))
    assert len(loaders) == 8
    assert all(loader is loaders[0] for loader in loaders)


def test_a_real_network_through_onnx_runtime(tmp_path, store, card, affine_onnx):
    path, w, b = affine_onnx('net.onnx')
    assert path.parent == tmp_path
    loader = EngineLoader(store)
    first = loader.load(card, backend='onnxruntime')
    second = loader.load(card, backend='onnxruntime')
    x = np.ones((2, 3), np.float32)
    first.close()
    np.testing.assert_allclose(second.run({'x': x})['y'], x @ w + b, rtol=1e-5)
    second.close()
    with pytest.raises(EngineError, match='closed'):
        second.run({'x': x})
