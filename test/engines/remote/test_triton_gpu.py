# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tensors in memory of a GPU that this process and a real Triton share."""

from __future__ import annotations

import json
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from echo_models import write_echo_models
from triton_server import ENVIRONMENT, Triton

from ros_deep_learning.cards.card import InputSpec, ModelCard, SourceSpec
from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.remote.backend import RemoteBackend
from ros_deep_learning.engines.remote.options import RemoteOptions
from ros_deep_learning.engines.tensorrt.runtime.cuda import find_gpu, gpu_context
from ros_deep_learning.errors import BackendUnavailableError, ServerError
from ros_deep_learning.progress import silent

pytestmark = [pytest.mark.gpu, pytest.mark.slow, pytest.mark.servers]
X = np.random.default_rng(1).normal(size=(2, 3, 96, 128)).astype(np.float32)
KILLS = 5
FLAT_BYTES = 64 << 20


@pytest.fixture(scope='module')
def triton(tmp_path_factory):
    try:
        find_gpu(0)
    except BackendUnavailableError as err:
        pytest.skip(str(err))
    if not ENVIRONMENT.exists():
        pytest.skip('there is no Triton; to fix: make .ros/servers/installed')
    folder = tmp_path_factory.mktemp('triton')
    write_echo_models(folder / 'repository', X.shape)
    server = Triton(folder, folder / 'repository')
    server.start()
    yield server
    server.kill()


@pytest.fixture(params=['grpc', 'http'])
def opened(request, triton):
    """A function that opens an engine of a model."""
    url = f'{request.param}://127.0.0.1:{getattr(triton, request.param)}'
    with ExitStack() as stack:

        def start(name, **options):
            card = ModelCard(
                name=name,
                task='classification',
                source=SourceSpec(),
                format='onnx',
                input=InputSpec(128, 96),
                licence='MIT',
                folder=Path(),
            )
            network = RemoteBackend().load_served(
                card,
                precision='auto',
                options=EngineOptions(remote=RemoteOptions(url, deadline_s=20, **options)),
                progress=silent,
            )
            engine = network.handle(network.free)
            stack.callback(engine.close)
            return engine

        yield start


def regions(triton):
    url = f'http://127.0.0.1:{triton.http}/v2/cudasharedmemory/status'
    with urllib.request.urlopen(url) as answer:
        return len(json.load(answer))


def test_results_are_those_of_tensors_that_are_sent(opened, triton):
    shared = opened('brought', cuda_memory=True)
    sent = opened('brought', shared_memory=False)
    for count in (1, 2, 1):
        x = X[:count]
        waits = [engine.start({'x': x + k}) for engine in (shared, sent) for k in range(3)]
        found = [wait()['y'] for wait in waits]
        for k in range(3):
            np.testing.assert_array_equal(found[k], x + k)
            np.testing.assert_array_equal(found[k], found[3 + k])
    assert shared.info.measured == ('tensors in GPU memory',)
    assert sent.info.measured == ()
    assert regions(triton) == 6
    shared.close()
    assert regions(triton) == 0


def test_the_server_finds_the_input_on_its_gpu(opened):
    for name, cuda, on_cpu in (
        ('stays', True, False),
        ('stays', False, True),
        ('brought', True, True),
    ):
        found = opened(name, cuda_memory=cuda).run({'x': X})
        np.testing.assert_array_equal(found['y'], X)
        assert found['on_cpu'][0] == on_cpu


def free_bytes():
    from pycuda import driver

    with gpu_context(0).current():
        return driver.mem_get_info()[0]


def test_a_killed_server_costs_no_memory_of_the_gpu(opened, triton):
    engine = opened('brought', cuda_memory=True)
    before = []
    for _ in range(KILLS):
        until_right(engine)
        before.append(free_bytes())
        triton.kill()
        with pytest.raises(ServerError):
            engine.run({'x': X})
        triton.start()
    until_right(engine)
    assert before[0] - free_bytes() < FLAT_BYTES


def until_right(engine):
    until_s = time.monotonic() + 30
    while True:
        try:
            np.testing.assert_array_equal(engine.run({'x': X})['y'], X)
        except ServerError:
            assert time.monotonic() < until_s
            time.sleep(0.05)
        else:
            return
