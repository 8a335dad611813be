# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of tensors in shared memory, with a server that maps it as another process would."""

from __future__ import annotations

import errno
import logging
import mmap
import os
import re
from pathlib import Path

import numpy as np
import pytest

from ros_deep_learning.engines.base import TensorSpec
from ros_deep_learning.engines.remote import shared_memory
from ros_deep_learning.engines.remote.protocol import Answer, Request, ServedModel
from ros_deep_learning.engines.remote.region import SystemRegion
from ros_deep_learning.engines.remote.shared_memory import Abandoned, SharingConnection
from ros_deep_learning.errors import ServerError

FLOAT = np.dtype('float32')
MODEL = ServedModel(
    'test',
    '1',
    (TensorSpec('x', (-1, 3), FLOAT),),
    (TensorSpec('y', (-1, 3), FLOAT),),
    max_batch=2,
)
X = np.arange(6, dtype=np.float32).reshape(2, 3)


class Inner:
    """A server that computes ``y = 2 x`` in the memory that it was told of."""

    def __init__(self):
        self.memory = {}
        self.refuses = self.fails = self.closed = False

    def register(self, region, deadline_s):
        if self.refuses:
            msg = 'not allowed'
            raise ServerError(msg)
        path = Path('/dev/shm') / region.facts['key'].lstrip('/')
        with path.open('r+b') as file:
            self.memory[region.name] = mmap.mmap(file.fileno(), region.size)

    def unregister(self, region, deadline_s):
        del self.memory[region.name]

    def start(self, request):
        if request.region is None:
            return lambda: Answer('1', {'y': 2 * request.inputs['x']})

        def wait():
            if self.fails:
                msg = 'no answer'
                raise ServerError(msg)
            memory = self.memory[request.region.name]
            (at, size), (to, _) = (request.region.places[key] for key in ('>x', '<y'))
            given = np.frombuffer(memory, np.float32, size // 4, at)
            np.frombuffer(memory, np.float32, size // 4, to)[:] = 2 * given
            shape = request.inputs['x'].shape
            found = request.region.read('<y', TensorSpec('y', shape, FLOAT))
            return Answer('1', {'y': found})

        return wait

    def close(self):
        self.closed = True


def request(x):
    return Request({'x': x}, ['y'], 1.0)


def connect(inner, abandoned=None):
    return SharingConnection(inner, MODEL, abandoned or Abandoned(), SystemRegion, logging.INFO)


@pytest.fixture
def inner():
    return Inner()


def test_what_is_in_the_memory_is_what_was_given(inner):
    connection = connect(inner)
    for x in (X, X[:1], X + 1, np.ascontiguousarray(X[::-1])):
        answer = connection.start(request(x))()
        assert answer.shared == 'system'
        np.testing.assert_array_equal(answer.tensors['y'], 2 * x)
    assert len(inner.memory) == 2
    waits = [connection.start(request(X + k)) for k in range(3)]
    for k, wait in enumerate(waits):
        np.testing.assert_array_equal(wait().tensors['y'], 2 * (X + k))
    assert len(inner.memory) == 4
    connection.close()
    assert inner.memory == {}
    assert inner.closed


def test_no_file_is_left(inner):
    before = set(Path('/dev/shm').glob('ros_deep_learning-*'))
    connection = connect(inner)
    wait = connection.start(request(X))
    assert set(Path('/dev/shm').glob('ros_deep_learning-*')) == before
    wait()


def test_a_server_that_refuses_gets_the_bytes(inner):
    inner.refuses = True
    connection = connect(inner)
    for _ in range(2):
        answer = connection.start(request(X))()
        assert not answer.shared
        np.testing.assert_array_equal(answer.tensors['y'], 2 * X)
    assert not list(Path('/dev/shm').glob('ros_deep_learning-*'))


def test_the_memory_is_there_before_it_is_written():
    """Else a full /dev/shm kills the process with SIGBUS in the middle of a frame."""
    region = SystemRegion({'>x': 1 << 20})
    try:
        assert (Path('/dev/shm') / region.name).stat().st_blocks * 512 >= region.size
    finally:
        region.unlink()
        region.free()


def test_where_dev_shm_is_full_the_bytes_are_sent(inner, monkeypatch, caplog):
    def full(handle, offset, size):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(os, 'posix_fallocate', full)
    with caplog.at_level(logging.INFO, 'ros_deep_learning'):
        answer = connect(inner).start(request(X))()
    np.testing.assert_array_equal(answer.tensors['y'], 2 * X)
    assert answer.shared is None
    said = re.search(
        r"No space left on device: '(/dev/shm/ros_deep_learning-[0-9a-f]+)'", caplog.text
    )
    assert said
    assert not Path(said[1]).exists()


def test_memory_without_an_answer_is_kept_until_nobody_can_write_it(inner, monkeypatch):
    abandoned = Abandoned()
    inner.fails = True
    for _ in range(3):
        connection = connect(inner, abandoned)
        with pytest.raises(ServerError):
            connection.start(request(X))()
        connection.close()
    assert len(inner.memory) == 3
    monkeypatch.setattr(shared_memory, 'SAFE_S', 0.0)
    connect(inner, abandoned)
    assert inner.memory == {}


def test_an_output_of_another_size(inner):
    connection = connect(inner)
    connection.start(request(X))()
    (region,) = connection._free
    with pytest.raises(ServerError, match="tensor 'y': 3 values of float32 in 24 bytes"):
        region.read('<y', TensorSpec('y', (1, 3), FLOAT))


@pytest.mark.parametrize('counts', [(1, 3, 0), (0, 1), (3, 2)])
def test_an_open_axis_that_counts_what_was_found(server, model, opened, counts):
    found = []
    model.extensions = ['binary_tensor_data', 'model_configuration', 'system_shared_memory']
    model.outputs = [('y', 'FP32', [-1, 7]), ('fixed', 'FP32', [2, 3])]
    model.run = lambda given: {'y': found[-1], 'fixed': given['x']}
    engine = opened(server.url, deadline_s=20)
    for count in counts:
        found.append(np.full((count, 7), count, np.float32))
        given = engine.run({'x': X + count})
        np.testing.assert_array_equal(given['y'], found[-1])
        np.testing.assert_array_equal(given['fixed'], X + count)
    assert engine.info.measured == ('tensors in shared memory',)
