# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A small network on a server in this process."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from inference_server import Model, serve

from ros_deep_learning.cards.card import InputSpec, ModelCard, SourceSpec
from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.remote.backend import RemoteBackend
from ros_deep_learning.engines.remote.options import RemoteOptions
from ros_deep_learning.errors import InferenceError
from ros_deep_learning.progress import silent

WAIT_S = 20


@pytest.fixture
def card():
    return ModelCard(
        name='net',
        task='classification',
        source=SourceSpec(),
        format='onnx',
        input=InputSpec(8, 8),
        licence='MIT',
        folder=Path(),
    )


@pytest.fixture
def model():
    """A network ``y = 2 x + 1`` for any number of rows of 3."""
    return Model(
        [('x', 'FP32', [-1, 3])],
        [('y', 'FP32', [-1, 3]), ('count', 'INT64', [1])],
        lambda given: {'y': 2 * given['x'] + 1, 'count': np.array([len(given['x'])])},
    )


@pytest.fixture(params=['grpc', 'http'])
def scheme(request):
    return request.param


class Served:
    """A server that can end and come back at its address."""

    def __init__(self, model, scheme, **how):
        self.model, self.scheme, self.how = model, scheme, how
        self.port = 0
        self.stack = ExitStack()

    def start(self):
        self.url = self.stack.enter_context(serve(self.model, self.scheme, self.port, **self.how))
        self.port = int(self.url.rpartition(':')[2])
        return self.url

    def end(self):
        self.stack.close()


@pytest.fixture
def server(model, scheme):
    served = Served(model, scheme)
    served.start()
    yield served
    served.end()


@pytest.fixture
def opened(card):
    """Return a function that opens an engine on a server."""
    with ExitStack() as stack:

        def start(url, *, precision='auto', progress=silent, **options):
            network = RemoteBackend().load_served(
                card,
                precision=precision,
                options=EngineOptions(remote=RemoteOptions(url, **options)),
                progress=progress,
            )
            engine = network.handle(network.free)
            stack.callback(engine.close)
            return engine

        yield start


@pytest.fixture
def engine(server, opened):
    return opened(server.url, deadline_s=WAIT_S)


def run_until_right(engine, inputs):
    """Run until the server is back; return the outputs, and what was said meanwhile."""
    said, until_s = [], time.monotonic() + WAIT_S
    while True:
        try:
            return engine.run(inputs), said
        except InferenceError as err:
            said.append(err)
            assert time.monotonic() < until_s, said
            time.sleep(0.01)


@pytest.fixture
def back():
    return run_until_right
