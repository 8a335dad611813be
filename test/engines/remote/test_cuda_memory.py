# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tensors in memory of a GPU, which is made of host memory, and in that of the system."""

from __future__ import annotations

import gc
import logging
import sys

import numpy as np
import pytest
from fake_gpu import PrimaryContext

from ros_deep_learning.engines.base import TensorSpec
from ros_deep_learning.engines.remote import backend, cuda_region
from ros_deep_learning.engines.remote.cuda_region import CudaRegion
from ros_deep_learning.engines.remote.options import RemoteOptions
from ros_deep_learning.errors import (
    BackendUnavailableError,
    DeviceError,
    ServerError,
    SettingsError,
)

X = np.arange(6, dtype=np.float32).reshape(2, 3)
EXTENSIONS = [
    'binary_tensor_data', 'model_configuration', 'system_shared_memory', 'cuda_shared_memory'
]  # fmt: skip


@pytest.fixture
def gpu(fake_driver, monkeypatch):
    monkeypatch.setattr(backend, 'find_gpu', lambda index: None)
    monkeypatch.setattr(cuda_region, 'gpu_context', lambda index: PrimaryContext(None))
    yield fake_driver
    gc.collect()
    assert fake_driver.alive == 0, 'memory was not given back'


@pytest.fixture
def sharing(gpu, model):
    model.extensions = EXTENSIONS
    model.max_batch = 2
    return model


@pytest.mark.parametrize('kind', ['system', 'cuda'])
def test_tensors_are_in_the_memory_and_are_not_sent(server, opened, sharing, kind):
    engine = opened(server.url, deadline_s=20, cuda_memory=kind == 'cuda')
    for x in (X, X[:1], X + 1):
        found = engine.run({'x': x})
        np.testing.assert_array_equal(found['y'], 2 * x + 1)
        np.testing.assert_array_equal(found['count'], [len(x)])
    waits = [engine.start({'x': X + k}) for k in range(3)]
    for k, wait in enumerate(waits):
        np.testing.assert_array_equal(wait()['y'], 2 * (X + k) + 1)
    said = {'system': 'tensors in shared memory', 'cuda': 'tensors in GPU memory'}
    assert engine.info.measured == (said[kind],)
    assert engine.info.sent_bytes == X.nbytes
    assert len(sharing.regions) == 4
    engine.close()
    assert sharing.regions == {}


def test_a_server_that_refuses_gets_the_bytes_and_a_warning(server, opened, sharing, caplog):
    sharing.shares = False
    engine = opened(server.url, deadline_s=20, cuda_memory=True)
    for _ in range(2):
        np.testing.assert_array_equal(engine.run({'x': X})['y'], 2 * X + 1)
    assert engine.info.measured == ()
    (record,) = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert 'tensors are sent to the server, not shared' in record.getMessage()
    assert 'shared memory is not allowed' in record.getMessage()


def test_a_full_gpu_costs_no_frame(server, opened, sharing, gpu, monkeypatch, caplog):
    def full(nbytes):
        raise gpu.MemoryError

    monkeypatch.setattr(gpu, 'mem_alloc', full)
    engine = opened(server.url, deadline_s=20, cuda_memory=True)
    np.testing.assert_array_equal(engine.run({'x': X})['y'], 2 * X + 1)
    assert 'out of GPU memory' in caplog.text


def test_a_server_without_that_extension(server, opened, gpu, model):
    model.extensions = EXTENSIONS[:3]
    with pytest.raises(ServerError, match='has no cuda_shared_memory; to fix: remote_cuda_memory'):
        opened(server.url, deadline_s=20, cuda_memory=True)


def test_a_machine_without_a_gpu(server, opened, monkeypatch):
    monkeypatch.setitem(sys.modules, 'pycuda', None)
    with pytest.raises(BackendUnavailableError, match='remote_cuda_memory: PyCUDA does not load'):
        opened(server.url, deadline_s=20, cuda_memory=True)


def test_another_machine():
    with pytest.raises(SettingsError, match='only a server on this machine can share its GPU'):
        RemoteOptions('grpc://10.0.0.1', cuda_memory=True)


def test_the_memory_shows_no_allocation_of_another_owner(gpu):
    region = CudaRegion({'>x': 24, '<y': 24}, 0)
    assert region.size == 2 << 20
    assert region.places == {'>x': (0, 24), '<y': (64, 24)}
    with pytest.raises(ServerError, match="tensor 'y': 3 values of float32 in 24 bytes"):
        region.read('<y', TensorSpec('y', (1, 3), X.dtype))
    region.free()
    region.free()


def test_a_gpu_that_cannot_share_keeps_nothing(gpu, monkeypatch):
    def unsupported(pointer):
        raise gpu.Error

    monkeypatch.setattr(gpu, 'mem_get_ipc_handle', unsupported)
    with pytest.raises(DeviceError, match='the GPU failed while sharing its memory'):
        CudaRegion({'>x': 24}, 0)
